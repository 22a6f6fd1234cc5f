"""Pages of one's own passkeys: add, rename, remove."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.errors import Conflict, Invalid
from lms.people import passkeys, recovery_codes, second_factors, tickets
from lms.people.names import checked_name
from lms.people.passkeys import NewPasskey
from lms.web.account_security import factor_added, removal
from lms.web.forms.refusals import add_problem, shown
from lms.web.forms.security import NewPasskeyForm, RenamePasskeyForm
from lms.web.guards import act, before_factor, flash_done, fresh, signed_in, viewer
from lms.web.limits import limiter
from lms.web.second_step import CHALLENGE_MINUTES, PASSKEY_OPTIONS_LIMIT, unavailable
from lms.web.signing_in import prove_again, refuse_below_host, relying_party

blueprint = Blueprint("account_passkeys", __name__)
blueprint.before_request(refuse_below_host)

Page = str | tuple[str, int] | Response


@blueprint.post("/account/security/passkeys/options")
@signed_in
@before_factor
@fresh
@limiter.limit(PASSKEY_OPTIONS_LIMIT)
def offer_new() -> Response | tuple[Response, int]:
    """What a browser needs to make a passkey."""
    person, party = viewer(), relying_party()
    if party is None:
        return unavailable()
    options, kept = passkeys.options_to_add(party, person.id, account=person.email or person.name, name=person.name)
    ticket = act(lambda: tickets.make_ticket("passkey-add", person.id, minutes=CHALLENGE_MINUTES, data=kept))
    return jsonify(options=options, ticket=ticket)


@blueprint.route("/account/security/passkeys/new", methods=["GET", "POST"])
@signed_in
@before_factor
@fresh
def add_passkey() -> Page:
    """A name, then the browser makes the passkey."""
    person, form = viewer(), NewPasskeyForm()
    if form.validate_on_submit():
        made = verified(form, person.id)
        codes = recovery_codes.new_codes() if made is not None else None
        if made is None or codes is None:
            form.form_errors.append(_("The passkey was not made. Try again, or set up an app instead."))
        else:
            try:
                name = checked_name(form.name.data)
                is_first = act(lambda: second_factors.add_passkey(person, made, name, codes))
            except (Invalid, Conflict) as error:
                add_problem(form, error)
            else:
                prove_again(person, is_two_factor=True)
                return factor_added(codes.codes if is_first else None)
    return shown("accounts/passkey_new.html", form, party=relying_party())


def verified(form: NewPasskeyForm, user_id: int) -> NewPasskey | None:
    """The passkey that answers this person's challenge, which is used up by it; None where it is refused."""
    party, token, credential = relying_party(), form.ticket.data, form.credential.data or ""
    ticket = act(lambda: tickets.use_ticket("passkey-add", token))
    if party is None or ticket is None or ticket.user_id != user_id or not passkeys.is_credential(credential):
        return None
    try:
        return passkeys.verify_new(party, ticket, credential)
    except Invalid:
        return None


@blueprint.route("/account/security/passkeys/<int:passkey_id>", methods=["GET", "POST"])
@signed_in
def rename_passkey(passkey_id: int) -> Page:
    """Another name for a passkey."""
    person = viewer()
    form = RenamePasskeyForm(obj=passkeys.get_passkey(person.id, passkey_id))
    if form.validate_on_submit():
        try:
            name = checked_name(form.name.data)
            act(lambda: passkeys.rename(person.id, passkey_id, name))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("The passkey has its new name."))
            return redirect(url_for("account_security.show_security"), code=303)
    return shown("accounts/passkey_rename.html", form)


@blueprint.route("/account/security/passkeys/<int:passkey_id>/remove", methods=["GET", "POST"])
@signed_in
@fresh
def remove_passkey(passkey_id: int) -> Page:
    """Remove a passkey, after a page that names it."""
    passkey = passkeys.get_passkey(viewer().id, passkey_id)
    title = _("Remove the passkey “%(name)s”?", name=passkey.name)
    return removal(passkey.id, title, url_for(".remove_passkey", passkey_id=passkey_id))
