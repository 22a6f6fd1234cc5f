"""Joining an agency by the code of its poster: signed in, or registering first."""

from __future__ import annotations

import secrets

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Viewer
from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.errors import Conflict, Invalid, NotFound
from lms.people import invitations, joining
from lms.people.agency_models import JoinCode
from lms.people.invitations import Letter
from lms.people.spoken_codes import refuse_wrong_length
from lms.web.forms.agencies import JoinForm, NewcomerForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, language, maybe_viewer, public, signed_in, today, viewer
from lms.web.home import HomeSection, home_section
from lms.web.hosting import is_hosted
from lms.web.limits import by_viewer, limiter, sign_in_limit, sign_in_limit_per_address, was_refused
from lms.web.signing_in import absolute_url
from lms.web.words import discipline_name

blueprint = Blueprint("join", __name__)

Page = str | tuple[str, int] | Response


@home_section
def agency_to_join(person: Viewer) -> HomeSection | None:
    """Who works nowhere here yet is shown the way in; below a host, the host says where somebody works."""
    is_placed = person.places or person.grants or is_hosted(request.environ)
    return None if is_placed else HomeSection("accounts/_home_join.html", order=14)


@blueprint.route("/join", methods=["GET", "POST"])
@public
@limiter.limit(sign_in_limit_per_address, methods=["POST"], deduct_when=was_refused)
@limiter.limit(sign_in_limit, key_func=by_viewer, methods=["POST"], deduct_when=was_refused)
def join() -> Page:
    """Enter the code of an agency, see which it is, and ask to join."""
    return join_as_newcomer() if maybe_viewer() is None else join_as_oneself()


def join_as_oneself() -> Page:
    person = viewer()
    form = JoinForm(code=request.args.get("code", "")[:40])
    form.discipline.choices = [("", _("Choose")), *((one, discipline_name(one)) for one in DISCIPLINES)]
    code = None
    if form.validate_on_submit():
        typed, chosen = form.code.data or "", form.discipline.data or None
        try:
            code = checked_code(typed)
            if form.agency.data == str(code.agency_id):
                day, name = today(), code.agency.name
                made = act(lambda: joining.ask(typed, person.id, chosen, day=day, now=utc_now()))
                if made.state == "approved":
                    flash_done(_("You have a place at %(agency)s.", agency=name))
                else:
                    flash_done(_("%(agency)s was asked. You get a mail once it is decided.", agency=name))
                return redirect(url_for(".join"), code=303)
            form.discipline.data = code.discipline or ""
        except (Invalid, Conflict, NotFound) as error:
            add_problem(form, error, "code")
    return shown("accounts/join_code.html", form, code=code, requests=joining.own_requests(person.id))


def checked_code(typed: str) -> JoinCode:
    """The open code. Raises Invalid for a slip in typing, NotFound for one that does not work."""
    refuse_wrong_length(typed)
    return joining.find_code(typed, utc_now())


def join_as_newcomer() -> Page:
    """With a code that works, registering is open also where it is closed to everybody else: the agency invites."""
    form = NewcomerForm(code=request.args.get("code", "")[:40])
    if form.validate_on_submit():
        typed, email, token = form.code.data or "", form.email.data or "", secrets.token_urlsafe(32)
        try:
            checked_code(typed)
        except (Invalid, NotFound) as error:
            add_problem(form, error, "code")
        else:
            onward = url_for(".join", code=typed)
            letter = Letter(token, absolute_url(url_for("joining.accept", token=token, join=typed)), language())
            known = absolute_url(url_for("accounts.sign_in", next=onward))
            act(lambda: invitations.register(email, letter=letter, sign_in_link=known))
            return render_template("accounts/mail_sent.html", kind="register", hours=invitations.REGISTRATION_HOURS)
    return shown("accounts/join_newcomer.html", form)


@blueprint.post("/join/requests/<int:request_id>/withdraw")
@signed_in
def withdraw(request_id: int) -> Response:
    """Take back one's own request."""
    person = viewer()
    act(lambda: joining.withdraw(person.id, request_id, utc_now()))
    flash_done(_("You do not ask to join any more."))
    return redirect(url_for(".join"), code=303)
