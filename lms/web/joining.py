"""Pages for joining: by an invitation's link, or by registering where the site is open for that."""

from __future__ import annotations

import secrets

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from lms.database import db
from lms.errors import Conflict, Invalid
from lms.people import invitations
from lms.people.invitations import Letter
from lms.people.models import Agency, Invitation
from lms.web.accounts import home
from lms.web.forms.accounts import EmailEntry, NewAccountForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, language, maybe_viewer, public, settings, today
from lms.web.limits import by_account, limiter, sign_in_limit, sign_in_limit_per_address, was_refused
from lms.web.passwords import checked_hash
from lms.web.signing_in import absolute_url, refuse_below_host, sign_in

blueprint = Blueprint("joining", __name__)
blueprint.before_request(refuse_below_host)

Page = str | tuple[str, int] | Response


@blueprint.route("/register", methods=["GET", "POST"])
@public
@limiter.limit(sign_in_limit_per_address, methods=["POST"])
@limiter.limit(sign_in_limit, key_func=by_account, methods=["POST"])
def register() -> Page:
    """Send a link that proves the address; the answer is the same whether it has an account or not."""
    if not settings().open_registration:
        if request.method == "POST":
            raise NotFound
        return render_template("accounts/closed.html")
    form = EmailEntry()
    if form.validate_on_submit():
        email, token = form.email.data, secrets.token_urlsafe(32)
        letter = Letter(token, absolute_url(url_for("joining.accept", token=token)), language())
        known_link = absolute_url(url_for("accounts.sign_in"))
        act(lambda: invitations.register(email, letter=letter, sign_in_link=known_link))
        return render_template("accounts/mail_sent.html", kind="register", hours=invitations.REGISTRATION_HOURS)
    return shown("accounts/register.html", form)


@blueprint.route("/invitations/<token>", methods=["GET", "POST"])
@public
@limiter.limit(sign_in_limit_per_address, methods=["POST"], deduct_when=was_refused)
def accept(token: str) -> Page:
    """Make an account, or take the place with the account that one has."""
    invitation = invitations.find_invitation(token)
    if invitation is None:
        is_replaced = invitations.is_replaced(token)
        return render_template("accounts/link_ended.html", kind="invitation", is_replaced=is_replaced), 404
    agency = db.session.get(Agency, invitation.agency_id) if invitation.agency_id else None
    try:
        if invitations.has_account(invitation):
            return accept_as_oneself(token, invitation, agency)
        return accept_as_new(token, invitation, agency)
    except Conflict:
        return render_template("accounts/link_ended.html", kind="invitation"), 409


def accept_as_oneself(token: str, invitation: Invitation, agency: Agency | None) -> Page:
    """Somebody with an account signs in first; the address has to be the invited one."""
    person = maybe_viewer()
    is_theirs = person is not None and person.email == invitation.email
    if request.method == "POST" and person is not None and is_theirs:
        user_id, day = person.id, today()
        act(lambda: invitations.accept_as(token, user_id, day=day))
        flash_done(_("Welcome. Your place is set."))
        return redirect(home(), code=303)
    page = render_template("accounts/join.html", invitation=invitation, agency=agency, is_theirs=is_theirs, token=token)
    return (page, 403) if request.method == "POST" else page


def accept_as_new(token: str, invitation: Invitation, agency: Agency | None) -> Page:
    """Name, password and language; the new account is signed in."""
    form = NewAccountForm(settings().language_list, name=invitation.name, language=language())
    if form.validate_on_submit():
        hashed = checked_hash(form, invitation.email)
        if hashed is not None:
            name, chosen = form.name.data, form.language.data
            day = today()
            try:
                user_id = act(
                    lambda: invitations.accept_as_new(token, name=name, password_hash=hashed, language=chosen, day=day)
                )
            except Invalid as error:
                add_problem(form, error)
            else:
                sign_in(user_id)
                flash_done(_("Welcome. Your account is ready."))
                return redirect(home(), code=303)
    return shown("accounts/welcome.html", form, invitation=invitation, agency=agency)
