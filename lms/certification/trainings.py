"""Training done elsewhere: handed in with evidence, withdrawn, approved as a course or as hours, refused, undone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from lms.catalog.models import Course
from lms.certification.issuing import hold_people
from lms.certification.models import Certificate, Evidence
from lms.certification.standing import stands
from lms.certification.training_models import ExternalTraining
from lms.database import db
from lms.errors import N_, Conflict, Invalid, Overtaken
from lms.people import audit
from lms.people.memberships import holds_on
from lms.people.models import Membership
from lms.people.names import clean_name, fold

UNDO_DAYS = 7
MOST_OPEN = 20
"""Of one person, waiting for a decision."""

MOST_MINUTES = 60_000
"""A thousand hours: more is a slip of the finger."""

EARLIEST = date(1950, 1, 1)


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says they did: checked by `checked`."""

    title: str
    provider: str
    completed_on: date
    contact_minutes: int
    course_id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """Evidence in the file store."""

    name: str
    title: str
    type: str
    hash: str


def checked(claim: Claim, today: date) -> Claim:
    """The claim made regular. Raises Invalid with the field."""
    title, provider = clean_name(claim.title), clean_name(claim.provider)
    for text, field in ((title, "title"), (provider, "provider")):
        if not text:
            raise Invalid(N_("Fill in what it was and who gave it."), field)
        if len(text) > 200:
            raise Invalid(N_("This is too long: at most 200 characters fit."), field)
    if claim.completed_on > today:
        raise Invalid(N_("The day must be in the past."), "completed_on")
    if claim.completed_on < EARLIEST:
        raise Invalid(N_("The day lies too far back. Look at the year."), "completed_on")
    if not 0 < claim.contact_minutes <= MOST_MINUTES:
        raise Invalid(N_("Enter the minutes as a whole number, for two hours 120."), "contact_minutes")
    if claim.course_id is not None and db.session.get(Course, claim.course_id) is None:
        raise Invalid(N_("There is no such course."), "course_id")
    return Claim(title, provider, claim.completed_on, claim.contact_minutes, claim.course_id, claim.note.strip())


def hand_in(user_id: int, claim: Claim, evidence: Stored | None, *, today: date, now: datetime) -> ExternalTraining:
    """A person hands in what they did elsewhere. The caller commits. Raises Invalid; Conflict for one too many."""
    claim = checked(claim, today)
    hold_people([user_id])
    waiting = db.session.scalar(
        select(func.count()).where(ExternalTraining.user_id == user_id, ExternalTraining.state == "submitted")
    )
    if (waiting or 0) >= MOST_OPEN:
        raise Conflict(N_("%(most)s records are waiting already. Wait until they are decided."), most=MOST_OPEN)
    if mark_of(user_id, claim) in marks_of([user_id]):
        raise Conflict(N_("You have handed this in already."))
    training = add(user_id, claim, entered_by_id=user_id, now=now, state="submitted", evidence=evidence)
    _note("training.handed-in", training, user_id, now)
    return training


def add(user_id: int, claim: Claim, *, entered_by_id: int, now: datetime, **columns: Any) -> ExternalTraining:
    """The row of a record. The caller commits and has checked the claim."""
    evidence: Stored | None = columns.pop("evidence", None)
    training = ExternalTraining(
        user_id=user_id,
        title=claim.title,
        provider=claim.provider,
        completed_on=claim.completed_on,
        contact_minutes=claim.contact_minutes,
        course_id=claim.course_id,
        note=claim.note,
        submitted_at=now,
        entered_by_id=entered_by_id,
        evidence_name=evidence.name if evidence else None,
        evidence_title=evidence.title if evidence else None,
        evidence_type=evidence.type if evidence else None,
        evidence_hash=evidence.hash if evidence else None,
        **columns,
    )
    db.session.add(training)
    db.session.flush()
    return training


Mark = tuple[int, str, date]
"""What makes two records the same: person, title (whatever its accents and capitals) and day."""


def mark_of(user_id: int, claim: Claim) -> Mark:
    return user_id, fold(claim.title), claim.completed_on


def marks_of(user_ids: Collection[int]) -> set[Mark]:
    """The marks of all that waits or is approved of these people. One query. (SQLite knows only the capitals of
    English, so titles are compared here.)"""
    rows = db.session.execute(
        select(ExternalTraining.user_id, ExternalTraining.title, ExternalTraining.completed_on).where(
            ExternalTraining.user_id.in_(user_ids), ExternalTraining.state.in_(("submitted", "approved"))
        )
    )
    return {(user_id, fold(title), day) for user_id, title, day in rows}


def withdraw(training: ExternalTraining, *, actor_id: int, now: datetime) -> None:
    """Its owner takes a record back before it is decided. The caller commits. Raises Conflict once it is."""
    db.session.refresh(training, with_for_update=True)
    if training.state != "submitted":
        raise Overtaken(N_("This record was decided already, so it cannot be withdrawn."))
    training.state = "withdrawn"
    _note("training.withdrawn", training, actor_id, now)


def decide(
    training: ExternalTraining,
    *,
    approve: bool,
    reason: str,
    actor_id: int,
    now: datetime,
    course_id: int | None = None,
    valid_until: date | None = None,
) -> None:
    """Approve as a course, or as hours only (no course), or refuse. The caller commits.

    Raises Invalid without a reason or for an end before the day; Conflict for one's own and for one decided already.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(N_("Say why."), "reason")
    db.session.refresh(training, with_for_update=True)
    if training.state != "submitted":
        raise Overtaken(N_("Somebody has decided this already, or it was withdrawn."))
    if training.user_id == actor_id:
        raise Conflict(N_("Somebody else has to decide on your own training."))
    if approve:
        if course_id is not None and db.session.get(Course, course_id) is None:
            raise Invalid(N_("There is no such course."), "course_id")
        if valid_until is not None and valid_until < training.completed_on:
            raise Invalid(N_("It cannot end before it was done."), "valid_until")
        training.course_id, training.valid_until = course_id, valid_until
    training.state = "approved" if approve else "refused"
    training.decided_at, training.decided_by_id, training.decided_reason = now, actor_id, reason
    _note(f"training.{training.state}", training, actor_id, now, reason)


def why_not_undo(training: ExternalTraining, now: datetime) -> str | None:
    """Why a decision cannot be undone; None where it can."""
    if training.state not in ("approved", "refused") or training.decided_at is None:
        return N_("Nothing was decided, or it was undone already.")
    if now >= training.decided_at + timedelta(days=UNDO_DAYS):
        return N_("A decision can be undone for 7 days.")
    return None


def undo_decision(training: ExternalTraining, reason: str, *, actor_id: int, now: datetime) -> None:
    """The record waits again; one from paper, which nobody handed in, is withdrawn. The caller commits, and takes back
    what was issued from it (`issued_from`). Raises Invalid, Conflict."""
    reason = reason.strip()
    if not reason:
        raise Invalid(N_("Say why."), "reason")
    hold_people([training.user_id])
    db.session.refresh(training, with_for_update=True)
    if training.user_id == actor_id:
        raise Conflict(N_("Somebody else has to decide on your own training."))
    if (problem := why_not_undo(training, now)) is not None:
        raise Conflict(problem)
    take_back(training, reason, actor_id=actor_id, now=now)


def take_back(training: ExternalTraining, reason: str, *, actor_id: int, now: datetime) -> None:
    """Undo without asking whether it is too late: for whoever asked that of a whole entry. The caller commits."""
    _note("training.decision-undone", training, actor_id, now, reason, was=training.state)
    training.state = "submitted" if training.entry_id is None else "withdrawn"
    training.decided_at = training.decided_by_id = training.decided_reason = None


def issued_from(training_ids: Collection[int]) -> list[Certificate]:
    """Certifications that stand and rest on any of these records, oldest first."""
    return list(
        db.session.scalars(
            select(Certificate)
            .where(
                Certificate.id.in_(
                    select(Evidence.certificate_id).where(Evidence.source_training_id.in_(training_ids))
                ),
                stands(),
            )
            .order_by(Certificate.id)
        )
    )


def note_look(training: ExternalTraining, actor_id: int, now: datetime) -> None:
    """Somebody else than its owner looked at the evidence. The caller commits."""
    _note("training.evidence-fetched", training, actor_id, now)


def _note(
    action: str, training: ExternalTraining, actor_id: int, now: datetime, reason: str | None = None, **detail: Any
) -> None:
    agency_id = db.session.scalar(
        select(Membership.agency_id)
        .where(Membership.user_id == training.user_id, holds_on(now.date()))
        .order_by(Membership.started_on, Membership.id)
        .limit(1)
    )
    audit.note(
        action, "training", training.id, actor_id=actor_id, agency_id=agency_id, reason=reason,
        course_id=training.course_id, **detail,
    )  # fmt: skip
