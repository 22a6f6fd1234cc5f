"""Pages of one's own second factors: what there is, an authenticator app, and recovery codes."""

from __future__ import annotations

import segno
from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from lms import keys
from lms.access import Viewer, asks_second_factor
from lms.database import db
from lms.errors import Conflict, Invalid
from lms.people import authenticator_apps, passkeys, recovery_codes, second_factors
from lms.people.models import User
from lms.people.providers import linked
from lms.people.second_factors import Factors
from lms.web.forms.refusals import add_problem, shown
from lms.web.forms.security import SetUpAppForm
from lms.web.guards import act, before_factor, flash_done, fresh, settings, signed_in, viewer
from lms.web.limits import few_codes, few_codes_a_day
from lms.web.proving import take_wanted
from lms.web.shown_once import keep_to_show, take_to_show
from lms.web.signing_in import prove_again, refuse_below_host

blueprint = Blueprint("account_security", __name__)
blueprint.before_request(refuse_below_host)

Page = str | tuple[str, int] | Response

SETUP_SEALED_FOR = "setting up authenticator apps"
SETUP_SECONDS = 3600


@blueprint.app_template_filter()
def factor_words(factors: Factors | None) -> str:
    """`app, 2 passkeys`; what a person has beside the password."""
    if not factors:
        return str(_("none"))
    words = [_("app")] if factors.has_app else []
    if factors.passkeys:
        words.append(ngettext("%(num)s passkey", "%(num)s passkeys", factors.passkeys))
    return ", ".join(words)


@blueprint.get("/account/security")
@signed_in
@before_factor
def show_security() -> str:
    """One's second factors, and what there is to do about each."""
    person = viewer()
    return render_template(
        "accounts/security.html",
        app=authenticator_apps.find_app(person.id),
        passkeys=passkeys.passkeys_of(person.id),
        codes_left=recovery_codes.count_left(person.id),
        linked=linked.sign_ins_of(person.id),
        user=db.session.get_one(User, person.id),
    )


@blueprint.route("/account/security/app", methods=["GET", "POST"])
@signed_in
@before_factor
@fresh
@few_codes_a_day
@few_codes
def set_up_app() -> Page:
    """A secret as QR code and text; it counts once the app's code is right."""
    person = viewer()
    form = SetUpAppForm()
    secret = open_setup(form.setup.data, person)
    if secret is None:
        secret = authenticator_apps.new_secret()
        if request.method == "POST":
            form.form_errors.append(_("This page was open for too long. Here is a new secret: set the app up with it."))
        form.setup.data = seal_setup(secret, person)
    elif request.method == "POST" and authenticator_apps.is_set_up(person.id, secret, settings().secret_key):
        return factor_added(None)  # the same page sent twice sets up nothing twice
    elif form.validate_on_submit():
        code, key, made = form.code.data, settings().secret_key, recovery_codes.new_codes()
        try:
            is_first = act(lambda: second_factors.add_app(person, secret, code, made, key))
        except Invalid as error:
            add_problem(form, error)
        else:
            prove_again(person, is_two_factor=True)
            return factor_added(made.codes if is_first else None)
    account = person.email or person.name
    address = authenticator_apps.setup_address(secret, account=account, site_name=settings().site_name)
    picture = segno.make(address, error="m").svg_data_uri(scale=4, border=4, light="#fff")
    text = authenticator_apps.secret_text(secret)
    return shown("accounts/app.html", form, picture=picture, text=text, address=address)


def seal_setup(secret: bytes, person: Viewer) -> str:
    """A secret on its way through the page that shows it: for this person, for an hour."""
    plain = f"{person.id}:".encode() + secret
    return keys.seal(plain, settings().secret_key, SETUP_SEALED_FOR).decode()


def open_setup(sealed: str | None, person: Viewer) -> bytes | None:
    found = keys.unseal((sealed or "").encode(), settings().secret_key, SETUP_SEALED_FOR, seconds=SETUP_SECONDS)
    owner, _colon, secret = (found or b"").partition(b":")
    return secret if owner == str(person.id).encode() else None


def factor_added(codes: tuple[str, ...] | None) -> Page:
    """After a factor was set up: with the first one, on to the recovery codes, shown once."""
    if codes is not None:
        return on_to_codes(codes)
    flash_done(_("It is set up, and you are signed out everywhere else."))
    return redirect(url_for("account_security.show_security"), code=303)


def on_to_codes(codes: tuple[str, ...]) -> Response:
    keep_to_show("codes", codes)
    return redirect(url_for("account_security.show_codes"), code=303)


@blueprint.get("/account/security/codes/new")
@signed_in
def show_codes() -> str:
    """The recovery codes just made, once; then where one wanted to go before a second factor was asked for."""
    codes = take_to_show("codes")
    return render_template("accounts/codes.html", codes=codes, on=take_wanted() if codes else None)


@blueprint.route("/account/security/app/remove", methods=["GET", "POST"])
@signed_in
@fresh
def remove_app() -> Page:
    """Remove the app, after a page that says what that means."""
    return removal(None, _("Remove your authenticator app?"), url_for(".remove_app"))


def removal(passkey_id: int | None, title: str, action: str) -> Page:
    """Ask, then remove a factor; refused where it is the last one and has to stay."""
    person = viewer()
    is_required = settings().require_second_factor and asks_second_factor(person)
    if request.method == "POST":
        try:
            act(lambda: second_factors.remove_factor(person, passkey_id=passkey_id, is_required=is_required))
        except Conflict as error:
            return render_template("accounts/not_removed.html", title=title, reason=_(error.message)), 409
        flash_done(_("It is removed, and you are signed out everywhere else."))
        return redirect(url_for("account_security.show_security"), code=303)
    return render_template(
        "confirm.html",
        title=title,
        text=_("You will not be able to sign in with it. We tell you by mail. You can set it up again at any time."),
        action=action,
        submit_text=_("Remove"),
        cancel_href=url_for("account_security.show_security"),
    )


@blueprint.route("/account/security/codes", methods=["GET", "POST"])
@signed_in
@fresh
def renew_codes() -> Page:
    """Ten new recovery codes, shown once; the old ones end."""
    person = viewer()
    if request.method == "POST":
        made = recovery_codes.new_codes()
        act(lambda: second_factors.renew_codes(person, made))
        return on_to_codes(made.codes)
    return render_template(
        "confirm.html",
        title=_("Make ten new recovery codes?"),
        text=_("The codes that you have now end. The new ones are shown once: print or save them."),
        action=url_for(".renew_codes"),
        submit_text=_("Make new codes"),
        cancel_href=url_for("account_security.show_security"),
        danger=False,
    )
