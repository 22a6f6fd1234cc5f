"""The form of how an agency's certificates look."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, FileField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from lms.web.forms.fields import AtMost


class BrandingForm(FlaskForm):
    """Design, logo, up to two who sign, and a sentence; all of it may be left out."""

    design = SelectField(_("Design"), validators=[Optional()])
    logo = FileField(
        _("Logo"),
        description=_("PNG or JPEG, at most 500 KB. It stands in place of the seal."),
        render_kw={"accept": "image/png,image/jpeg"},
    )
    remove_logo = BooleanField(_("Take the logo away"))
    pack = FileField(
        _("A design of your own"),
        description=_("A zip file with certificate.html, certificate.css and pictures, at most 1 MB."),
        render_kw={"accept": ".zip,application/zip"},
    )
    first_name = StringField(
        _("Who signs: name"),
        description=_("In place of who signs for the site."),
        validators=[Optional(), AtMost(100)],
    )
    first_title = StringField(_("Who signs: title"), validators=[Optional(), AtMost(100)])
    second_name = StringField(_("Who signs beside: name"), validators=[Optional(), AtMost(100)])
    second_title = StringField(_("Who signs beside: title"), validators=[Optional(), AtMost(100)])
    statement = TextAreaField(
        _("Sentence of the agency"),
        description=_("At most 300 characters. Claim no credit here: credit is printed from its approvals."),
        validators=[Optional(), AtMost(300)],
    )
