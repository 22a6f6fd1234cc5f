"""Forms of cohorts: a new team, invitations, a code, a place, a milestone."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import Email, InputRequired, NumberRange, Optional

from lms.cohorts.invitations import MAX_CODE_DAYS, MAX_CODE_USES
from lms.web.forms.fields import AtMost, DayField
from lms.web.forms.people import number_or_none


class CohortForm(FlaskForm):
    """A new team out of a template."""

    template_id = SelectField(
        _("Kind of team"), coerce=number_or_none, validators=[InputRequired(_("Choose a kind of team."))]
    )
    name = StringField(
        _("Name of the team"),
        description=_("For example the county or circuit it serves."),
        validators=[InputRequired(_("Give the team a name.")), AtMost(200)],
    )
    agency_id = SelectField(
        _("Agency that runs it"),
        description=_("Members may come from any agency."),
        coerce=number_or_none,
        validators=[InputRequired(_("Choose the agency that runs the team."))],
    )
    starts_on = DayField(_("Starts on"), validators=[InputRequired(_("Say on which day the team starts."))])
    ready_by = DayField(_("Ready by"), description=_("The day by which every seat should be certified."))


class TeamForm(FlaskForm):
    """What can be changed of a team. `seen` marks the state that the form was filled from."""

    seen = HiddenField()
    name = StringField(_("Name of the team"), validators=[InputRequired(_("Give the team a name.")), AtMost(200)])
    ready_by = DayField(_("Ready by"), description=_("The day by which every seat should be certified."))
    agency_id = SelectField(_("Agency that runs it"), coerce=int, validators=[InputRequired()])
    coordinator_email = EmailField(
        _("E-mail address of the coordinator"),
        description=_("To hand the team over, enter the address of somebody who leads teams of this agency."),
        filters=[lambda text: text.strip() if text else text],
        validators=[
            InputRequired(_("Enter an e-mail address.")),
            Email(_("Enter a whole e-mail address.")),
            AtMost(320),
        ],
    )


class SeatForm(FlaskForm):
    """One more seat."""

    seen = HiddenField()
    discipline = SelectField(_("Discipline"), validators=[InputRequired(_("Choose a discipline."))])
    title_en = StringField(_("Title in English"), validators=[InputRequired(_("Give the seat a title.")), AtMost(120)])
    title_es = StringField(
        _("Title in Spanish"),
        description=_("Empty: the English title is shown."),
        validators=[Optional(), AtMost(120)],
    )
    is_required = BooleanField(
        _("The team certificate asks for this seat"),
        description=_("A certificate that the team holds already does not change; the next one asks for it."),
    )


class MailInvitationForm(FlaskForm):
    """A link for one person."""

    email = EmailField(
        _("E-mail address"),
        description=_("The person gets a link that works once, for 14 days."),
        validators=[
            InputRequired(_("Enter an e-mail address.")),
            Email(_("Enter a whole e-mail address.")),
            AtMost(320),
        ],
    )


class CodeForm(FlaskForm):
    """A code to read out in a room."""

    max_uses = IntegerField(
        _("How many people may use it"),
        default=10,
        validators=[
            InputRequired(_("Enter a whole number from 1 to %(most)s.", most=MAX_CODE_USES)),
            NumberRange(1, MAX_CODE_USES, _("Enter a whole number from 1 to %(most)s.", most=MAX_CODE_USES)),
        ],
    )
    days = IntegerField(
        _("Open for how many days"),
        default=7,
        validators=[
            InputRequired(_("Enter a whole number from 1 to %(most)s.", most=MAX_CODE_DAYS)),
            NumberRange(1, MAX_CODE_DAYS, _("Enter a whole number from 1 to %(most)s.", most=MAX_CODE_DAYS)),
        ],
    )


class JoinForm(FlaskForm):
    """The code that somebody was told."""

    code = StringField(
        _("Team code"),
        description=_("Eight letters and numbers, such as 7K3M-9QXA. Capitals and dashes do not matter."),
        validators=[InputRequired(_("Enter the code that you were given.")), AtMost(40)],
    )


class PlaceForm(FlaskForm):
    """Where a member sits. Seat 0: waiting."""

    seat_id = SelectField(_("Seat"), coerce=int, default=0)
    place = RadioField(
        _("As"),
        choices=[SelectChoice("member", _("Member of the seat")), SelectChoice("alternate", _("Alternate"))],
        default="member",
    )


class MilestoneForm(FlaskForm):
    """That a milestone was met, when, and a remark."""

    met_on = DayField(_("Day on which it was met"), validators=[InputRequired(_("Say on which day it was met."))])
    remark = TextAreaField(
        _("Note"),
        description=_("No names or details of clients, students, patients or cases."),
        validators=[Optional(), AtMost(1000)],
    )


class ConfirmForm(FlaskForm):
    """Only the token."""

    sure = HiddenField(default="yes")
