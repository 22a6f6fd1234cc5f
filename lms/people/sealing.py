"""Sealing the audit: the worker links each new event to the one before by hashes, so that a later change shows."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, text, update

from lms.clock import utc_now
from lms.database import db, dialect_name, run_transaction
from lms.errors import N_, NotFound
from lms.people.audit import note
from lms.people.audit_models import AuditLink, AuditWaiting
from lms.people.models import AuditEvent

BATCH = 200
"""Hashed and linked in a few milliseconds: nobody else's write on SQLite waits longer."""

EVERY_SECONDS = 5

START = "0" * 64
"""The head of a chain without a link."""

FORM = "lms-audit-1"
"""Names the canonical form; another form gets another name."""

SEALING_LOCK = 0x6C6D735F7365616C
"""The number of PostgreSQL's advisory lock that a sealing transaction holds: `lms_seal` in letters."""

BLANKED = "audit.reason-blanked"


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain stands: to be noted somewhere else, as what `lms audit verify --head` compares with."""

    position: int
    head: str
    sealed_at: datetime | None


def digest_of_reason(salt: str, reason: str) -> str:
    """What stands for a reason, also once it is gone."""
    return hashlib.sha256(f"{salt}:{reason}".encode()).hexdigest()


def digest_of(event: AuditEvent, reason_digest: str | None) -> str:
    """SHA-256 over the canonical form of an event: JSON, keys sorted, no spaces, the moment in UTC to the microsecond,
    the reason by its own digest."""
    form = {
        "form": FORM,
        "id": event.id,
        "at": event.at.isoformat(timespec="microseconds"),
        "actor_id": event.actor_id,
        "action": event.action,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "agency_id": event.agency_id,
        "detail": event.detail,
        "reason": reason_digest,
    }
    return _sha(form)


def head_after(before: str, position: int, digest: str, sealed_at: datetime) -> str:
    """The head of a link: over the head before it, its place, its event and its moment."""
    return _sha([before, position, digest, sealed_at.isoformat(timespec="microseconds")])


def _sha(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def present_head() -> Head:
    """The last link's, or the start."""
    last = db.session.scalars(select(AuditLink).order_by(AuditLink.position.desc()).limit(1)).first()
    return Head(last.position, last.head, last.sealed_at) if last else Head(0, START, None)


def head_since(moment: datetime) -> int:
    """How many links were added since."""
    return db.session.scalar(select(func.count()).select_from(AuditLink).where(AuditLink.sealed_at >= moment)) or 0


def seal_batch(limit: int = BATCH) -> int:
    """Link the events that wait, the lowest ids first; how many. The caller commits.

    Only one transaction seals at a time. What waits is a table, not "ids above the last one": an event whose
    transaction commits late, with a lower id, waits from then on like any other and is never passed over.
    """
    if dialect_name() == "postgresql":  # on SQLite there is only one writer anyway
        db.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": SEALING_LOCK})
    events = db.session.scalars(
        select(AuditEvent)
        .join(AuditWaiting, AuditWaiting.event_id == AuditEvent.id)
        .order_by(AuditEvent.id)
        .limit(limit)
        .execution_options(populate_existing=True)
    ).all()
    if not events:
        return 0
    db.session.execute(insert(AuditLink), _links(events, present_head(), utc_now()))
    db.session.execute(delete(AuditWaiting).where(AuditWaiting.event_id.in_([one.id for one in events])))
    return len(events)


def _links(events: Sequence[AuditEvent], last: Head, now: datetime) -> list[dict[str, object]]:
    links, head = [], last.head
    for position, event in enumerate(events, last.position + 1):
        salt = secrets.token_hex(16) if event.reason is not None else None
        reason_digest = digest_of_reason(salt, event.reason) if salt and event.reason is not None else None
        digest = digest_of(event, reason_digest)
        head = head_after(head, position, digest, now)
        links.append(
            {
                "position": position,
                "event_id": event.id,
                "sealed_at": now,
                "reason_salt": salt,
                "reason_digest": reason_digest,
                "digest": digest,
                "head": head,
            }
        )
    return links


def seal_all() -> int:
    """Seal batch by batch, each in a transaction of its own, until nothing waits; how many. Commits.

    Looks first, without a lock: mostly nothing waits.
    """
    count = 0
    while is_any_waiting():
        count += run_transaction(seal_batch)
    return count


def is_any_waiting() -> bool:
    found = db.session.scalar(select(AuditWaiting.event_id).limit(1))
    db.session.rollback()
    return found is not None


def blank_reason(event_id: int, *, actor_id: int | None) -> bool:
    """Take the reason away that an event gives, because it names somebody who is erased; False where there is none.

    The chain still holds, by the digest that stays; that it was done is an event of its own. The caller commits.
    """
    event = db.session.get(AuditEvent, event_id, populate_existing=True)
    if event is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if event.reason is None:
        return False
    if dialect_name() == "postgresql":  # else a seal under way would be over a reason that is gone
        db.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": SEALING_LOCK})
    event.reason = None
    db.session.flush()
    db.session.execute(
        update(AuditLink).where(AuditLink.event_id == event_id).values(reason_salt=None, blanked_at=utc_now())
    )
    note(BLANKED, "audit-event", event_id, actor_id=actor_id, agency_id=event.agency_id)
    return True


def blank_reasons_about(kind: str, ids: Collection[int]) -> None:
    """Take away every reason that was typed about these things of somebody who is erased. The caller commits."""
    about = select(AuditEvent.id).where(
        AuditEvent.reason.is_not(None), AuditEvent.subject_kind == kind, AuditEvent.subject_id.in_(ids)
    )
    for number in db.session.scalars(about.order_by(AuditEvent.id)).all():
        blank_reason(number, actor_id=None)
