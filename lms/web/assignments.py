"""Pages of assignments: the list, a new one with a look at whom it reaches, and one with its people and history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import and_, select
from werkzeug.wrappers import Response

from lms.access import allows_over, visible_agencies
from lms.catalog.facts import title_of
from lms.catalog.versions import current_versions
from lms.certification import assigned, assignment_lists
from lms.certification.assigned import OVER
from lms.certification.assignment_rules import AsOf
from lms.certification.assignments import DUE, HELD, OVERDUE, STATES, WAIVED, due_day
from lms.certification.certifying import current_rules
from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, Invalid, NotFound
from lms.learning.assignment_models import Assignment
from lms.learning.assignments import MOST_NAMED, Draft, check_draft, make_assignment
from lms.learning.exceptions import list_exceptions
from lms.people.models import Agency, AuditEvent, User
from lms.people.roster import details_of
from lms.wall.sight import SYSTEM, looking_as
from lms.web.agency_choices import agency_choices, choices_to_make, find_agency, number_in
from lms.web.forms.assignments import AssignmentForm
from lms.web.forms.refusals import add_problem
from lms.web.guards import act, flash_done, language, needs, settings, today, viewer
from lms.web.words import discipline_name

blueprint = Blueprint("assignments", __name__)

Page = str | tuple[str, int] | Response

STATE_TAGS = {
    OVERDUE: (N_("Overdue"), "error"),
    DUE: (N_("Due"), "info"),
    WAIVED: (N_("Waived"), ""),
    HELD: (N_("Held"), "ok"),
}
NOT_CARRIED = frozenset({"csrf_token", "step", "lang"})
"""Entries that the check page does not hand on: it has its own."""

MOST_ID = 2**63
LATER = 45
"""The worked example of somebody who begins to work there later."""


def as_of() -> AsOf:
    """This moment and its day in the site's zone."""
    return AsOf.at(utc_now(), settings().time_zone)


@blueprint.get("/assignments")
@needs(OVER)
def list_assignments() -> str:
    """What was assigned in the viewer's agencies, and above them, with how many are overdue."""
    lines, following = assignment_lists.list_assignments(viewer(), as_of(), before=number_in("after"))
    return render_template(
        "assignments/index.html",
        lines=lines,
        titles=assignment_lists.titles_of([one.assignment for one in lines]),
        whom=whom_words,
        next_href=url_for(".list_assignments", after=following) if following else None,
    )


@blueprint.route("/assignments/new", methods=["GET", "POST"])
@needs(OVER)
def add_assignment() -> Page:
    """Write it, look at whom it reaches and when it is due, then save it."""
    person, step = viewer(), request.form.get("step", "check")
    form = assignment_form(None if request.method == "POST" else _prefilled())
    if request.method in ("GET", "HEAD") or step == "back":
        return render_template("assignments/new.html", form=form)
    draft = _draft(form) if form.validate() else None
    if draft is None:
        return render_template("assignments/new.html", form=form), 422
    if step != "save":
        return _check_page(form, draft)
    day, now = today(), utc_now()
    try:
        number = act(lambda: make_assignment(draft, day=day, now=now, actor_id=person.id).id)
    except Invalid as error:
        add_problem(form, error)
        return render_template("assignments/new.html", form=form), 422
    flash_done(_("The assignment is saved. It counts from today, also for people who begin later."))
    return redirect(url_for(".show_assignment", assignment_id=number), code=303)


def _prefilled() -> dict[str, Any]:
    """What a link from a person's or an agency's page has chosen already."""
    return {"agency_id": number_in("agency"), "audience": request.args.get("for", "everybody"), "due_days": 30} | (
        {"people": request.args["people"][:320]} if "people" in request.args else {}
    )


def assignment_form(data: Mapping[str, Any] | None) -> AssignmentForm:
    """The form with the choices of this viewer."""
    form = AssignmentForm(data=data)
    number = form.agency_id.data
    near = db.session.get(Agency, number) if number and 0 < number < MOST_ID else None
    near = near if near is not None and allows_over(viewer(), OVER, near.path) else None
    form.agency_id.choices = choices_to_make(agency_choices(viewer(), OVER, near))
    form.what.choices = [("", _("Choose")), *things().items()]
    form.discipline.choices = [("", _("Choose")), *((code, discipline_name(code)) for code in DISCIPLINES)]
    return form


def things() -> dict[str, str]:
    """What can be assigned: courses that are offered and certifications in use."""
    courses = {f"course:{one.course_id}": title_of(one.facts, language()) for one in current_versions()}
    rules = {
        f"certification:{one.certification_id}": _("Certification: %(title)s", title=one.title(language()))
        for one in current_rules()
    }
    return courses | rules


def _draft(form: AssignmentForm) -> Draft | None:
    """What was entered, within the viewer's reach; None where it cannot be, with the problem in the form."""
    agency = find_agency(viewer(), OVER, form.agency_id.data)
    kind, _colon, number = (form.what.data or "").partition(":")
    try:
        names = form.audience.data == "people"
        draft = Draft(
            agency_id=agency.id,
            course_id=int(number) if kind == "course" else None,
            certification_id=int(number) if kind == "certification" else None,
            audience=form.audience.data,
            discipline=form.discipline.data if form.audience.data == "discipline" else None,
            due_on=form.due_on.data,
            due_days=form.due_days.data or 0,
            people=find_people(form.people.data or "", agency) if names else frozenset(),
        )
        check_draft(draft, today())
    except Invalid as error:
        add_problem(form, error)
        return None
    return draft


def find_people(text: str, agency: Agency) -> frozenset[int]:
    """Ids behind e-mail addresses. Raises Invalid for those of nobody who works there and is in the viewer's reach."""
    addresses = dict.fromkeys(word.strip("<>").lower() for word in text.replace(",", " ").replace(";", " ").split())
    if len(addresses) > MOST_NAMED:
        raise Invalid(N_("Name at most 500 people; for more, choose a discipline or an agency."), "people")
    query = select(User.email, User.id).where(User.email.in_(list(addresses)), User.id.in_(people_to_name(agency)))
    found = dict(db.session.execute(query).all())
    unknown = [address for address in addresses if address not in found]
    if unknown:
        raise Invalid(
            N_("Nobody with this address works there: %(addresses)s."), "people", addresses=", ".join(unknown[:10])
        )
    return frozenset(found.values())


def people_to_name(agency: Agency) -> Any:
    """Ids of those who work there today, in the viewer's reach."""
    here = and_(assigned.here_for(viewer(), OVER, today()), Agency.path.startswith(agency.path, autoescape=True))
    return assigned.people_here(here)


def _check_page(form: AssignmentForm, draft: Draft) -> str:
    """Whom it reaches and when it is due. Nothing is saved yet."""
    agency = db.session.get_one(Agency, draft.agency_id)
    entries = [(key, value) for key, value in request.form.items(multi=True) if key not in NOT_CARRIED]
    return render_template(
        "assignments/check.html",
        form=form,
        draft=draft,
        title=things()[form.what.data],
        agency=agency,
        entries=entries,
        whom=whom_words(draft.audience, draft.discipline),
        touched=assignment_lists.touched_by(viewer(), draft, agency.path, as_of()),
        examples=worked_examples(draft, today()),
        is_certification=draft.certification_id is not None,
    )


def worked_examples(draft: Draft, starts_on: date) -> dict[str, date]:
    """Due days of somebody who is there when it begins, and of somebody who comes later."""
    later = starts_on + timedelta(days=LATER)
    return {
        "first_due": due_day(draft.due_on, draft.due_days, starts_on, starts_on),
        "later": later,
        "later_due": due_day(draft.due_on, draft.due_days, starts_on, later),
    }


def whom_words(audience: str, discipline: str | None) -> str:
    """For whom, as a sentence's part."""
    if audience == "people":
        return str(_("people who are named"))
    if discipline is not None:
        return str(_("everybody in %(discipline)s", discipline=discipline_name(discipline)))
    return str(_("everybody"))


@blueprint.get("/assignments/<int:assignment_id>")
@needs(OVER)
def show_assignment(assignment_id: int) -> str:
    """One assignment: what it says, how its people stand, extensions and waivers, and how it came about."""
    person, moment = viewer(), as_of()
    assignment = find_assignment(assignment_id)
    state = request.args.get("state", "")
    counted, people, following = assignment_lists.people_of(person, assignment_id, moment, state=state, after=_key())
    here = assigned.people_here(assigned.here_for(person, OVER, moment.day))
    after = f"{following[0].isoformat()}.{following[1]}" if following else None
    is_ours = allows_over(person, OVER, assignment.agency.path)
    exceptions = list_exceptions(assignment_id, here)
    return render_template(
        "assignments/assignment.html",
        one=assignment,
        titles=assignment_lists.titles_of([assignment]),
        whom=whom_words(assignment.audience, assignment.discipline),
        counted=counted,
        people=people,
        details=details_of([one.user_id for one in people], visible_agencies(person, OVER), moment.day),
        state=state if state in STATES else "",
        state_tags=STATE_TAGS,
        exceptions=exceptions,
        waivers={one.user_id: one.id for one in exceptions if one.kind == "waiver" and one.ended_at is None},
        history=history_of(assignment_id) if is_ours else [],
        may_change=is_ours and assignment.ended_at is None,
        next_href=url_for(".show_assignment", assignment_id=assignment_id, state=state or None, after=after)
        if after
        else None,
    )


def find_assignment(assignment_id: int) -> Assignment:
    """One that the viewer may see: of their agencies, or of one above them. Raises NotFound."""
    found = db.session.scalars(
        select(Assignment)
        .join(Agency, Agency.id == Assignment.agency_id)
        .where(Assignment.id == assignment_id, assignment_lists.may_see(viewer()))
    ).one_or_none()
    if found is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return found


def history_of(assignment_id: int) -> list[tuple[AuditEvent, str | None]]:
    """How it was made, changed and ended, with the name of who did it, the newest first."""
    events = (
        select(AuditEvent, User.name)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .where(AuditEvent.subject_kind == "assignment", AuditEvent.subject_id == assignment_id)
    )
    with looking_as(SYSTEM):  # who did it is named, wherever they work; only for whose assignment it is
        rows = db.session.execute(events.order_by(AuditEvent.id.desc()).limit(50)).all()
    return [(row[0], row[1]) for row in rows]


def _key() -> tuple[date, int] | None:
    day, _dot, number = request.args.get("after", "").partition(".")
    try:
        return (date.fromisoformat(day), int(number)) if number.isascii() and len(number) < 19 else None
    except ValueError:
        return None
