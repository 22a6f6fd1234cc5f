"""Proving again who one is, before what asks for a recent proof: as at sign-in, with every factor that one has."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Viewer
from lms.database import db
from lms.errors import Busy
from lms.people import passkeys, passwords, recovery_codes, second_factors
from lms.people.authenticator_apps import DIGITS, clean_code, use_code
from lms.people.models import User
from lms.people.second_factors import Factors
from lms.web.arriving import arrive
from lms.web.forms.security import AgainForm, PasskeyForm
from lms.web.guards import act, before_factor, settings, signed_in, viewer
from lms.web.kept import seal_entries
from lms.web.limits import few_codes, few_codes_a_day, limiter
from lms.web.second_step import PASSKEY_OPTIONS_LIMIT, offered, passkey_form, proven_by_passkey, say_code_used
from lms.web.signing_in import prove_again as note_proof
from lms.web.signing_in import refuse_below_host, relying_party

blueprint = Blueprint("again", __name__)
blueprint.before_request(refuse_below_host)

Page = str | tuple[str, int] | Response


@blueprint.record
def prepare(state: BlueprintSetupState) -> None:
    """Give the app the page that asks again, for what was sent too late."""
    state.app.extensions["lms"].ask_again = ask_again


def ask_again() -> Response:
    """In place of a change that came too long after the last proof: the page that asks for one, carrying the change."""
    person = viewer()
    factors = second_factors.factors_of(person.id)
    form = AgainForm(has_code=bool(factors), formdata=None, kept=seal_entries())
    return current_app.make_response(shown_again(form, person, factors, 401))


@blueprint.route("/sign-in/again", methods=["GET", "POST"])
@signed_in
@before_factor
@few_codes_a_day
@few_codes
def prove_again() -> Page:
    """Password, and a code where one has a second factor; then where one was going, with what was entered."""
    person = viewer()
    factors = second_factors.factors_of(person.id)
    if request.method in ("GET", "HEAD"):
        form = AgainForm(has_code=bool(factors), formdata=None, next=request.args.get("next", ""))
        return shown_again(form, person, factors, 200)
    form = AgainForm(has_code=bool(factors))
    if "lang" in request.args:
        return shown_again(form, person, factors, 200)
    if not form.validate_on_submit():
        return shown_again(form, person, factors, 422)
    try:
        is_right = is_proven_by(form, person)
    except Busy as error:
        form.form_errors.append(_(error.message))
        return shown_again(form, person, factors, 503)
    if not is_right:
        wrong = _("The password or the code is not right. A code counts once: wait for the next one.")
        form.password.errors = [wrong if factors else _("This is not your password.")]
        return shown_again(form, person, factors, 422)
    note_proof(person, is_two_factor=bool(factors))
    return arrive(form.next.data, form.kept.data)


def is_proven_by(form: AgainForm, person: Viewer) -> bool:
    """Whether the password is right and, where asked for, the code; no code is used up by a wrong password."""
    password_hash = db.session.get_one(User, person.id).password_hash
    db.session.rollback()
    if not passwords.verify_password(password_hash, form.password.data):
        return False
    if "code" not in form:
        return True
    typed, key = form.code.data, settings().secret_key
    digits = clean_code(typed)
    if len(digits) == DIGITS and digits.isdecimal():
        return act(lambda: use_code(person.id, typed, key))
    hashed = recovery_codes.hash_typed(person.id, typed)
    is_right = act(lambda: second_factors.use_recovery_code(person.id, hashed))
    if is_right:
        say_code_used(person.id)
    return is_right


@blueprint.post("/sign-in/again/passkey/options")
@signed_in
@before_factor
@limiter.limit(PASSKEY_OPTIONS_LIMIT)
def offer_passkey() -> Response | tuple[Response, int]:
    """A challenge for one's own passkeys."""
    return offered("passkey-again", viewer().id)


@blueprint.post("/sign-in/again/passkey")
@signed_in
@before_factor
@few_codes_a_day
@few_codes
def take_passkey() -> Page:
    """Prove again with a passkey alone."""
    person, form = viewer(), PasskeyForm()
    if proven_by_passkey("passkey-again", form, person.id) == person.id:
        note_proof(person, is_two_factor=True)
        return arrive(form.next.data, form.kept.data)
    factors = second_factors.factors_of(person.id)
    again = AgainForm(has_code=bool(factors), formdata=None, next=form.next.data, kept=form.kept.data)
    again.form_errors.append(_(passkeys.REFUSED))
    return shown_again(again, person, factors, 422)


def shown_again(form: AgainForm, person: Viewer, factors: Factors, status: int) -> tuple[str, int]:
    user = db.session.get_one(User, person.id)
    page = render_template(
        "accounts/again.html",
        form=form,
        passkey=passkey_form(form),
        user=user,
        factors=factors,
        party=relying_party(),
        action=url_for("again.prove_again"),
    )
    return page, status
