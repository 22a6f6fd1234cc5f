"""Noting who did what to whom, in the same transaction as the deed, and finding it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from lms.clock import utc_now
from lms.database import db
from lms.people.models import Agency, AuditEvent, User
from lms.wall.sight import SYSTEM, looking_as

PAGE_SIZE = 50


def note(
    action: str,
    subject_kind: str,
    subject_id: int | None,
    *,
    actor_id: int | None,
    agency_id: int | None = None,
    reason: str | None = None,
    **detail: Any,
) -> AuditEvent:
    """Add an audit event to the present transaction. `action` is noun.verb, e.g. `certificate.issued`.

    `detail` holds ids and plain values, never a name or an answer. The caller commits.
    """
    event = AuditEvent(
        at=utc_now(),
        actor_id=actor_id,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        agency_id=agency_id,
        detail=detail,
        reason=reason,
    )
    db.session.add(event)
    return event


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What a list shows; None means all. `action` is a whole action or its noun; `until` is exclusive."""

    person_id: int | None = None
    under: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Newest first; `next_before` is the id that the next page begins below."""

    events: Sequence[AuditEvent]
    next_before: int | None
    people: dict[int, str]
    agencies: dict[int, str]


def list_events(
    visible_agencies: Select[Any], wanted: AuditFilter, *, is_everywhere: bool, before: int | None = None
) -> AuditPage:
    """Events of the agencies in scope, newest first, in four queries at most.

    Those without an agency are only for who sees everything.
    """
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(PAGE_SIZE + 1)
    if not is_everywhere:
        query = query.where(AuditEvent.agency_id.in_(visible_agencies))
    if wanted.under is not None:
        below = select(Agency.id).where(Agency.path.like(f"{wanted.under}%"))
        query = query.where(AuditEvent.agency_id.in_(below))
    if wanted.person_id is not None:
        is_subject = (AuditEvent.subject_kind == "user") & (AuditEvent.subject_id == wanted.person_id)
        query = query.where(or_(AuditEvent.actor_id == wanted.person_id, is_subject))
    if wanted.action:
        query = query.where(
            or_(AuditEvent.action == wanted.action, AuditEvent.action.startswith(f"{wanted.action}.", autoescape=True))
        )
    if wanted.since is not None:
        query = query.where(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEvent.at < wanted.until)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    found = db.session.scalars(query).all()
    events = found[:PAGE_SIZE]
    return AuditPage(events, events[-1].id if len(found) > PAGE_SIZE else None, *_names(events))


def _names(events: Sequence[AuditEvent]) -> tuple[dict[int, str], dict[int, str]]:
    people = {event.actor_id for event in events} | {
        event.subject_id for event in events if event.subject_kind == "user"
    }
    agencies = {event.agency_id for event in events}
    with looking_as(SYSTEM):  # who did something to an agency is named there, wherever they work
        users = db.session.execute(select(User.id, User.name).where(User.id.in_(people - {None}))).all()
    places = db.session.execute(select(Agency.id, Agency.name).where(Agency.id.in_(agencies - {None})))
    return {row[0]: row[1] for row in users}, {row[0]: row[1] for row in places}
