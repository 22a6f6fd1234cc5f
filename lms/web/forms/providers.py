"""Forms of agencies' own sign-in: providers, domains, tokens; and what somebody who arrives is asked."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    FileField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Email, InputRequired, Optional

from lms.web.forms.fields import AtMost

PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class AgencySignInForm(FlaskForm):
    """A work address, by whose domain the provider is found; or the number of one that was chosen by name."""

    email = EmailField(
        _("Your work e-mail address"),
        validators=[Optional(), Email(_("Enter a whole e-mail address, such as name@example.org.")), AtMost(320)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "required": True},
    )
    provider = HiddenField()
    next = HiddenField()


class NewPersonForm(FlaskForm):
    """What is not known of somebody who arrives for the first time."""

    name = StringField(
        _("Your name"),
        description=_("As your agency knows you. It is printed on certificates; you can change that later."),
        validators=[InputRequired(_("Enter your name.")), AtMost(200)],
        render_kw={"autocomplete": "name"},
    )
    discipline = RadioField(
        _("Your discipline"),
        description=_("It decides which courses are suggested to you. Your agency can change it."),
        validators=[InputRequired(_("Choose a discipline."))],
    )


class ProviderForm(FlaskForm):
    """What is said of any provider."""

    name = StringField(
        _("Name"),
        description=_("What your people know it by, such as “Cedar County account”."),
        validators=[InputRequired(_("Give it a name.")), AtMost(100)],
    )
    discipline = SelectField(
        _("Discipline of your people"),
        description=_("Left open, everybody is asked once."),
        validators=[Optional()],
    )
    needs_domain = BooleanField(
        _("Let in only people with an address in a confirmed domain"),
        description=_("Always so with providers that everybody can have an account with, such as Google."),
    )
    subject_claim = StringField(
        _("What names a person for good"),
        description=_("Usually left as it is. Microsoft Entra ID: oid names a person better than sub."),
        validators=[InputRequired(_("Enter the name of a claim.")), AtMost(64)],
        render_kw=PLAIN,
    )
    agency_claim = StringField(
        _("What holds the short code of a person's agency"),
        description=_("Short codes of this agency and those below it count. Read at the first sign-in."),
        validators=[AtMost(64)],
        render_kw=PLAIN,
    )
    discipline_claim = StringField(_("What holds a person's job"), validators=[AtMost(64)], render_kw=PLAIN)
    discipline_words = TextAreaField(
        _("Jobs and our disciplines"),
        validators=[AtMost(10_000)],
        render_kw=PLAIN,
    )


class OidcForm(ProviderForm):
    """A provider of OpenID Connect."""

    issuer = StringField(
        _("Address of the issuer"),
        description=_("As the provider says it, letter by letter, such as https://login.example.gov."),
        validators=[InputRequired(_("Enter the address of the issuer.")), AtMost(200)],
        render_kw=PLAIN,
    )
    client_id = StringField(
        _("Client id"), validators=[InputRequired(_("Enter the client id.")), AtMost(200)], render_kw=PLAIN
    )
    secret = PasswordField(
        _("Client secret"),
        description=_("Kept sealed and never shown again."),
        validators=[AtMost(1000)],
        render_kw={"autocomplete": "off"},
    )
    scopes = StringField(_("Scopes"), validators=[InputRequired(_("Enter the scopes.")), AtMost(200)], render_kw=PLAIN)


class SamlForm(ProviderForm):
    """A provider of SAML 2.0, by its metadata."""

    metadata_file = FileField(
        _("Metadata of the provider"),
        description=_("The XML file that your provider gives out, at most 500 KB."),
        render_kw={"accept": ".xml,application/xml,text/xml"},
    )
    metadata_xml = TextAreaField(_("Or the same as text"), validators=[AtMost(500_000)], render_kw=PLAIN)


class DomainForm(FlaskForm):
    """A mail domain of the agency."""

    domain = StringField(
        _("Domain"),
        description=_("What stands behind the @ in your people's addresses, such as cedarcounty.gov."),
        validators=[InputRequired(_("Enter a domain.")), AtMost(253)],
        render_kw=PLAIN,
    )


class JoiningForm(FlaskForm):
    """What happens with people who register with an address of a domain."""

    joining = RadioField(_("People who register with an address of this domain"))


class TokenForm(FlaskForm):
    """A token for provisioning."""

    name = StringField(
        _("What it is for"),
        description=_("Such as “Entra ID of the hospital”."),
        validators=[InputRequired(_("Give it a name.")), AtMost(100)],
    )
    discipline = SelectField(
        _("Discipline, where the directory names none"),
        validators=[InputRequired(_("Choose a discipline."))],
    )
