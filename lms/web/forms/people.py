"""Forms of people and agencies: invite, place, role, agency, and the filters of their lists."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField, StringField
from wtforms.validators import Email, InputRequired, Optional

from lms.web.forms.fields import AtMost, DayField, agency_filter, day_filter, discipline_filter


def number_or_none(text: str | int | None) -> int | None:
    """For a choice that begins with "Choose": that one is None."""
    return int(text) if text not in (None, "") else None


class InvitationForm(FlaskForm):
    """Who is invited, into which agency, as what."""

    email = EmailField(
        _("E-mail address"),
        description=_("The person gets a link that works once, for 14 days."),
        validators=[
            InputRequired(_("Enter an e-mail address.")),
            Email(_("Enter a whole e-mail address, such as name@example.org.")),
            AtMost(320),
        ],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    name = StringField(
        _("Name"),
        description=_("The person can correct it."),
        validators=[Optional(), AtMost(200)],
        render_kw={"autocomplete": "off"},
    )
    agency_id = SelectField(_("Agency"), coerce=number_or_none, validators=[InputRequired(_("Choose an agency."))])
    discipline = SelectField(_("Discipline"), validators=[InputRequired(_("Choose a discipline."))])
    language = SelectField(_("Language of the mail"), validators=[InputRequired()])


class PlaceForm(FlaskForm):
    """A further place of a person."""

    agency_id = SelectField(_("Agency"), coerce=number_or_none, validators=[InputRequired(_("Choose an agency."))])
    discipline = SelectField(_("Discipline"), validators=[InputRequired(_("Choose a discipline."))])
    started_on = DayField(_("From"), validators=[InputRequired(_("Say from which day on."))])


class EndPlaceForm(FlaskForm):
    """When a place ends."""

    day = DayField(
        _("First day on which it no longer holds"), validators=[InputRequired(_("Say on which day it ends."))]
    )


class RoleForm(FlaskForm):
    """A role over an agency. Agency 0: everywhere."""

    role = SelectField(_("Role"), validators=[InputRequired(_("Choose a role."))])
    agency_id = SelectField(
        _("Over"),
        description=_("The role counts for this agency and all agencies below it."),
        coerce=number_or_none,
        validators=[InputRequired(_("Choose an agency."))],
    )
    until = DayField(_("Last day"), description=_("Empty: until it is taken back."))


class AgencyForm(FlaskForm):
    """What is known of an agency."""

    name = StringField(_("Name"), validators=[InputRequired(_("Give the agency a name.")), AtMost(200)])
    kind = SelectField(_("Kind"), validators=[InputRequired(_("Choose what kind of agency it is."))])
    county_fips = SelectField(_("County"), validators=[Optional()])
    code = StringField(
        _("Short code"),
        description=_("Your own short name for it, such as KC-GEN. Imports and host applications refer to it."),
        validators=[AtMost(64)],
    )
    ori = StringField(
        _("ORI"),
        description=_("Of law enforcement: the identifier that rosters for POST name."),
        validators=[AtMost(16)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class NewAgencyForm(AgencyForm):
    """A new one below another. Parent 0: at the top."""

    parent_id = SelectField(
        _("Below"), coerce=number_or_none, validators=[InputRequired(_("Choose the agency above it."))]
    )


class MoveForm(FlaskForm):
    """The new place of an agency in the tree. Parent 0: at the top."""

    parent_id = SelectField(
        _("Put it below"),
        description=_("Everything below it moves along."),
        coerce=int,
        validators=[InputRequired(_("Choose an agency."))],
    )


class RosterFilters(FlaskForm):
    """The filter bar of people; sent by GET."""

    class Meta:
        csrf = False

    q = StringField(_("Name or e-mail"))
    agency = agency_filter()
    discipline = discipline_filter()
    status = SelectField(_("Show"), validate_choice=False)


class AuditFilters(FlaskForm):
    """The filter bar of the audit; sent by GET."""

    class Meta:
        csrf = False

    person = StringField(_("E-mail of a person"))
    agency = agency_filter()
    action = SelectField(_("Action"), validate_choice=False)
    since = day_filter(_("From"))
    until = day_filter(_("To"))
