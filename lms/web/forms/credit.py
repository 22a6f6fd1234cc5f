"""Forms of licenses and credit: a license, an approval with its minutes by area, its end."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional

from lms.web.forms.fields import AtMost, DayField
from lms.web.forms.people import number_or_none

MOST_MINUTES = 60_000
"""A thousand hours."""


class LicenseForm(FlaskForm):
    """A professional license of one's own."""

    board = SelectField(_("Board"), validators=[InputRequired(_("Choose a board from the list."))])
    state = StringField(
        _("State"),
        description=_("Two letters, such as MO."),
        validators=[InputRequired(_("Enter the two letters of the state, such as MO."))],
        render_kw={"autocapitalize": "characters", "spellcheck": "false"},
    )
    number = StringField(
        _("License number"),
        validators=[InputRequired(_("Enter the number of the license.")), AtMost(64)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    expires_on = DayField(_("Last day"), description=_("As printed on the license. Empty: it has none."))
    is_printed = BooleanField(_("Print this license on my new certificates"))


class ApprovalForm(FlaskForm):
    """What a body approved for a course; the fields of its areas are added by `approval_form`."""

    course_id = SelectField(_("Course"), coerce=number_or_none, validators=[InputRequired(_("Choose a course."))])
    type = SelectField(_("Type of credit"), validators=[InputRequired(_("Choose a type of credit."))])
    approval_number = StringField(
        _("Number of the approval"),
        description=_("The control or course number that the body gave."),
        validators=[Optional(), AtMost(100)],
    )
    provider_number = StringField(
        _("Your provider number"),
        description=_("Only if this body licensed you as a provider. Without it nothing may say “Approved Provider”."),
        validators=[Optional(), AtMost(100)],
    )
    statement = TextAreaField(
        _("Statement to print"),
        description=_("In the words that the body prescribed, if it prescribed any."),
        validators=[Optional(), AtMost(2000)],
    )
    valid_from = DayField(_("First day"), validators=[InputRequired(_("Say from which day on it is approved."))])
    valid_until = DayField(_("Last day"), description=_("Empty: until you end it."))

    def minutes(self, areas: Sequence[str | None]) -> dict[str | None, int]:
        """The minutes that were entered, by area."""
        found = {area: self[field_name(area)].data for area in areas}
        return {area: count for area, count in found.items() if count}


class EndApprovalForm(FlaskForm):
    """When an approval ends."""

    last_day = DayField(_("Last day"), validators=[InputRequired(_("Say on which day it ends."))])


def field_name(area: str | None) -> str:
    """The name of an area's field: `minutes-legal-studies`."""
    return f"minutes-{area or 'all'}"


def approval_form(areas: Sequence[tuple[str | None, str]]) -> ApprovalForm:
    """The form with a field for the minutes of each area; areas are (id, label)."""
    fields = {
        field_name(area): IntegerField(
            label,
            validators=[
                Optional(),
                NumberRange(1, MOST_MINUTES, message=_("Enter whole minutes, from 1 to %(max)s.", max=MOST_MINUTES)),
            ],
            render_kw={"min": 1, "inputmode": "numeric"},
        )
        for area, label in areas
    }
    form: ApprovalForm = type("AreasForm", (ApprovalForm,), fields)()
    return form


class TrainingCreditForm(FlaskForm):
    """The credit that a body gave for training done elsewhere."""

    body = SelectField(_("Body"))
    category = SelectField(_("Area"))
    topic = SelectField(_("Topic inside the area"))
    provider_number = StringField(
        _("Number of the provider"),
        description=_(
            "Only if the body licensed whoever gave the training: then its hours count as an approved provider's."
        ),
        validators=[AtMost(64)],
    )
