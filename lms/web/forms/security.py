"""Forms of second factors: codes, passkeys, proving again who one is, and resetting what somebody lost."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import InputRequired

from lms.web.forms.accounts import LONGEST_ENTRY
from lms.web.forms.fields import AtMost

CODE_ENTRY = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}


class WayBack(FlaskForm):
    """`next` where to go afterwards, `kept` what was entered before."""

    next = HiddenField()
    kept = HiddenField()


class AppCodeForm(WayBack):
    """The second step with an app."""

    code = StringField(
        _("Code from your app"),
        description=_("Six digits; a new code comes every 30 seconds."),
        validators=[InputRequired(_("Enter the code that your app shows.")), AtMost(100)],
        render_kw={**CODE_ENTRY, "inputmode": "numeric"},
    )


class RecoveryCodeForm(WayBack):
    """The second step without the device."""

    code = StringField(
        _("Recovery code"),
        description=_("One of the ten that you printed or saved. It works once."),
        validators=[InputRequired(_("Enter one of your recovery codes.")), AtMost(100)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


class PasskeyForm(WayBack):
    """What the script puts in: the browser's answer and the ticket whose challenge it answers."""

    credential = HiddenField()
    ticket = HiddenField()


class AgainForm(WayBack):
    """Password, and a code where the person has a second factor."""

    password = PasswordField(
        _("Password"),
        validators=[InputRequired(_("Enter your password.")), AtMost(LONGEST_ENTRY)],
        render_kw={"autocomplete": "current-password"},
    )
    code = StringField(
        _("Code from your app, or a recovery code"),
        validators=[InputRequired(_("Enter a code.")), AtMost(100)],
        render_kw=CODE_ENTRY,
    )

    def __init__(self, *, has_code: bool, **values: Any) -> None:
        super().__init__(**values)
        if not has_code:
            del self.code


class SetUpAppForm(FlaskForm):
    """The first code of a new app; `setup` carries its secret, sealed."""

    setup = HiddenField()
    code = StringField(
        _("Code that the app shows now"),
        description=_("Six digits. They prove that the app has the right secret."),
        validators=[InputRequired(_("Enter the code that your app shows.")), AtMost(100)],
        render_kw={**CODE_ENTRY, "inputmode": "numeric"},
    )


class NewPasskeyForm(FlaskForm):
    """A name for the passkey; the script adds what the browser made."""

    name = StringField(
        _("Name of this passkey"),
        description=_("So that you know it again, for instance the name of the device."),
        validators=[InputRequired(_("Enter a name.")), AtMost(100)],
        render_kw={"autocomplete": "off"},
    )
    credential = HiddenField()
    ticket = HiddenField()


class RenamePasskeyForm(FlaskForm):
    """Another name for a passkey."""

    name = StringField(
        _("Name of this passkey"),
        validators=[InputRequired(_("Enter a name.")), AtMost(100)],
        render_kw={"autocomplete": "off"},
    )


class ResetFactorForm(FlaskForm):
    """Why somebody's second factor is reset."""

    reason = TextAreaField(
        _("Reason"),
        description=_("How you made sure that it is this person who asks. It stands in the audit trail."),
        validators=[InputRequired(_("Enter a reason.")), AtMost(500)],
    )
