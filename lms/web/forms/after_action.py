"""Forms of after-action reports: what is given to which team, and an action of the team's list."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from lms.web.forms.fields import AtMost, DayField
from lms.web.forms.people import number_or_none

MOST_CHARACTERS = 1000


class GiveForm(FlaskForm):
    """Which answers go to which team."""

    cohort_id = RadioField(
        _("To which team?"), coerce=number_or_none, validators=[InputRequired(_("Choose the team."))]
    )
    answers = SelectMultipleField(_("What do you want to give?"), validators=[Optional()])


class ActionForm(FlaskForm):
    """One action: the first two lines may stay empty, a step, an owner and a day may not."""

    seen = TextAreaField(
        _("What was seen"),
        description=_("No names or details of clients, students, patients or cases."),
        validators=[Optional(), AtMost(MOST_CHARACTERS)],
    )
    cause = TextAreaField(
        _("Why"),
        description=_("The cause, not only the event."),
        validators=[Optional(), AtMost(MOST_CHARACTERS)],
    )
    step = TextAreaField(
        _("What will be done"),
        description=_("A step that one can see."),
        validators=[InputRequired(_("Say what will be done: a step that one can see.")), AtMost(MOST_CHARACTERS)],
    )
    owner = StringField(
        _("Owner"),
        description=_("One person, with the name of the agency."),
        validators=[InputRequired(_("Name one owner: a person, with the agency.")), AtMost(200)],
    )
    due_on = DayField(_("By when"), validators=[InputRequired(_("Say by which day."))])
    done_on = DayField(_("Done on"), description=_("Leave it empty until it is done."))
