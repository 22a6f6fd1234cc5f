"""Messages to the outside world, saved in the same transaction as the record they speak of, delivered by the worker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint, delete, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from lms.clock import utc_now
from lms.database import NUMBERED_ONCE, Model, db, primary_key

QUEUED = "lms_outbox_queued"
"""Noted on the session, so that the worker can be woken once the transaction is through."""

CLAIM_MINUTES = 5
"""A claimed message that was not reported on in this time is claimed again: its worker died."""

MAX_TRIES = 16
"""After so many failures, about two days, a message waits for an administrator, with its cause shown. A mail server
that is down over a night must not make dead letters of everything."""

LONGEST_DELAY_MINUTES = 6 * 60


class OutboxMessage(Model):
    """One message. `effect_key` names the effect: the same effect is never queued twice."""

    __tablename__ = "lms_outbox_messages"
    __table_args__ = (
        UniqueConstraint("effect_key"),
        Index(
            "ix_lms_outbox_messages_open",
            "due_at",
            "id",
            sqlite_where=text("delivered_at IS NULL AND failed_at IS NULL"),
            postgresql_where=text("delivered_at IS NULL AND failed_at IS NULL"),
        ),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    kind: Mapped[str] = mapped_column(String(40))
    effect_key: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    """When it was given up on; a dead letter until somebody presses "try again"."""
    last_error: Mapped[str | None] = mapped_column(Text)


Handler = Callable[[Mapping[str, Any]], None]


def enqueue(kind: str, effect_key: str, payload: Mapping[str, Any], due_at: datetime | None = None) -> bool:
    """Add a message to the present transaction; False when this effect was queued before. The caller commits."""
    known = db.session.scalar(select(OutboxMessage.id).where(OutboxMessage.effect_key == effect_key))
    if known is not None:
        return False
    enqueue_new(kind, effect_key, payload, due_at)
    return True


def enqueue_new(kind: str, effect_key: str, payload: Mapping[str, Any], due_at: datetime | None = None) -> None:
    """The same for an effect that cannot have been queued before, such as a new link: nothing is looked up, so that
    ten thousand cost few statements. The caller commits."""
    now = utc_now()
    db.session.add(
        OutboxMessage(
            kind=kind, effect_key=effect_key, payload=dict(payload), created_at=now, due_at=due_at or now, tries=0
        )
    )
    db.session.info[QUEUED] = True


def forget_unsent(effect_keys: Collection[str]) -> None:
    """What has not gone out yet, and no worker is about to deliver, never does. The caller commits."""
    db.session.flush()
    db.session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.effect_key.in_(effect_keys),
            OutboxMessage.delivered_at.is_(None),
            OutboxMessage.claimed_until.is_(None),
        )
    )


def claim_due(limit: int = 50) -> list[int]:
    """Ids of messages that are due, claimed for this worker for CLAIM_MINUTES. The caller commits.

    Claim no more than can be delivered in that time, else another worker delivers the rest a second time.
    """
    now = utc_now()
    rows = (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.delivered_at.is_(None),
            OutboxMessage.failed_at.is_(None),
            OutboxMessage.due_at <= now,
            OutboxMessage.claimed_until.is_(None) | (OutboxMessage.claimed_until <= now),
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(db.session.scalars(rows))
    if ids:
        db.session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_(ids))
            .values(claimed_until=now + timedelta(minutes=CLAIM_MINUTES))
        )
    return ids


def record_success(message_id: int) -> None:
    """Note that a message arrived, and forget its values: links in mails open accounts. The caller commits."""
    message = db.session.get_one(OutboxMessage, message_id)
    if message.delivered_at is None:
        message.delivered_at, message.last_error, message.claimed_until = utc_now(), None, None
        message.payload = {key: value for key, value in message.payload.items() if key != "values"}


def record_failure(message_id: int, cause: str) -> None:
    """Note a failure: due again after 1, 2, 4, … minutes, given up visibly after MAX_TRIES. The caller commits.

    One that another worker delivered meanwhile stays delivered.
    """
    message = db.session.get_one(OutboxMessage, message_id, with_for_update=True)
    if message.delivered_at is not None:
        return
    now = utc_now()
    message.tries += 1
    message.last_error = cause[:1000]
    message.claimed_until = None
    message.due_at = now + timedelta(minutes=min(2 ** (message.tries - 1), LONGEST_DELAY_MINUTES))
    if message.tries >= MAX_TRIES:
        message.failed_at = now


def continue_soon(message_id: int) -> None:
    """A message whose work goes on: due again at once, after whatever else is due. No failure. The caller commits."""
    message = db.session.get_one(OutboxMessage, message_id)
    message.due_at, message.claimed_until, message.tries, message.last_error = utc_now(), None, 0, None


def try_again(message_id: int) -> None:
    """Take a dead letter back into the queue, due at once. The caller commits."""
    message = db.session.get_one(OutboxMessage, message_id)
    message.failed_at, message.claimed_until, message.tries, message.due_at = None, None, 0, utc_now()
