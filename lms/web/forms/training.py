"""Forms of training done elsewhere: handing it in, deciding on it, and a table of paper records."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional

from lms.certification.trainings import MOST_MINUTES
from lms.web.forms.changes import reason_field
from lms.web.forms.fields import AtMost, DayField, WholeField


def course_number(value: Any) -> int | None:
    """The id of a chosen course; None where none is chosen."""
    return int(value) if value not in (None, "", "None") else None


class TrainingForm(FlaskForm):
    """What somebody did elsewhere, with the paper that shows it."""

    title = StringField(
        _("What it was"),
        description=_("The title as it stands on the certificate."),
        validators=[InputRequired(_("Fill in what it was.")), AtMost(200)],
    )
    provider = StringField(
        _("Who gave it"), validators=[InputRequired(_("Fill in who gave the training.")), AtMost(200)]
    )
    completed_on = DayField(_("Day on which you completed it"), validators=[InputRequired(_("Say on which day."))])
    contact_minutes = WholeField(
        _("Minutes of training"),
        description=_("For two hours 120."),
        least=1,
        most=MOST_MINUTES,
        validators=[InputRequired(_("Enter the minutes as a whole number, for two hours 120."))],
    )
    course_id = SelectField(
        _("Should count as"),
        description=_("Leave it open where no course here is the same; then only the hours count."),
        coerce=course_number,
        validators=[Optional()],
    )
    note = TextAreaField(
        _("Note"),
        description=_("Write nothing about a victim, a client, a patient, a student or a case."),
        validators=[Optional(), AtMost(1000)],
    )
    evidence = FileField(
        _("The paper that shows it"),
        description=_(
            "A PDF, or a picture as PNG or JPEG, of at most 10 MB. No names of victims or cases may be on it."
        ),
        validators=[FileRequired(_("Choose the file that shows the training."))],
    )


class DecideTrainingForm(FlaskForm):
    """Approve or refuse, as what, until when, and why."""

    decision = RadioField(
        _("Decision"),
        choices=[SelectChoice("approve", _("Approve")), SelectChoice("refuse", _("Refuse"))],
        validators=[InputRequired(_("Choose whether to approve or refuse."))],
    )
    course_id = SelectField(
        _("Counts as"),
        description=_("Without a course only the hours count."),
        coerce=course_number,
        validators=[Optional()],
    )
    valid_until = DayField(
        _("Counts until"), description=_("The last day on which it counts as the course. Empty: without an end.")
    )
    reason = reason_field()


class PaperForm(FlaskForm):
    """A table of records, pasted or as a file."""

    lines = TextAreaField(
        _("Records"),
        description=_(
            "One line for each record: name or e-mail address, title, provider, day, minutes, course (may be empty). "
            "Copied from a spreadsheet, or parted by commas or semicolons. Write nothing about a victim or a case."
        ),
        validators=[Optional()],
    )
    file = FileField(_("Or a CSV file"), description=_("In UTF-8, with the same columns."))
