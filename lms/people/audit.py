"""Noting who did what to whom, in the same transaction as the deed, and finding it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from lms.clock import utc_now
from lms.database import db
from lms.people.merged import accounts_of, leads_to
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
    """What a list shows; None means all. `action` is a whole action or its noun; `until` is exclusive.

    `people` are ids, as a subquery, of those who did it or to whom it was done; `held` are kinds of things with the ids
    of those that are theirs.
    """

    person_id: int | None = None
    people: Select[Any] | None = None
    held: tuple[tuple[str, Select[Any]], ...] = ()
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
    visible_agencies: Select[Any],
    wanted: AuditFilter,
    *,
    is_everywhere: bool,
    before: int | None = None,
    size: int = PAGE_SIZE,
) -> AuditPage:
    """Events of the agencies in scope, newest first, in four queries at most (those of one person in a few more).

    Those without an agency are only for who sees everything.
    """
    query = select(AuditEvent).where(*_conditions(wanted)).order_by(AuditEvent.id.desc()).limit(size + 1)
    if not is_everywhere:
        query = query.where(AuditEvent.agency_id.in_(visible_agencies))
    if before is not None:
        query = query.where(AuditEvent.id < before)
    found = db.session.scalars(query).all()
    events = found[:size]
    return AuditPage(events, events[-1].id if len(found) > size else None, *_names(events))


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.under is not None:
        below = select(Agency.id).where(Agency.path.like(f"{wanted.under}%"))
        conditions.append(AuditEvent.agency_id.in_(below))
    if wanted.person_id is not None:
        with looking_as(SYSTEM):  # an account that was put together with this one has no place any more
            ids = accounts_of(leads_to(wanted.person_id))
        conditions.append(or_(AuditEvent.actor_id.in_(ids), _is_done_to("user", ids)))
    if wanted.people is not None:
        things = (_is_done_to(kind, ids) for kind, ids in (("user", wanted.people), *wanted.held))
        conditions.append(or_(AuditEvent.actor_id.in_(wanted.people), *things))
    if wanted.action:
        is_of_noun = AuditEvent.action.startswith(f"{wanted.action}.", autoescape=True)
        conditions.append(or_(AuditEvent.action == wanted.action, is_of_noun))
    if wanted.since is not None:
        conditions.append(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(AuditEvent.at < wanted.until)
    return conditions


def _is_done_to(kind: str, ids: Any) -> ColumnElement[bool]:
    return and_(AuditEvent.subject_kind == kind, AuditEvent.subject_id.in_(ids))


def _names(events: Sequence[AuditEvent]) -> tuple[dict[int, str], dict[int, str]]:
    people = {event.actor_id for event in events} | {
        event.subject_id for event in events if event.subject_kind == "user"
    }
    agencies = {event.agency_id for event in events}
    with looking_as(SYSTEM):  # who did something to an agency is named there, wherever they work
        users = db.session.execute(select(User.id, User.name).where(User.id.in_(people - {None}))).all()
    places = db.session.execute(select(Agency.id, Agency.name).where(Agency.id.in_(agencies - {None})))
    return {row[0]: row[1] for row in users}, {row[0]: row[1] for row in places}
