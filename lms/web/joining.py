"""Pages for joining: by an invitation's link, or by registering where the site is open for that."""

from __future__ import annotations

import secrets

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import Conflict, Invalid
from lms.importing import claiming
from lms.people import invitations
from lms.people.invitations import Letter
from lms.people.merged import known_addresses
from lms.people.models import Agency, Invitation
from lms.people.providers import arriving
from lms.people.providers import joining as by_domains
from lms.people.providers.models import IdentityProvider
from lms.wall.sight import SYSTEM, looking_as
from lms.web.arriving import home
from lms.web.forms.accounts import EmailEntry, NewAccountForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, language, maybe_viewer, public, settings, today
from lms.web.limits import by_account, limiter, sign_in_limit, sign_in_limit_per_address, was_refused
from lms.web.oidc import go_to
from lms.web.passwords import checked_hash
from lms.web.signing_in import absolute_url, refuse_below_host, sign_in
from lms.web.words import discipline_name

blueprint = Blueprint("joining", __name__)
blueprint.before_request(refuse_below_host)

Page = str | tuple[str, int] | Response


@blueprint.route("/register", methods=["GET", "POST"])
@public
@limiter.limit(sign_in_limit_per_address, methods=["POST"])
@limiter.limit(sign_in_limit, key_func=by_account, methods=["POST"])
def register() -> Page:
    """Send a link that proves the address; the answer is the same whether it has an account or not."""
    is_open = settings().open_registration
    if not is_open and not by_domains.anybody_may_join():
        if request.method == "POST":
            raise NotFound
        return render_template("accounts/closed.html")
    form = EmailEntry()
    if form.validate_on_submit():
        email, token = form.email.data, secrets.token_urlsafe(32)
        letter = Letter(token, absolute_url(url_for("joining.accept", token=token)), language())
        known_link = absolute_url(url_for("accounts.sign_in"))
        if is_open or by_domains.joinable(email) is not None:
            act(lambda: invitations.register(email, letter=letter, sign_in_link=known_link))
        hours = invitations.REGISTRATION_HOURS
        return render_template("accounts/mail_sent.html", kind="register", hours=hours, is_open=is_open)
    return shown("accounts/register.html", form, is_open=is_open)


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
    if agency is not None and agency.archived_at is not None:
        return render_template("accounts/link_ended.html", kind="archived", agency=agency), 409
    try:
        if invitations.has_account(invitation):
            return accept_as_oneself(token, invitation, agency)
        required = required_for(invitation, agency)
        if required is not None:
            return accept_by_provider(token, invitation, required)
        return accept_as_new(token, invitation, agency)
    except Conflict:
        return render_template("accounts/link_ended.html", kind="invitation"), 409


def accept_as_oneself(token: str, invitation: Invitation, agency: Agency | None) -> Page:
    """Somebody with an account signs in first; the address has to be the invited one."""
    person = maybe_viewer()
    with looking_as(SYSTEM):  # an account that was put together with one's own is seen by nobody any more
        is_theirs = person is not None and invitation.email in known_addresses(person.id)
    if request.method == "POST" and person is not None and is_theirs:
        user_id, day = person.id, today()
        act(lambda: claiming.accept_as(token, user_id, day=day))
        flash_done(_("Welcome. Your place is set."))
        return redirect(home(), code=303)
    page = render_template("accounts/join.html", invitation=invitation, agency=agency, is_theirs=is_theirs, token=token)
    return (page, 403) if request.method == "POST" else page


def required_for(invitation: Invitation, agency: Agency | None) -> IdentityProvider | None:
    """The provider that people of the agency have to sign in with, invited or by their address's domain."""
    if agency is None:
        by_domain = by_domains.joinable(invitation.email)
        agency = by_domain.agency if by_domain is not None else None
    return arriving.required_at(agency) if agency is not None else None


def accept_by_provider(token: str, invitation: Invitation, required: IdentityProvider) -> Page:
    """On to the agency's provider: no password is set here. Who registered is known by their address when they come
    back; who was invited has the place that the invitation names."""
    if request.method == "POST":
        return go_to(required.id, "", invitation=token if invitation.agency_id is not None else None)
    return render_template("accounts/join_by_provider.html", invitation=invitation, provider=required)


def accept_as_new(token: str, invitation: Invitation, agency: Agency | None) -> Page:
    """Name, password and language; the new account is signed in."""
    db.session.expunge(invitation)  # hashing ends the transaction, and a stranger could not read the row again
    form = NewAccountForm(settings().language_list, name=invitation.name, language=language())
    by_domain = by_domains.joinable(invitation.email) if agency is None else None
    form.discipline.choices = [(code, discipline_name(code)) for code in DISCIPLINES]
    if by_domain is None:
        del form.discipline
    if form.validate_on_submit():
        hashed = checked_hash(form, invitation.email)
        if hashed is not None:
            name, chosen, email = form.name.data, form.language.data, invitation.email
            discipline, day = form.discipline.data if form.discipline else "", today()

            def step() -> tuple[int, bool | None]:
                made = claiming.accept_as_new(token, name=name, password_hash=hashed, language=chosen, day=day)
                return made, by_domains.join(made, email, discipline, day=day) if discipline else None

            try:
                user_id, joined = act(step)
            except Invalid as error:
                add_problem(form, error)
            else:
                sign_in(user_id)
                flash_done(_("Welcome. Your account is ready."))
                if joined is False and by_domain is not None:
                    flash_done(_("%(agency)s has been asked to give you a place.", agency=by_domain.agency.name))
                joins = request.args.get("join")
                return redirect(url_for("join.join", code=joins) if joins else home(), code=303)
    return shown("accounts/welcome.html", form, invitation=invitation, agency=agency, by_domain=by_domain)
