"""Coming back from a provider: signed in at once where it is known who it is, else a question or two."""

from __future__ import annotations

import secrets

from flask import Blueprint, redirect, render_template, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import Conflict, Invalid, LmsError
from lms.importing import claiming
from lms.people import second_factors
from lms.people.models import User
from lms.people.providers import arriving, sign_ins
from lms.people.providers.arriving import Arrival
from lms.people.providers.models import IdentityProvider
from lms.people.providers.problems import ProviderProblem
from lms.people.providers.sign_ins import Found, Way
from lms.wall.sight import SYSTEM, looking_as
from lms.web.arriving import home
from lms.web.forms.providers import NewPersonForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, language, maybe_viewer, public, settings, today
from lms.web.second_step import ask_second_step
from lms.web.signing_in import (
    ARRIVAL,
    BROWSER,
    INVITATION,
    begin_half,
    demo_is_allowed,
    refuse_below_host,
    safe_next,
    sign_in,
)
from lms.web.words import discipline_name

blueprint = Blueprint("arriving", __name__)
blueprint.before_request(refuse_below_host)

Page = str | tuple[str, int] | Response


def browser_key() -> str:
    """What binds a way to a provider to this browser: random, in its own session."""
    if BROWSER not in session:
        session[BROWSER] = secrets.token_urlsafe(24)
    return str(session[BROWSER])


def problem_page(problem: LmsError, *, is_noted: bool = False) -> tuple[str, int]:
    """Why nobody is signed in, and what can be done. `is_noted`: it stands on the provider's page, too."""
    text = _(problem.message, **problem.values)
    return render_template("accounts/provider_problem.html", text=text, is_noted=is_noted), problem.status


def go_on(taken: Way, found: Found) -> Page:
    """With who the provider says it is: into the account, or to the questions of a first sign-in."""
    sign_in_id = taken.id
    ticket = act(lambda: sign_ins.keep_found(sign_in_id, found))
    session[ARRIVAL] = ticket
    row = open_arrival()
    assert row is not None
    return settle(row)


def open_arrival() -> Way | None:
    """The sign-in whose questions are open in this browser."""
    return sign_ins.find_open(session.get(ARRIVAL), session.get(BROWSER))


def settle(row: Way) -> Page:
    """Sign in who is known, proven or invited; else lead to the questions."""
    invitation = session.pop(INVITATION, None)
    try:
        arrival = recognized(row)
    except ProviderProblem as problem:
        return refused(row, problem)
    if invitation is not None:
        return enter_invited(row, arrival, invitation)
    if arrival.question or (arrival.user_id is None and not row.found.name):
        return redirect(url_for("arriving.answer"), code=303)
    return enter(row, arrival)


def recognized(row: Way) -> Arrival:
    with looking_as(SYSTEM):  # nobody is signed in yet
        return arriving.recognize(provider_of(row), row.found, today())


def provider_of(row: Way) -> IdentityProvider:
    return sign_ins.find_provider(row.provider_id)


def enter(row: Way, arrival: Arrival, *, name: str = "", discipline: str | None = None) -> Page:
    """Take the account or make one, and begin the session. Raises Invalid."""
    found, day, spoken, sign_in_id, provider_id = (row.found, today(), language(), row.id, row.provider_id)

    def step() -> int:
        provider = sign_ins.find_provider(provider_id)
        sign_ins.use_open(sign_in_id)
        if arrival.user_id is None:
            return arriving.make_account(provider, found, name=name, discipline=discipline, language=spoken, day=day)
        if arrival.is_known:
            arriving.note_use(provider, found, arrival.user_id)
            return arrival.user_id
        return arriving.take_account(provider, found, arrival.user_id, discipline=discipline, day=day)

    try:
        user_id = act(step)
    except (ProviderProblem, Conflict) as problem:
        return refused(row, problem)
    return entered(row, user_id)


def enter_invited(row: Way, arrival: Arrival, token: str) -> Page:
    """Accept the invitation whose link led to the provider, and begin the session: nothing is asked."""
    found, day, spoken, sign_in_id, provider_id = (row.found, today(), language(), row.id, row.provider_id)

    def step() -> int:
        provider = sign_ins.find_provider(provider_id)
        sign_ins.use_open(sign_in_id)
        return claiming.accept_by_provider(token, provider, found, arrival.user_id, language=spoken, day=day)

    try:
        user_id = act(step)
    except (ProviderProblem, Conflict, Invalid) as problem:
        return refused(row, problem)
    flash_done(_("Welcome. Your place is set."))
    return entered(row, user_id)


def entered(row: Way, user_id: int) -> Page:
    """The session begins, as after a password."""
    session.pop(ARRIVAL, None)
    with looking_as(SYSTEM):
        if db.session.get_one(User, user_id).is_demo and not demo_is_allowed():
            return problem_page(ProviderProblem(arriving.SWITCHED_OFF))
    if second_factors.factors_of(user_id):  # what a provider asked for is its agency's; one's own factor holds as well
        begin_half(user_id)
        return ask_second_step(user_id, safe_next(row.target, home()), "")
    sign_in(user_id)
    return redirect(safe_next(row.target, home()), code=303)


def refused(row: Way | None, problem: LmsError, *, is_here: bool = True) -> tuple[str, int]:
    """Why nobody is signed in, kept for the provider's page, too. `is_here`: whether the request came with our cookie;
    without one the session of this browser is left as it is."""
    if is_here:
        session.pop(ARRIVAL, None)
    is_noted = row is not None and isinstance(problem, ProviderProblem)
    if row is not None and isinstance(problem, ProviderProblem):
        provider_id = row.provider_id
        act(lambda: sign_ins.note_problem(provider_id, problem))
    return problem_page(problem, is_noted=is_noted)


@blueprint.route("/sign-in/agency/answer", methods=["GET", "POST"])
@public
def answer() -> Page:
    """The questions of a first sign-in: an account that is there already, or a new one and its discipline."""
    row = open_arrival()
    if row is None:
        return problem_page(ProviderProblem(sign_ins.OVER))
    try:
        arrival = recognized(row)
    except ProviderProblem as problem:
        return refused(row, problem)
    found = row.found
    form = NewPersonForm(name=found.name)
    form.discipline.choices = [(code, discipline_name(code)) for code in DISCIPLINES]
    provider = provider_of(row)
    if provider.discipline:
        form.discipline.data = form.discipline.data or provider.discipline
    if arrival.user_id is not None:
        del form.name
    if form.validate_on_submit():
        name = form.name.data if form.name else ""
        try:
            return enter(row, arrival, name=name, discipline=form.discipline.data)
        except Invalid as error:
            add_problem(form, error)
    return shown(
        "accounts/first_sign_in.html",
        form,
        found=found,
        provider=provider_of(row),
        asks_account=arrival.question == "account",
        is_open=settings().open_registration,
    )


@blueprint.route("/sign-in/agency/link", methods=["GET", "POST"])
@public
@fresh
def link_account() -> Page:
    """Somebody who has an account signed in with it once: ask, then let the provider's sign-in lead there. It is a new
    way into the account, and so wants a recent proof: an open screen is not enough."""
    row, person = open_arrival(), maybe_viewer()
    if row is None:
        return problem_page(ProviderProblem(sign_ins.OVER))
    if person is None:
        return redirect(url_for("accounts.sign_in", next=url_for("arriving.link_account")), code=303)
    found = row.found
    try:
        known = recognized(row)
    except ProviderProblem as problem:
        return refused(row, problem)
    form = NewPersonForm()
    del form.name
    form.discipline.choices = [(code, discipline_name(code)) for code in DISCIPLINES]
    if person.places:
        form.discipline.data = form.discipline.data or person.places[0].discipline
    if known.is_known and known.user_id != person.id:
        return refused(row, Conflict(arriving.TAKEN))
    if form.validate_on_submit():
        discipline, day = form.discipline.data, today()

        def step() -> int:
            provider = provider_of(row)
            sign_ins.use_open(row.id)
            return arriving.take_account(provider, found, person.id, discipline=discipline, day=day)

        try:
            act(step)
        except (ProviderProblem, Conflict) as problem:
            return refused(row, problem)
        session.pop(ARRIVAL, None)  # the sign-in goes on as it is, with the second factor that was shown
        flash_done(_("From now on you can sign in with %(provider)s.", provider=provider_of(row).name))
        return redirect(safe_next(row.target, home()), code=303)
    return shown("accounts/link_account.html", form, found=found, provider=provider_of(row), person=person)
