"""Long work that the worker does piece by piece: it shows how far it is, survives a kill, names what was not done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from lms import outbox
from lms.access import Permission, Viewer, scope
from lms.clock import utc_now
from lms.database import Model, count_changed, db, primary_key, run_transaction
from lms.errors import N_, Conflict, NotAllowed, NotFound, Overtaken
from lms.files import FileStore
from lms.people.audit import note
from lms.people.models import User

MESSAGE_KIND = "batch"
"""The outbox message that keeps a batch going."""

MOST_RUNNING = 3
"""Of one kind and one person at a time, where the work is heavy: see `refuse_many`."""

MOST_PROBLEMS = 1000
"""So many problems are kept in words; the others are only counted."""

GIVEN_UP = N_(
    "It failed again and again and was given up. Whoever runs this site sees why, and can have it tried again."
)
"""The cause of a batch whose message is a dead letter."""

ASKER_IS_GONE = N_("Whoever asked for this may no longer sign in.")


class Batch(Model):
    """One piece of long work. `params` say what was asked, `cursor` where the next piece begins.

    `done` counts items that were done, `left_out` those that were not; each of the first MOST_PROBLEMS is named in
    `problems` with its reason. `result` says what came of it, e.g. the name of a stored file.
    """

    __tablename__ = "lms_batches"
    __table_args__ = (
        CheckConstraint("done >= 0 AND left_out >= 0 AND pieces >= 0", name="counts_are_not_negative"),
        CheckConstraint("(failed_at IS NULL) = (cause IS NULL)", name="failed_with_a_cause"),
        Index("ix_lms_batches_asked_by_id", "asked_by_id", "id"),
    )

    id: Mapped[primary_key]
    kind: Mapped[str] = mapped_column(String(40))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    params: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    cause: Mapped[str | None] = mapped_column(Text)
    total: Mapped[int | None]
    done: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    pieces: Mapped[int] = mapped_column(default=0)
    """How many pieces were recorded: a piece is recorded only after the one before it."""
    cursor: Mapped[dict[str, Any]]
    problems: Mapped[list[Any]]
    result: Mapped[dict[str, Any]]

    @property
    def state(self) -> str:
        """`waiting`, `running`, `finished`, `cancelled` or `failed`."""
        for word, moment in (
            ("failed", self.failed_at),
            ("cancelled", self.cancelled_at),
            ("finished", self.finished_at),
            ("running", self.started_at),
        ):
            if moment is not None:
                return word
        return "waiting"

    @property
    def is_over(self) -> bool:
        return self.state in ("finished", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class Piece:
    """What one piece of a batch brought. `problems` are (item, reason) pairs, both to be read by the asker."""

    done: int = 0
    problems: Sequence[tuple[str, str]] = ()
    cursor: Mapping[str, Any] = field(default_factory=dict)
    total: int | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    is_last: bool = False


Runner = Callable[[Batch], Piece]
"""Does the next piece, some seconds of work at most. It may be run again after a kill: same cursor, same effect."""


def begin(kind: str, params: Mapping[str, Any], *, asked_by_id: int, total: int | None = None) -> Batch:
    """Ask for a batch; the worker starts it after the commit. The caller commits."""
    batch = Batch(
        kind=kind,
        asked_by_id=asked_by_id,
        params=dict(params),
        created_at=utc_now(),
        total=total,
        done=0,
        left_out=0,
        pieces=0,
        cursor={},
        problems=[],
        result={},
    )
    db.session.add(batch)
    db.session.flush()
    note("batch.asked", "batch", batch.id, actor_id=asked_by_id, kind=kind)
    outbox.enqueue(MESSAGE_KIND, f"batch:{batch.id}", {"batch_id": batch.id})
    return batch


def refuse_many(kind: str, *, asked_by_id: int) -> None:
    """Raises Conflict where the same person has MOST_RUNNING of a kind under way; two clicks at once wait for each
    other."""
    db.session.execute(select(User.id).where(User.id == asked_by_id).with_for_update())
    if sum(1 for one in batches_of(asked_by_id) if one.kind == kind and not one.is_over) >= MOST_RUNNING:
        raise Conflict(N_("You have enough of this under way. Wait until it has ended, or stop it."))


def find_batch(batch_id: int, asked_by_id: int) -> Batch:
    """A batch of the person who asked for it. Raises NotFound for anybody else's."""
    batch = db.session.get(Batch, batch_id)
    if batch is None or batch.asked_by_id != asked_by_id:
        raise NotFound(N_("There is nothing here that you may see."))
    return batch


def batches_of(user_id: int, limit: int = 50) -> list[Batch]:
    """What a person asked for, the newest first."""
    return list(
        db.session.scalars(select(Batch).where(Batch.asked_by_id == user_id).order_by(Batch.id.desc()).limit(limit))
    )


def cancel(batch_id: int, *, asked_by_id: int, now: datetime) -> Batch:
    """Stop after the present piece; what was done stays done. Raises Conflict where it is over. The caller commits."""
    batch = find_batch(batch_id, asked_by_id)
    db.session.refresh(batch, with_for_update=True)
    if batch.is_over:
        raise Overtaken(N_("This work has ended already."))
    batch.cancelled_at = now
    note("batch.cancelled", "batch", batch.id, actor_id=asked_by_id)
    return batch


def require_asker(batch: Batch) -> None:
    """Raises NotAllowed where the asker was disabled since. What else they may, the work of each kind asks itself."""
    asker = db.session.get(User, batch.asked_by_id)
    if asker is None or asker.disabled_at is not None:
        raise NotAllowed(ASKER_IS_GONE)


def reach_with(batch: Batch, paths: Iterable[str] | None) -> list[str] | None:
    """Paths of the subtrees that the pieces of a batch were about, with those of its next piece; None: everywhere.

    A piece keeps them as `reach` of its result: whoever reads or fetches what came of it must reach all of them.
    """
    before = batch.result.get("reach", [])
    return None if before is None or paths is None else sorted({*before, *paths})


def reaches_all(batch: Batch, viewer: Viewer, permissions: Iterable[Permission]) -> bool:
    """Whether each of the permissions reaches all that a batch was about: everything, where it noted no reach."""
    about = batch.result.get("reach")
    scopes = [paths for paths in (scope(viewer, one) for one in permissions) if paths is not None]
    return all(about is not None and all(one.startswith(paths) for one in about) for paths in scopes)


def record_start(batch_id: int, now: datetime) -> None:
    """Note that the worker has begun; the first time counts. One that was given up goes on. The caller commits."""
    db.session.execute(
        update(Batch).where(Batch.id == batch_id, Batch.cause == GIVEN_UP).values(failed_at=None, cause=None)
    )
    db.session.execute(update(Batch).where(Batch.id == batch_id, Batch.started_at.is_(None)).values(started_at=now))


def record_piece(batch_id: int, number: int, piece: Piece, now: datetime) -> bool:
    """Add a piece to the batch; False where another worker recorded this one first. The caller commits."""
    taken = count_changed(update(Batch).where(Batch.id == batch_id, Batch.pieces == number).values(pieces=number + 1))
    if not taken:
        return False
    batch = db.session.get_one(Batch, batch_id, populate_existing=True)
    batch.done += piece.done
    batch.left_out += len(piece.problems)
    kept = [{"item": item, "reason": reason} for item, reason in piece.problems]
    batch.problems = [*batch.problems, *kept][:MOST_PROBLEMS]
    batch.cursor = dict(piece.cursor)
    batch.result = {**batch.result, **piece.result}
    batch.total = batch.total if piece.total is None else piece.total
    if piece.is_last and batch.cancelled_at is None:
        batch.finished_at = now
    return True


def record_failure(batch_id: int, cause: str, now: datetime) -> None:
    """Give a batch up, with its cause. What was done before stays done. The caller commits."""
    batch = db.session.get_one(Batch, batch_id)
    if not batch.is_over:
        batch.failed_at, batch.cause = now, cause[:1000]


def remove_old(
    files: FileStore, now: datetime, *, kind: str, days: int, names_of: Callable[[Batch], Collection[str]], action: str
) -> int:
    """Remove the files of a kind's batches that ended so many days ago; of how many. Each is noted in the audit.

    Run it again after a kill: it goes on. Not for use inside a transaction.
    """
    before = now - timedelta(days=days)
    rows = db.session.scalars(
        select(Batch)
        .where(
            Batch.kind == kind,
            or_(Batch.finished_at <= before, Batch.failed_at <= before, Batch.cancelled_at <= before),
        )
        .order_by(Batch.id)
    ).all()
    found = [(one.id, names_of(one)) for one in rows if not _is_removed(one)]
    db.session.rollback()
    for batch_id, names in found:
        for name in names:
            files.delete(name)
        run_transaction(lambda batch_id=batch_id: _note_removal(batch_id, action, now))  # type: ignore[misc]
    return len(found)


def _is_removed(batch: Batch) -> bool:
    """Whether the files went since the batch ended: one that was tried again afterwards may have made new ones."""
    ends = [moment for moment in (batch.finished_at, batch.failed_at, batch.cancelled_at) if moment is not None]
    removed_at = batch.result.get("removed_at")
    return removed_at is not None and datetime.fromisoformat(removed_at) >= max(ends)


def _note_removal(batch_id: int, action: str, now: datetime) -> None:
    batch = db.session.get_one(Batch, batch_id)
    batch.result = {**batch.result, "files": [], "removed_at": now.isoformat()}
    note(action, "batch", batch_id, actor_id=None)
