"""Walking the audit's chain from its first link: where it is broken first, at which event, and in which way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select

from lms.clock import utc_now
from lms.database import db
from lms.people.anchors import heads_mailed
from lms.people.audit_models import AuditLink, AuditWaiting
from lms.people.models import AuditEvent
from lms.people.sealing import BLANKED, START, Head, digest_of, digest_of_reason, head_after

PAGE = 1000
"""So many links are held at a time, and so far ahead a link that stands in a wrong place is looked for."""

LATE = timedelta(hours=1)
"""No transaction lasts so long: an event that claims to be older than what was sealed before it was dated back, or
the clock of a machine was wrong."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first broken place. `kind`: changed, removed, inserted, reordered, or head (an earlier head is not there)."""

    kind: str
    position: int
    event_id: int | None
    detail: str


@dataclass
class Check:
    """What a walk found."""

    head: Head = field(default_factory=lambda: Head(0, START, None))
    sealed: int = 0
    waiting: int = 0
    waiting_since: datetime | None = None
    blanked: list[tuple[int, datetime]] = field(default_factory=list)
    """Event and day of the first hundred reasons that an erasure took away."""
    blanked_count: int = 0
    late: list[int] = field(default_factory=list)
    """The first hundred events that claim to be much older than what was sealed before them."""
    broken: Break | None = None
    compared: int = 0
    """Heads that were noted or mailed earlier and compared."""


Row = tuple[AuditLink, AuditEvent | None]


def check_chain(noted_head: str | None = None) -> Check:
    """Walk all of it, in bounded memory; stops at the first broken place. Reads only.

    `noted_head` is one that was noted earlier: it must still be in the chain, else somebody wrote all of it anew. Those
    that were mailed are compared too, as far as their messages are there: an end that was cut off shows by them.
    """
    check = Check()
    newest: datetime | None = None
    is_head_found = noted_head is None or noted_head == START
    mailed = heads_mailed()
    check.compared = len(mailed) + (noted_head is not None)
    for page in _pages():
        for index, (link, event) in enumerate(page):
            check.broken = _look(check, link, event, page[index:])
            if check.broken is not None:
                return check
            assert event is not None, "a link without its event is broken"
            if newest is not None and event.at < newest - LATE and len(check.late) < 100:
                check.late.append(event.id)
            newest = event.at if newest is None else max(newest, event.at)
            check.sealed, check.head = check.sealed + 1, Head(link.position, link.head, link.sealed_at)
            is_head_found = is_head_found or link.head == noted_head
            if mailed.pop(link.position, link.head) != link.head:
                check.broken = Break("head", link.position, event.id, "another head was mailed of this place")
                return check
    check.waiting = db.session.scalar(select(func.count()).select_from(AuditWaiting)) or 0
    check.waiting_since = waiting_since()
    check.broken = _find_inserted(check.head.position)
    if check.broken is None and mailed:
        cut = f"the end was cut off: {max(mailed)} events were sealed when a head was mailed"
        check.broken = Break("head", check.head.position, None, cut)
    if check.broken is None and not is_head_found:
        check.broken = Break("head", check.head.position, None, "the head that was noted earlier is not in the chain")
    return check


def waiting_since() -> datetime | None:
    """The moment of the oldest event that waits for its seal."""
    return db.session.scalar(select(func.min(AuditWaiting.at)))


def _pages() -> Iterator[list[Row]]:
    after = 0
    while True:
        rows = db.session.execute(
            select(AuditLink, AuditEvent)
            .outerjoin(AuditEvent, AuditEvent.id == AuditLink.event_id)
            .where(AuditLink.position > after)
            .order_by(AuditLink.position)
            .limit(PAGE)
            .execution_options(populate_existing=True)
        ).all()
        if not rows:
            return
        after = rows[-1][0].position
        yield [(row[0], row[1]) for row in rows]
        db.session.expunge_all()


def _look(check: Check, link: AuditLink, event: AuditEvent | None, ahead: list[Row]) -> Break | None:
    expected = check.head.position + 1
    if event is None:
        return Break("removed", link.position, link.event_id, "the event is gone, its link is there")
    if link.position != expected:
        return Break("removed", expected, None, f"the link is gone; the next one is {link.position}")
    reason_digest, trouble = _reason(check, link, event)
    if trouble is not None or digest_of(event, reason_digest) != link.digest:
        return Break("changed", link.position, event.id, trouble or "the event is not what was sealed")
    if head_after(check.head.head, expected, link.digest, link.sealed_at) == link.head:
        return None
    return _misplaced(check.head.head, expected, ahead)


def _reason(check: Check, link: AuditLink, event: AuditEvent) -> tuple[str | None, str | None]:
    """What stands for the reason, and what is wrong with it."""
    if event.reason is not None:
        if link.reason_digest is None or link.reason_salt is None:
            return None, "a reason was added"
        return digest_of_reason(link.reason_salt, event.reason), None
    if link.reason_digest is None:
        return None, None
    is_noted = db.session.scalar(
        select(AuditEvent.id)
        .where(
            AuditEvent.subject_kind == "audit-event", AuditEvent.subject_id == event.id, AuditEvent.action == BLANKED
        )
        .limit(1)
    )
    if link.blanked_at is None or is_noted is None:
        return link.reason_digest, "the reason was removed, and no erasure says so"
    check.blanked_count += 1
    if len(check.blanked) < 100:
        check.blanked.append((event.id, link.blanked_at))
    return link.reason_digest, None


def _misplaced(before: str, position: int, ahead: list[Row]) -> Break:
    """The event is what was sealed, but does not belong here: which way the order was broken."""
    link, _event = ahead[0]
    for index, (other, _other_event) in enumerate(ahead[1:], 1):
        due = head_after(before, position, other.digest, other.sealed_at)
        if due not in (link.head, other.head):
            continue
        previous = due if index == 1 else ahead[index - 1][0].head
        there = head_after(previous, other.position, link.digest, link.sealed_at)
        if there in (link.head, other.head):
            return Break("reordered", position, link.event_id, f"event {other.event_id} belongs here")
        return Break("inserted", position, link.event_id, f"event {other.event_id} belongs here")
    return Break("changed", position, link.event_id, "the event and its link were changed together, or what is before")


def _find_inserted(position: int) -> Break | None:
    """An event that is neither sealed nor waits: it was put in past the program, or its link was taken off."""
    found = db.session.execute(
        select(AuditEvent.id, AuditEvent.at)
        .outerjoin(AuditLink, AuditLink.event_id == AuditEvent.id)
        .outerjoin(AuditWaiting, AuditWaiting.event_id == AuditEvent.id)
        .where(AuditLink.position.is_(None), AuditWaiting.event_id.is_(None))
        .order_by(AuditEvent.id)
        .limit(1)
    ).first()
    if found is None:
        return None
    return Break("inserted", position, found[0], "the event has no link and does not wait for one")


def lag_seconds(now: datetime | None = None) -> int:
    """For how long the oldest unsealed event has waited."""
    since = waiting_since()
    return 0 if since is None else max(0, int(((now or utc_now()) - since).total_seconds()))
