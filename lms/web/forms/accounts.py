"""Forms of accounts: sign-in, registration, a new password, one's own profile."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import Email, EqualTo, InputRequired

from lms.courseware.names import LANGUAGES
from lms.errors import N_
from lms.people.passwords import MIN_CHARACTERS
from lms.web.forms.fields import AtMost

LONGEST_ENTRY = 1000
"""Of a password box: far over what is taken, so that the reason is said instead of a cut password."""

PASSWORD_HINT = N_(
    "At least %(n)s characters. Four or five words that belong together only for you are easy to remember and hard to "
    "guess. Spaces count, and you may paste."
)


class EmailEntry(FlaskForm):
    """An e-mail address alone: to ask for a new password, or to register."""

    email = EmailField(
        _("E-mail address"),
        validators=[
            InputRequired(_("Enter your e-mail address.")),
            Email(_("Enter a whole e-mail address, such as name@example.org.")),
            AtMost(320),
        ],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class SignInForm(FlaskForm):
    """`kept` carries what was entered on a page whose sign-in had ended; `next` where to go."""

    email = EmailField(
        _("E-mail address"),
        validators=[InputRequired(_("Enter your e-mail address.")), AtMost(320)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _("Password"),
        validators=[InputRequired(_("Enter your password.")), AtMost(LONGEST_ENTRY)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()
    kept = HiddenField()


class NewPasswordForm(FlaskForm):
    """A password, twice."""

    password = PasswordField(
        _("New password"),
        description=_(PASSWORD_HINT, n=MIN_CHARACTERS),
        validators=[InputRequired(_("Enter a password.")), AtMost(LONGEST_ENTRY)],
        render_kw={"autocomplete": "new-password"},
    )
    password_again = PasswordField(
        _("The same password again"),
        validators=[
            InputRequired(_("Enter the password a second time.")),
            EqualTo("password", _("The two passwords are not the same.")),
        ],
        render_kw={"autocomplete": "new-password"},
    )

    def __init__(self, *, least: int = MIN_CHARACTERS, **values: Any) -> None:
        super().__init__(**values)
        self.password.description = _(PASSWORD_HINT, n=least)


class ChangePasswordForm(NewPasswordForm):
    """With the present password first: an unlocked screen is not enough."""

    current_password = PasswordField(
        _("Present password"),
        validators=[InputRequired(_("Enter your present password.")), AtMost(LONGEST_ENTRY)],
        render_kw={"autocomplete": "current-password"},
    )


class NewAccountForm(NewPasswordForm):
    """What somebody who follows an invitation says of themselves."""

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
    language = SelectField(_("Language of the site"), validators=[InputRequired()])

    def __init__(self, languages: tuple[str, ...], **values: Any) -> None:
        super().__init__(**values)
        self.language.choices = [(code, LANGUAGES.get(code, code)) for code in languages]


class ProfileForm(FlaskForm):
    """What a person says of themselves."""

    name = StringField(
        _("Your name"),
        description=_("As your agency knows you."),
        validators=[InputRequired(_("Enter your name.")), AtMost(200)],
        render_kw={"autocomplete": "name"},
    )
    certificate_name = StringField(
        _("Name on certificates"),
        description=_("Only if another name should be printed. Certificates that you hold keep the name they carry."),
        validators=[AtMost(200)],
    )
    language = SelectField(_("Language of the site and of your mails"), validators=[InputRequired()])
    wants_early_reminders = BooleanField(
        _("Remind me 90 and 60 days before a certificate ends"),
        description=_("The mails that come 30 and 7 days before the end cannot be switched off."),
    )

    def __init__(self, languages: tuple[str, ...], **values: Any) -> None:
        super().__init__(**values)
        self.language.choices = [(code, LANGUAGES.get(code, code)) for code in languages]


def fill_sign_in(*, next: str = "", kept: str = "") -> SignInForm:
    """An empty sign-in form, whatever this request carries in fields of the same name."""
    return SignInForm(formdata=None, next=next, kept=kept)
