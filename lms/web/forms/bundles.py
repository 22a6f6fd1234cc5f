"""The form by which many certificates are asked for as files."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField

from lms.web.forms.fields import DayField


class BundleForm(FlaskForm):
    """Whose certificates, of what, completed when."""

    agency = SelectField(_("Agency"), description=_("With all agencies below it."), validate_choice=False)
    what = SelectField(_("Course or certification"))
    since = DayField(_("Completed from"), description=_("Empty: from the beginning."))
    until = DayField(_("Completed until"), description=_("Empty: until today."))
    is_merged = BooleanField(
        _("Also as one PDF for printing"),
        description=_(
            "Signatures are lost when PDFs are merged: this file is for paper only. The signed ones are in the zip."
        ),
    )
