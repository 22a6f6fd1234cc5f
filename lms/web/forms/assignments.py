"""Forms of assignments: what, for whom and until when; more time, a waiver, a request, and which mails one wants."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional

from lms.learning.assignment_models import MOST_DUE_DAYS
from lms.web.forms.changes import reason_field
from lms.web.forms.fields import AtMost, DayField, WholeField
from lms.web.forms.people import number_or_none


class AssignmentForm(FlaskForm):
    """A course or certification for people of an agency."""

    what = SelectField(
        _("Course or certification"), validators=[InputRequired(_("Choose a course or a certification."))]
    )
    agency_id = SelectField(
        _("Agency"),
        description=_("The assignment is for people who work in this agency or below it, also those who begin later."),
        coerce=number_or_none,
        validators=[InputRequired(_("Choose an agency."))],
    )
    audience = RadioField(
        _("For whom"),
        choices=[
            SelectChoice("everybody", _("Everybody there")),
            SelectChoice("discipline", _("One discipline there")),
            SelectChoice("people", _("People whom you name")),
        ],
        validators=[InputRequired(_("Choose whom it is for."))],
    )
    discipline = SelectField(
        _("Discipline"), description=_("Only for “One discipline there”."), validators=[Optional()]
    )
    people = TextAreaField(
        _("E-mail addresses"),
        description=_("Only for “People whom you name”: one address a line."),
        validators=[Optional(), AtMost(40_000)],
    )
    due_on = DayField(
        _("Fixed due day"), description=_("For everybody who works there today. Empty: days are counted instead.")
    )
    due_days = WholeField(
        _("Days that somebody has"),
        description=_(
            "Counted from the day on which somebody comes into reach: today, or when their work there begins. "
            "For who comes by a list, from the day of the import, however long ago they were hired."
        ),
        least=1,
        most=MOST_DUE_DAYS,
        validators=[InputRequired(_("Enter a number of days."))],
    )


class ChangeForm(FlaskForm):
    """Other due days, or other people."""

    seen = HiddenField()
    people = TextAreaField(
        _("E-mail addresses"), description=_("One address a line."), validators=[Optional(), AtMost(40_000)]
    )
    due_on = DayField(
        _("Fixed due day"), description=_("For everybody who was there when it began. Empty: days are counted instead.")
    )
    due_days = WholeField(
        _("Days that somebody has"),
        description=_("Counted from the day on which somebody comes into reach."),
        least=1,
        most=MOST_DUE_DAYS,
        validators=[InputRequired(_("Enter a number of days."))],
    )
    reason = TextAreaField(
        _("Reason"), description=_("It stays in the history."), validators=[InputRequired(_("Say why.")), AtMost(1000)]
    )


class EndForm(FlaskForm):
    """Why an assignment ends."""

    reason = TextAreaField(
        _("Reason"), description=_("It stays in the history."), validators=[InputRequired(_("Say why.")), AtMost(1000)]
    )


class ExtensionForm(FlaskForm):
    """A later due day for one person."""

    until_on = DayField(_("New due day"), validators=[InputRequired(_("Say on which day it is due then."))])
    reason = reason_field()


class WaiverForm(FlaskForm):
    """Somebody may go without."""

    until_on = DayField(_("Waived through"), description=_("The last day on which it is waived. Empty: for good."))
    reason = reason_field()


class RequestForm(FlaskForm):
    """A learner asks for more time."""

    wished_on = DayField(_("Day by which you can do it"), validators=[InputRequired(_("Say by which day."))])
    reason = TextAreaField(
        _("Why you need more time"),
        description=_("Your administrator reads this. Write nothing about a victim, a client, a patient or a case."),
        validators=[InputRequired(_("Say why.")), AtMost(1000)],
    )


class NoticesForm(FlaskForm):
    """Which mails one wants."""

    wants_first_reminder = BooleanField(
        _("Remind me 30 days before an assigned training is due"),
        description=_("Mails of 7 days and 1 day before, and when it is overdue, always come."),
    )
    wants_refreshers = BooleanField(
        _("Tell me when a short refresher of a course opens"),
        description=_("One mail for each. The home page shows it in any case."),
    )
    digest = RadioField(
        _("Overview of your agencies"),
        choices=[SelectChoice("weekly", _("Every week")), SelectChoice("none", _("No mail"))],
        validators=[Optional()],
    )
    digest_agency_id = SelectField(_("Agency in the overview"), coerce=number_or_none, validators=[Optional()])
