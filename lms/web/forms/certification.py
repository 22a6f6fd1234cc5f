"""Forms of certification: revoking a certificate."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import DataRequired

from lms.web.forms.fields import AtMost


class RevokeForm(FlaskForm):
    """Why a certificate stops counting."""

    reason = TextAreaField(
        _("Reason"),
        description=_(
            "The person it is about sees this, and it stays in the audit. Write nothing about others, a case or a "
            "victim."
        ),
        validators=[DataRequired(_("Say why the certificate is revoked.")), AtMost(1000)],
    )
