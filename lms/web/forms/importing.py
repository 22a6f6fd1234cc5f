"""Forms of importing people: the upload, and what is confirmed before anything happens."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.validators import InputRequired, Optional

from lms.web.forms.people import number_or_none


class UploadForm(FlaskForm):
    """A staff list, and over whose people it is."""

    agency_id = SelectField(
        _("Agency"),
        description=_("The list may name this agency and all agencies below it, no others."),
        coerce=number_or_none,
        validators=[InputRequired(_("Choose an agency."))],
    )
    file = FileField(
        _("The list"),
        description=_(
            "A CSV file, an Excel workbook (.xlsx, .xls) or a OneRoster zip (1.1 or 1.2), of at most 50 MB. Any column "
            "names and any order: the next page asks what is what. Passwords are never read."
        ),
    )


class ConfirmImportForm(FlaskForm):
    """What is to happen beside making the people and their places."""

    invite = BooleanField(
        _("Send invitations by mail"),
        description=_(
            "To everybody in the list who has an e-mail address and has not signed in yet. The mails go out over time, "
            "200 a minute. To invite them later, choose “People not invited yet” in the list of people, and there "
            "“Invite them by mail”."
        ),
    )
    language = SelectField(_("Language of the mails"), validators=[InputRequired()])
    course_id = SelectField(
        _("Enroll everybody in a course"),
        description=_("It waits on their home page. Whoever is or was in the course stays as they are."),
        coerce=number_or_none,
        validators=[Optional()],
    )
    cohort_id = SelectField(
        _("Bring everybody into a team"),
        description=_(
            "Whoever has not signed in yet gets a free seat of their discipline; others get an invitation into it."
        ),
        coerce=number_or_none,
        validators=[Optional()],
    )
    end_missing = BooleanField(_("End the places of people who are not in this file"))
    end_count = HiddenField()
    end_up_to = HiddenField()
