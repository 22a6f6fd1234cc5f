"""The form by which a training record is asked for."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired

from lms.errors import N_
from lms.records.asking import PURPOSES
from lms.web.forms.fields import AtMost, DayField
from lms.web.texts import translate

PURPOSE_NAMES = {
    "court": N_("A court"),
    "personnel-file": N_("The personnel file"),
    "board": N_("A licensing board or accreditation"),
    "own-use": N_("Own use"),
    "other": N_("Something else"),
}


class RecordForm(FlaskForm):
    """Which days, for what, and why."""

    since = DayField(_("First day"), validators=[InputRequired(_("Say from which day on."))])
    until = DayField(_("Last day"), validators=[InputRequired(_("Say up to which day."))])
    purpose = SelectField(_("What it is for"), validators=[InputRequired(_("Choose what the record is for."))])
    reason = TextAreaField(
        _("Reason"),
        description=_(
            "For instance the number of the request. It stands in the record and in the audit. Write nothing about a "
            "case, a victim or another person."
        ),
        validators=[AtMost(500)],
    )

    def offer(self) -> None:
        """The purposes to choose from, in the language of this request."""
        self.purpose.choices = [("", _("Choose")), *((one, translate(PURPOSE_NAMES[one])) for one in PURPOSES)]
