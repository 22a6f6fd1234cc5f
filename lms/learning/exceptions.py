"""Extensions, waivers, and learners who ask for more time: kept with their reasons, undone, never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.learning.assignment_models import Assignment, AssignmentException, ExtensionRequest
from lms.people.audit import note
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership

OWN = N_("Somebody else has to decide on what is your own.")


def give_exception(
    assignment: Assignment, user_id: int, kind: str, until_on: date | None, reason: str, *, now: datetime, actor_id: int
) -> AssignmentException:
    """An extension or a waiver for one person, in the place of an earlier one of the kind. The caller commits, and has
    seen that both are within the actor's reach and that the day makes sense. Raises Conflict for one's own."""
    if user_id == actor_id:
        raise Conflict(OWN)
    for earlier in current_exceptions(assignment.id, user_id, kind):
        _end(earlier, N_("Replaced by a new one."), now, actor_id)
    asked = open_request(assignment.id, user_id)
    if asked is not None:  # with this it is answered, even where another day was wished
        _close(asked, reason, now, actor_id, is_granted=True)
    db.session.flush()
    given = AssignmentException(
        assignment_id=assignment.id,
        user_id=user_id,
        kind=kind,
        until_on=until_on,
        reason=_said(reason),
        given_at=now,
        given_by_id=actor_id,
    )
    db.session.add(given)
    db.session.flush()
    _note(f"{kind}.given", given, assignment, actor_id, given.reason)
    return given


def undo_exception(exception_id: int, reason: str, *, now: datetime, actor_id: int) -> AssignmentException:
    """As if it had not been given, from now on. The caller commits. Raises NotFound, Overtaken, Conflict."""
    found = db.session.get(AssignmentException, exception_id, with_for_update=True)
    if found is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if found.ended_at is not None:
        raise Overtaken(N_("This was undone already."))
    if found.user_id == actor_id:
        raise Conflict(OWN)
    _end(found, _said(reason), now, actor_id)
    db.session.flush()
    _note(f"{found.kind}.undone", found, db.session.get_one(Assignment, found.assignment_id), actor_id, reason)
    return found


def current_exceptions(assignment_id: int, user_id: int, kind: str) -> Sequence[AssignmentException]:
    """Those that hold: at most one."""
    return db.session.scalars(
        select(AssignmentException).where(
            AssignmentException.assignment_id == assignment_id,
            AssignmentException.user_id == user_id,
            AssignmentException.kind == kind,
            AssignmentException.ended_at.is_(None),
        )
    ).all()


def list_exceptions(assignment_id: int, people: Any, limit: int = 200) -> Sequence[AssignmentException]:
    """Those of an assignment for the people in reach, the newest first, undone ones too."""
    return db.session.scalars(
        select(AssignmentException)
        .where(AssignmentException.assignment_id == assignment_id, AssignmentException.user_id.in_(people))
        .order_by(AssignmentException.id.desc())
        .limit(limit)
    ).all()


def ask_for_time(
    assignment_id: int, user_id: int, wished_on: date, reason: str, *, due_on: date, day: date, now: datetime
) -> ExtensionRequest:
    """A learner asks for a later day. The caller commits. Raises Invalid, Conflict where one is open already; one whose
    wished day has passed gives way."""
    if wished_on <= due_on or wished_on <= day:
        raise Invalid(N_("Choose a day that is later than the present one and has not passed."), "wished_on")
    earlier = open_request(assignment_id, user_id)
    if earlier is not None and earlier.wished_on > day:
        raise Conflict(N_("You have asked already. Your administrator will decide."))
    if earlier is not None:
        _close(earlier, N_("Replaced by a new one."), now, user_id, is_granted=False)
        db.session.flush()
    asked = ExtensionRequest(
        assignment_id=assignment_id, user_id=user_id, wished_on=wished_on, reason=_said(reason), asked_at=now
    )
    db.session.add(asked)
    db.session.flush()
    agency_id = _agency_of(user_id, db.session.get_one(Assignment, assignment_id), now)
    note(
        "extension.asked",
        "user",
        user_id,
        actor_id=user_id,
        agency_id=agency_id,
        reason=asked.reason,
        assignment=assignment_id,
        until=wished_on.isoformat(),
    )
    return asked


def open_request(assignment_id: int, user_id: int) -> ExtensionRequest | None:
    """What a person has asked for and nobody has decided."""
    return db.session.scalars(
        select(ExtensionRequest).where(
            ExtensionRequest.assignment_id == assignment_id,
            ExtensionRequest.user_id == user_id,
            ExtensionRequest.decided_at.is_(None),
        )
    ).one_or_none()


def decide_request(request_id: int, *, is_granted: bool, reason: str, now: datetime, actor_id: int) -> ExtensionRequest:
    """Note the decision; a granted one is given by whoever calls. The caller commits. Raises NotFound, Overtaken,
    Conflict."""
    asked = db.session.get(ExtensionRequest, request_id, with_for_update=True)
    if asked is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if asked.decided_at is not None:
        raise Overtaken(N_("Somebody has decided this already, or it was withdrawn."))
    if asked.user_id == actor_id:
        raise Conflict(OWN)
    _close(asked, reason, now, actor_id, is_granted=is_granted)
    note(
        "extension.decided",
        "user",
        asked.user_id,
        actor_id=actor_id,
        agency_id=_agency_of(asked.user_id, db.session.get_one(Assignment, asked.assignment_id), now),
        reason=asked.decided_reason,
        assignment=asked.assignment_id,
        granted=is_granted,
    )
    db.session.flush()
    return asked


def _end(one: AssignmentException, reason: str, now: datetime, actor_id: int) -> None:
    one.ended_at, one.ended_by_id, one.ended_reason = now, actor_id, reason


def _close(asked: ExtensionRequest, reason: str, now: datetime, actor_id: int, *, is_granted: bool) -> None:
    asked.decided_at, asked.decided_by_id, asked.is_granted = now, actor_id, is_granted
    asked.decided_reason = _said(reason)


def _note(action: str, one: AssignmentException, assignment: Assignment, actor_id: int, reason: str) -> None:
    note(
        action,
        "user",
        one.user_id,
        actor_id=actor_id,
        agency_id=_agency_of(one.user_id, assignment, one.ended_at or one.given_at),
        reason=reason,
        assignment=assignment.id,
        until=one.until_on.isoformat() if one.until_on else None,
    )


def _agency_of(user_id: int, assignment: Assignment, now: datetime) -> int:
    """Where the person works in the assignment's reach: the audit of that agency, and of those above it, has the event.
    Of an assignment from above the agency's own administrators would not see it otherwise."""
    places = (
        select(Membership.agency_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(
            Membership.user_id == user_id,
            holds_on(now.date()),
            Agency.path.startswith(db.session.get_one(Agency, assignment.agency_id).path, autoescape=True),
        )
    )
    return db.session.scalar(places.order_by(Membership.id).limit(1)) or assignment.agency_id


def _said(reason: str) -> str:
    text = reason.strip()
    if not text:
        raise Invalid(N_("Say why."), "reason")
    return text
