"""Assignments as rules: made, changed and ended with a reason. How they are dated is `certification.assignments`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select

from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.learning.assignment_models import AUDIENCES, MOST_DUE_DAYS, AssignedPerson, Assignment
from lms.people.audit import note
from lms.people.models import Agency

MOST_NAMED = 500
"""More people than this are an agency or a discipline."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an assignment says. Exactly one of course and certification; `people` where the audience is people."""

    agency_id: int
    course_id: int | None
    certification_id: int | None
    audience: str
    discipline: str | None
    due_on: date | None
    due_days: int
    people: frozenset[int] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """As the audit keeps it."""
        return {
            "audience": self.audience,
            "discipline": self.discipline,
            "due_on": self.due_on.isoformat() if self.due_on else None,
            "due_days": self.due_days,
            "people": sorted(self.people),
        }


def check_draft(draft: Draft, starts_on: date) -> None:
    """Raises Invalid with the field that has to be mended."""
    if (draft.course_id is None) == (draft.certification_id is None):
        raise Invalid(N_("Choose a course or a certification."), "what")
    if draft.audience not in AUDIENCES:
        raise Invalid(N_("Choose whom it is for."), "audience")
    if draft.audience == "discipline" and draft.discipline not in DISCIPLINES:
        raise Invalid(N_("Choose a discipline."), "discipline")
    if draft.audience == "people" and not draft.people:
        raise Invalid(N_("Enter at least one e-mail address."), "people")
    if len(draft.people) > MOST_NAMED:
        raise Invalid(N_("Name at most 500 people; for more, choose a discipline or an agency."), "people")
    if not 1 <= draft.due_days <= MOST_DUE_DAYS:
        raise Invalid(N_("Choose between 1 and 3650 days."), "due_days")
    if draft.due_on is not None and draft.due_on < starts_on:
        raise Invalid(N_("The fixed day must not lie before the day on which the assignment began."), "due_on")


def make_assignment(draft: Draft, *, day: date, now: datetime, actor_id: int) -> Assignment:
    """A rule that holds from `day` on. No row for each person, however many it reaches. The caller commits.

    Saved twice by the same hand on one day (a double click) it is one. Raises Invalid where the same was made by
    somebody else, or on an earlier day.
    """
    check_draft(draft, day)
    twin = _find_twin(draft)
    if twin is not None:
        if (twin.made_by_id, twin.starts_on) == (actor_id, day):
            return twin
        raise Invalid(N_("The same is assigned there already, with the same days."), "what")
    assignment = Assignment(
        agency_id=draft.agency_id,
        course_id=draft.course_id,
        certification_id=draft.certification_id,
        audience=draft.audience,
        discipline=draft.discipline if draft.audience == "discipline" else None,
        due_on=draft.due_on,
        due_days=draft.due_days,
        starts_on=day,
        made_at=now,
        made_by_id=actor_id,
    )
    db.session.add(assignment)
    db.session.flush()
    _name_people(assignment, draft.people if draft.audience == "people" else (), day)
    note(
        "assignment.made",
        "assignment",
        assignment.id,
        actor_id=actor_id,
        agency_id=draft.agency_id,
        course=draft.course_id,
        certification=draft.certification_id,
        after=draft.to_json(),
    )
    return assignment


def _find_twin(draft: Draft) -> Assignment | None:
    """One in force that says the same, word for word. The agency's row is held until the transaction ends."""
    db.session.execute(select(Agency.id).where(Agency.id == draft.agency_id).with_for_update())
    alike = select(Assignment).where(
        Assignment.agency_id == draft.agency_id,
        Assignment.course_id.is_not_distinct_from(draft.course_id),
        Assignment.certification_id.is_not_distinct_from(draft.certification_id),
        Assignment.audience == draft.audience,
        Assignment.due_days == draft.due_days,
        Assignment.ended_at.is_(None),
    )
    wanted = draft.to_json()
    return next((one for one in db.session.scalars(alike).all() if draft_of(one).to_json() == wanted), None)


def change_assignment(
    assignment_id: int, draft: Draft, reason: str, *, seen: int, day: date, actor_id: int
) -> Assignment:
    """Other due days, or other people where it names them; what and for which agency stays. The caller commits.

    Raises Conflict where it ended or somebody else changed it meanwhile, Invalid for what cannot be.
    """
    assignment = hold_assignment(assignment_id)
    if assignment.revision != seen:
        raise Conflict(N_("Somebody else has changed this assignment meanwhile. Look at it again."))
    check_draft(draft, assignment.starts_on)
    before = draft_of(assignment)
    if draft.to_json() == before.to_json():
        raise Invalid(N_("This is what the assignment says already."), "due_days")
    assignment.due_on, assignment.due_days = draft.due_on, draft.due_days
    if assignment.audience == "people":
        _drop_people(assignment, before.people - draft.people)
        _name_people(assignment, draft.people - before.people, day)
    assignment.revision += 1
    note(
        "assignment.changed",
        "assignment",
        assignment.id,
        actor_id=actor_id,
        agency_id=assignment.agency_id,
        reason=_said(reason),
        before=before.to_json(),
        after=draft.to_json(),
    )
    db.session.flush()
    return assignment


def end_assignment(assignment_id: int, reason: str, *, now: datetime, actor_id: int) -> Assignment:
    """Nobody is overdue with it any more, and nobody is reminded. What was done stays. The caller commits."""
    assignment = hold_assignment(assignment_id)
    assignment.ended_at, assignment.ended_by_id, assignment.ended_reason = now, actor_id, _said(reason)
    note(
        "assignment.ended",
        "assignment",
        assignment.id,
        actor_id=actor_id,
        agency_id=assignment.agency_id,
        reason=assignment.ended_reason,
    )
    db.session.flush()
    return assignment


def hold_assignment(assignment_id: int) -> Assignment:
    """The locked row of one that has not ended. Raises NotFound, Conflict."""
    assignment = db.session.get(Assignment, assignment_id, with_for_update=True)
    if assignment is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if assignment.ended_at is not None:
        raise Conflict(N_("This assignment has ended already."))
    return assignment


def draft_of(assignment: Assignment) -> Draft:
    """What an assignment says now."""
    people = db.session.scalars(select(AssignedPerson.user_id).where(AssignedPerson.assignment_id == assignment.id))
    return Draft(
        assignment.agency_id,
        assignment.course_id,
        assignment.certification_id,
        assignment.audience,
        assignment.discipline,
        assignment.due_on,
        assignment.due_days,
        frozenset(people),
    )


def _name_people(assignment: Assignment, user_ids: Collection[int], day: date) -> None:
    db.session.add_all(
        AssignedPerson(assignment_id=assignment.id, user_id=user_id, added_on=day) for user_id in sorted(user_ids)
    )
    db.session.flush()


def _drop_people(assignment: Assignment, user_ids: Collection[int]) -> None:
    db.session.execute(
        delete(AssignedPerson).where(
            AssignedPerson.assignment_id == assignment.id, AssignedPerson.user_id.in_(sorted(user_ids))
        )
    )


def _said(reason: str) -> str:
    text = reason.strip()
    if not text:
        raise Invalid(N_("Say why."), "reason")
    return text
