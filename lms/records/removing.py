"""Finished records leave the file store after thirty days; what was begun and not finished, too."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from lms.batches import Batch
from lms.database import db, run_transaction
from lms.files import FileStore
from lms.people.audit import note
from lms.records.asking import DAYS_KEPT, KIND
from lms.records.making import stored_names

REMOVED = "removed_at"


def remove_old(files: FileStore, now: datetime) -> int:
    """Remove what is older than DAYS_KEPT; how many records that were. Run it again after a kill: it goes on."""
    before = now - timedelta(days=DAYS_KEPT)
    rows = db.session.scalars(
        select(Batch)
        .where(
            Batch.kind == KIND,
            or_(Batch.finished_at <= before, Batch.failed_at <= before, Batch.cancelled_at <= before),
        )
        .order_by(Batch.id)
    ).all()
    found = [(one.id, stored_names(one)) for one in rows if REMOVED not in one.result]
    db.session.rollback()
    for batch_id, names in found:
        for name in names:
            files.delete(name)
        run_transaction(lambda batch_id=batch_id: _note(batch_id, now))  # type: ignore[misc]
    return len(found)


def _note(batch_id: int, now: datetime) -> None:
    batch = db.session.get_one(Batch, batch_id)
    batch.result = {**batch.result, "files": [], REMOVED: now.isoformat()}
    note("record.removed", "batch", batch_id, actor_id=None)
