"""Forms of changes to certificates: another name, a correction, a later end, a decision, taking one back."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from lms.web.forms.fields import AtMost, DayField


def reason_field() -> TextAreaField:
    """Why something is changed or taken back; a new one each time, for a form shows its fields as they were made."""
    return TextAreaField(
        _("Reason"),
        description=_(
            "The person it is about sees this, and it stays in the audit. Write nothing about others, a case or a "
            "victim."
        ),
        validators=[DataRequired(_("Say why.")), AtMost(1000)],  # spaces alone say nothing
    )


class ReasonForm(FlaskForm):
    """Why something is taken back."""

    reason = reason_field()


class RenameForm(FlaskForm):
    """The name as it should be printed."""

    name = StringField(
        _("Name as it should be printed"),
        validators=[InputRequired(_("Type the name as it should be printed.")), AtMost(200)],
        render_kw={"autocomplete": "off"},
    )
    reason = reason_field()


class ReissueForm(FlaskForm):
    """What is printed wrong. `credit` is taken away where the certificate carries no credit."""

    place = SelectField(
        _("Agency and discipline"),
        description=_(
            "Places of the holder in your agencies. If a place is missing, correct it on the person's page first."
        ),
        validate_choice=True,
    )
    credit = SelectMultipleField(
        _("Credit that stays"),
        description=_("Take the mark away from credit that should not have been given."),
        coerce=int,
    )
    adds_credit = BooleanField(
        _("Add credit that was approved for the day of completion and is not printed"),
        description=_("For an approval that was entered after the certificate was issued."),
    )
    reason = reason_field()


class ExtendForm(FlaskForm):
    """A later last day."""

    valid_until = DayField(
        _("New last valid day"), validators=[InputRequired(_("Say until which day it should be valid."))]
    )
    reason = reason_field()


class DecideForm(FlaskForm):
    """Yes or no, with a reason."""

    decision = RadioField(
        _("Decision"),
        choices=[SelectChoice("approve", _("Approve")), SelectChoice("refuse", _("Refuse"))],
        validators=[InputRequired(_("Choose whether to approve or refuse."))],
    )
    reason = reason_field()
