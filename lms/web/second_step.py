"""The second step of a sign-in: a code, a passkey, or a recovery code; and signing in with a passkey alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from lms.errors import Busy, Invalid
from lms.people import accounts, passkeys, recovery_codes, second_factors, tickets
from lms.people.authenticator_apps import use_code
from lms.people.providers import setting_up
from lms.people.providers.models import IdentityProvider
from lms.web.arriving import arrive
from lms.web.forms.accounts import SignInForm, fill_sign_in
from lms.web.forms.security import AppCodeForm, PasskeyForm, RecoveryCodeForm
from lms.web.guards import act, public, settings
from lms.web.limits import few_codes, few_codes_a_day, limiter, sign_in_limit_per_address, was_refused
from lms.web.signing_in import (
    demo_is_allowed,
    end_half,
    half_signed_in,
    must_use,
    refuse_below_host,
    relying_party,
    sign_in,
)

blueprint = Blueprint("second_step", __name__)
blueprint.before_request(refuse_below_host)

Page = str | tuple[str, int] | Response

MOST_WRONG_CODES = 5
"""Then the half sign-in ends: the password is asked again, and the person is told by mail."""

CHALLENGE_MINUTES = 5
PASSKEY_OPTIONS_LIMIT = "300 per 5 minutes"
"""Challenges for one network address: each is a row until it is used or five minutes old."""


def ask_second_step(user_id: int, next_address: str, kept: str) -> Page:
    """On from a right password: the page of the second step, with what is to come after it."""
    if not kept:
        return redirect(url_for("second_step.take_code", next=next_address or None), code=303)
    return shown_step(AppCodeForm(formdata=None, next=next_address, kept=kept), user_id, 200)


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@public
@limiter.limit(sign_in_limit_per_address, methods=["POST"], deduct_when=was_refused)
@few_codes_a_day
@few_codes
def take_code() -> Page:
    """The second step: a code of the app, once; or the person's passkey."""
    half = half_signed_in()
    if half is None or half.user_id is None:
        return back_to_password()
    user_id = half.user_id
    if request.method in ("GET", "HEAD"):
        return shown_step(AppCodeForm(formdata=None, next=request.args.get("next", "")), user_id, 200)
    form = AppCodeForm()
    if "lang" in request.args:
        return shown_step(form, user_id, 200)
    if not form.validate_on_submit():
        return shown_step(form, user_id, 422)
    code, key = form.code.data, settings().secret_key
    if act(lambda: use_code(user_id, code, key)):
        return go_in(form)
    form.code.errors = [_("This code is not right, or it was used already. Wait for the next one.")]
    return after_wrong(half.id, user_id) or shown_step(form, user_id, 422)


@blueprint.route("/sign-in/recovery", methods=["GET", "POST"])
@public
@limiter.limit(sign_in_limit_per_address, methods=["POST"], deduct_when=was_refused)
@few_codes_a_day
@few_codes
def take_recovery_code() -> Page:
    """The second step without the device: one of the ten codes, each good once."""
    half = half_signed_in()
    if half is None or half.user_id is None:
        return back_to_password()
    user_id = half.user_id
    form = RecoveryCodeForm()
    if request.method in ("GET", "HEAD") or "lang" in request.args or "code" not in request.form:
        form = RecoveryCodeForm(formdata=None, next=request.values.get("next", ""), kept=request.form.get("kept", ""))
        return render_template("accounts/recovery.html", form=form)
    if form.validate_on_submit():
        try:
            hashed = recovery_codes.hash_typed(user_id, form.code.data)
        except Busy as error:
            form.form_errors.append(_(error.message))
            return render_template("accounts/recovery.html", form=form), 503
        if act(lambda: second_factors.use_recovery_code(user_id, hashed)):
            return go_in(form, note=lambda: say_code_used(user_id))
        form.code.errors = [_("This is none of your recovery codes, or it was used already.")]
        stopped = after_wrong(half.id, user_id)
        if stopped is not None:
            return stopped
    return render_template("accounts/recovery.html", form=form), 422


def say_code_used(user_id: int) -> None:
    """Say on the next page that a recovery code is used up, and how many there are still."""
    text = ngettext(
        "That recovery code is used up; %(num)s is left. You make new ones under “Sign-in and security”.",
        "That recovery code is used up; %(num)s are left. You make new ones under “Sign-in and security”.",
        recovery_codes.count_left(user_id),
    )
    flash(text, "info")


def go_in(form: Any, note: Callable[[], None] | None = None) -> Page:
    """The second step is done: the half sign-in becomes a whole one, once. `note` says something of it there."""
    half = end_half()
    if half is None or half.user_id is None or not accounts.may_sign_in(half.user_id, allow_demo=demo_is_allowed()):
        return back_to_password()
    sign_in(half.user_id, is_two_factor=True)
    if note is not None:
        note()
    return arrive(form.next.data, form.kept.data)


def after_wrong(half_id: int, user_id: int) -> Page | None:
    """Count a wrong code; after too many the half sign-in is over, and the person is told."""

    def step() -> bool:
        is_over = tickets.count_wrong_try(half_id) >= MOST_WRONG_CODES
        if is_over:
            tickets.end_tickets(user_id, "second-step")
            second_factors.stop_guessing(user_id)
        return is_over

    return back_to_password(is_stopped=True) if act(step) else None


def back_to_password(*, is_stopped: bool = False) -> Page:
    """The first step again: the second one is over, or was never begun here."""
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("accounts.sign_in", next=request.args.get("next") or None), code=303)
    form = fill_sign_in(next=request.values.get("next", ""), kept=request.form.get("kept", ""))
    too_many = _("Too many wrong codes. Begin again with your password; we have sent you a mail about it.")
    form.form_errors.append(too_many if is_stopped else _("Begin with your e-mail address and your password."))
    return sign_in_page(form), 422


def shown_step(form: AppCodeForm, user_id: int, status: int) -> tuple[str, int]:
    values = {"factors": second_factors.factors_of(user_id), "party": relying_party()}
    return render_template("accounts/second_step.html", form=form, passkey=passkey_form(form), **values), status


def must_use_text(required: IdentityProvider) -> str:
    """Why a password or a passkey does not let somebody in."""
    return str(
        _("%(agency)s asks its people to sign in with %(name)s.", agency=required.agency.name, name=required.name)
    )


def sign_in_page(form: SignInForm, **demo: Any) -> str:
    """The first step, with the way around it: a passkey."""
    return render_template(
        "accounts/sign_in.html",
        form=form,
        passkey=passkey_form(form),
        party=relying_party(),
        has_kept=bool(form.kept.data),
        is_open=settings().open_registration,
        has_providers=bool(setting_up.all_in_use()),
        **demo,
    )


def passkey_form(form: Any) -> PasskeyForm:
    return PasskeyForm(formdata=None, next=form.next.data, kept=form.kept.data)


@blueprint.post("/sign-in/passkey/options")
@public
@limiter.limit(PASSKEY_OPTIONS_LIMIT)
def offer_passkey() -> Response | tuple[Response, int]:
    """A challenge for whichever passkey a browser has for this site."""
    return offered("passkey-sign-in", None)


@blueprint.post("/sign-in/code/passkey/options")
@public
@limiter.limit(PASSKEY_OPTIONS_LIMIT)
def offer_second_passkey() -> Response | tuple[Response, int]:
    """A challenge for the passkeys of whoever is half signed in."""
    half = half_signed_in()
    return offered("passkey-second-step", half.user_id) if half is not None else unavailable()


def offered(purpose: str, user_id: int | None) -> Response | tuple[Response, int]:
    party = relying_party()
    if party is None:
        return unavailable()
    options, kept = passkeys.options_to_prove(party, user_id)
    ticket = act(lambda: tickets.make_ticket(purpose, user_id, minutes=CHALLENGE_MINUTES, data=kept))
    return jsonify(options=options, ticket=ticket)


def unavailable() -> tuple[Response, int]:
    return jsonify(title=_("Not possible now"), detail=_("Load the page again.")), 409


@blueprint.post("/sign-in/passkey")
@public
@limiter.limit(sign_in_limit_per_address, deduct_when=was_refused)
def take_passkey() -> Page:
    """Sign in with a passkey alone: the device and what opens it are two factors."""
    form = PasskeyForm()
    user_id = proven_by_passkey("passkey-sign-in", form)
    if user_id is None or not accounts.may_sign_in(user_id, allow_demo=demo_is_allowed()):
        refused = fill_sign_in(next=form.next.data or "", kept=form.kept.data or "")
        refused.form_errors.append(_(passkeys.REFUSED))
        return sign_in_page(refused), 422
    required = must_use(user_id)
    if required is not None:
        refused = fill_sign_in(next=form.next.data or "")
        refused.form_errors.append(must_use_text(required))
        return sign_in_page(refused), 403
    sign_in(user_id, is_two_factor=True)
    return arrive(form.next.data, form.kept.data)


@blueprint.post("/sign-in/code/passkey")
@public
@limiter.limit(sign_in_limit_per_address, deduct_when=was_refused)
@few_codes_a_day
@few_codes
def take_second_passkey() -> Page:
    """The second step with a passkey of the person whose password was right."""
    half, form = half_signed_in(), PasskeyForm()
    if half is None or half.user_id is None:
        return back_to_password()
    if proven_by_passkey("passkey-second-step", form, half.user_id) == half.user_id:
        return go_in(form)
    step = AppCodeForm(formdata=None, next=form.next.data, kept=form.kept.data)
    step.form_errors.append(_(passkeys.REFUSED))
    return after_wrong(half.id, half.user_id) or shown_step(step, half.user_id, 422)


def proven_by_passkey(purpose: str, form: PasskeyForm, user_id: int | None = None) -> int | None:
    """Whose passkey answered the form's challenge; None where it is refused. The challenge is used up either way."""
    party, token, credential = relying_party(), form.ticket.data, form.credential.data or ""
    ticket = act(lambda: tickets.use_ticket(purpose, token))
    if party is None or ticket is None or ticket.user_id != user_id or not passkeys.is_credential(credential):
        return None
    try:
        return act(lambda: passkeys.use_passkey(party, ticket, credential))
    except Invalid:
        return None
