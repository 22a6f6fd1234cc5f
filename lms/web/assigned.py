"""What is assigned to oneself: on the home page and a page of its own, asking for more time; which mails one wants."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms import assigning
from lms.access import Permission, Viewer
from lms.certification.assigned import assigned_to, one_for_each
from lms.certification.assignments import DUE, OVERDUE
from lms.database import db
from lms.errors import N_, Conflict, Invalid
from lms.learning.assignment_models import ExtensionRequest
from lms.learning.exceptions import ask_for_time
from lms.people.models import Agency
from lms.people.notices import Wishes, keep_wishes, load_wishes
from lms.web.agency_choices import filter_choices, find_agency
from lms.web.assignments import STATE_TAGS, as_of
from lms.web.forms.assignments import NoticesForm, RequestForm
from lms.web.forms.refusals import add_problem
from lms.web.guards import act, flash_done, language, signed_in, today, viewer
from lms.web.home import HomeSection, home_section

blueprint = Blueprint("assigned", __name__)

DIGEST_ROLE = "agency-administrator"
"""Whoever administers the state alone gets no overview, and has nothing to choose."""

Page = str | tuple[str, int] | Response


@home_section
def assigned_training(person: Viewer) -> HomeSection | None:
    """What is assigned and not done, the most urgent first."""
    lines = [one for one in one_for_each(assigned_to(person.id, as_of())) if one.state in (OVERDUE, DUE)]
    return (
        HomeSection("assignments/_home.html", {"lines": lines[:5], "more": len(lines) - 5}, order=10) if lines else None
    )


@blueprint.get("/learning")
@signed_in
def show_assigned() -> str:
    """Everything that is assigned: by whom, due when, overdue since when, what is held already."""
    person = viewer()
    lines = one_for_each(assigned_to(person.id, as_of()))
    waiting = select(ExtensionRequest.assignment_id, ExtensionRequest.wished_on).where(
        ExtensionRequest.user_id == person.id,
        ExtensionRequest.decided_at.is_(None),
        ExtensionRequest.wished_on > today(),
    )
    return render_template(
        "assignments/learning.html",
        lines=lines,
        state_tags=STATE_TAGS,
        asked=dict(db.session.execute(waiting).all()),
    )


@blueprint.route("/learning/assignments/<int:assignment_id>/request", methods=["GET", "POST"])
@signed_in
def ask_more_time(assignment_id: int) -> Page:
    """Ask for a later day, with a reason; it goes to the administrators of one's agency."""
    person, moment = viewer(), as_of()
    one = assigning.find_for(None, assignment_id, person.id, moment)
    if one.state not in (OVERDUE, DUE):
        raise Conflict(N_("Nothing is due here: you hold it, or it is waived."))
    form = RequestForm()
    day, reason = form.wished_on.data, form.reason.data or ""
    if form.validate_on_submit() and day is not None:
        try:
            step = partial(ask_for_time, assignment_id, person.id, day, reason)
            act(lambda: step(due_on=one.due_on, day=moment.day, now=moment.now))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("Your request is sent. You get a mail once it is decided."))
            return redirect(url_for(".show_assigned"), code=303)
    page = render_template("assignments/ask.html", form=form, one=one, title=one.title(language()))
    return (page, 422) if form.errors else page


@blueprint.route("/account/mails", methods=["GET", "POST"])
@signed_in
def choose_mails() -> Page:
    """The first reminder, refreshers, and the weekly overview of who has people to look after."""
    person = viewer()
    kept = load_wishes(person.id)
    form = NoticesForm(
        data={
            "wants_first_reminder": kept.wants_first_reminder,
            "wants_refreshers": kept.wants_refreshers,
            "digest": kept.digest,
            "digest_agency_id": kept.digest_agency_id,
        }
    )
    if DIGEST_ROLE in person.roles:
        chosen = db.session.get(Agency, kept.digest_agency_id) if kept.digest_agency_id else None
        form.digest_agency_id.choices = filter_choices(person, Permission.SEE_REPORTS, chosen)
    else:
        del form.digest, form.digest_agency_id
    if form.validate_on_submit():
        wishes = _wishes(form, kept)
        act(lambda: keep_wishes(person.id, wishes))
        flash_done(_("Your choice is saved."))
        return redirect(url_for(".choose_mails"), code=303)
    page = render_template("assignments/mails.html", form=form)
    return (page, 422) if form.errors else page


def _wishes(form: NoticesForm, kept: Wishes) -> Wishes:
    """What was chosen. Raises NotFound for an agency out of reach."""
    first, refreshers = bool(form.wants_first_reminder.data), bool(form.wants_refreshers.data)
    if form.digest is None:
        return Wishes(first, kept.digest, kept.digest_agency_id, refreshers)
    number = form.digest_agency_id.data
    agency_id = find_agency(viewer(), Permission.SEE_REPORTS, number).id if number else None
    return Wishes(first, form.digest.data or kept.digest, agency_id, refreshers)
