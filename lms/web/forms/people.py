"""Forms of people and agencies: invite, place, role, agency, and the filters of their lists."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, RadioField, SelectField, StringField, TextAreaField
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


class AddressForm(FlaskForm):
    """Where to invite somebody who was entered by others."""

    email = EmailField(
        _("E-mail address"),
        validators=[
            InputRequired(_("Enter an e-mail address.")),
            Email(_("Enter a whole e-mail address, such as name@example.org.")),
            AtMost(320),
        ],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
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


class LastDayForm(FlaskForm):
    """Another last day of a role."""

    until = DayField(_("Last day"), description=_("Empty: until it is taken back."))


class RoleFilters(FlaskForm):
    """The filter bar of roles; sent by GET."""

    class Meta:
        csrf = False

    q = StringField(_("Name or e-mail"))
    agency = agency_filter()
    role = SelectField(_("Role"), validate_choice=False)
    ending = SelectField(_("Show"), validate_choice=False)


class AgencyForm(FlaskForm):
    """What is known of an agency."""

    name = StringField(_("Name"), validators=[InputRequired(_("Give the agency a name.")), AtMost(200)])
    kind = SelectField(_("Kind"), validators=[InputRequired(_("Choose what kind of agency it is."))])
    county_fips = SelectField(
        _("County"),
        description=_("The counties of Missouri. Leave it open for an agency elsewhere."),
        validators=[Optional()],
    )
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
    course = SelectField(_("Course or certification"), validate_choice=False)
    standing = SelectField(_("Certificate"), validate_choice=False)
    status = SelectField(_("Show"), validate_choice=False)
    role = SelectField(_("Role"), validate_choice=False)
    license = StringField(_("License number"), description=_("The whole number. The search is noted."))


class StaffChangeForm(FlaskForm):
    """What is done to many people at once."""

    action = SelectField(_("What to do"), validate_choice=False)
    agency_id = SelectField(_("To which agency"), coerce=number_or_none, validate_choice=False)
    course = SelectField(_("Which course"), validate_choice=False)
    day = DayField(_("First day on which it holds"))


class OtherPersonForm(FlaskForm):
    """Whom to look for; sent by GET."""

    class Meta:
        csrf = False

    q = StringField(_("Name or e-mail"), validators=[AtMost(200)])


def why_field() -> TextAreaField:
    """A new one each time: a form shows its fields as they were made."""
    return TextAreaField(
        _("Reason"),
        description=_("It stands in the audit for good. Write nothing about a case or another person."),
        validators=[InputRequired(_("Say why.")), AtMost(1000)],
    )


class ReasonForm(FlaskForm):
    """Why."""

    reason = why_field()


class MergeForm(ReasonForm):
    """Which of two accounts stays, and why they are one person's."""

    kept = RadioField(_("Which account stays?"), validators=[InputRequired(_("Choose which account stays."))])
    reason = why_field()  # after the account, as on the page: problems are listed in this order
    is_sure = BooleanField(
        _("I have made sure that both are the same person."),
        validators=[InputRequired(_("Make sure first, and say so."))],
    )


class EraseForm(FlaskForm):
    """That it is the person who asks, and that they mean it."""

    password = PasswordField(
        _("Your password"),
        validators=[InputRequired(_("Enter your password.")), AtMost(1000)],
        render_kw={"autocomplete": "current-password"},
    )
    is_sure = BooleanField(
        _("I understand that this cannot be undone once the pause is over."),
        validators=[InputRequired(_("Tick the box if you want to go on."))],
    )


class DecideForm(FlaskForm):
    """Approve or refuse an erasure."""

    decision = RadioField(_("Decision"), validators=[InputRequired(_("Choose."))])
    reason = TextAreaField(
        _("Reason"),
        description=_("Needed to refuse. The person reads it."),
        validators=[Optional(), AtMost(1000)],
    )


class AcceptForm(FlaskForm):
    """That somebody accepts the texts on the page."""

    agrees = BooleanField(_("I have read this and accept it."), validators=[InputRequired(_("Tick the box to go on."))])


class MovePlaceForm(PlaceForm):
    """Where somebody works from now on, in place of where they worked."""

    started_on = DayField(
        _("First day there"),
        description=_("The place before ends on that day."),
        validators=[InputRequired(_("Say from which day on."))],
    )


class AuditFilters(FlaskForm):
    """The filter bar of the audit; sent by GET."""

    class Meta:
        csrf = False

    person = StringField(_("Name or e-mail"))
    agency = agency_filter()
    action = SelectField(_("Action"), validate_choice=False)
    since = day_filter(_("From"))
    until = day_filter(_("To"))
