"""Removing what an import kept: its file and its rows, some days after it was over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from lms.batches import Batch
from lms.database import db, run_transaction
from lms.files import FileStore
from lms.importing.asking import APPLY, CHECK, DAYS_KEPT, UNDO, has_stopped
from lms.people.audit import note
from lms.people.importing.models import Import, ImportChange, ImportRow

UNDER_WAY = ("checking", "applying", "undoing")


def remove_old(files: FileStore, now: datetime) -> int:
    """Remove the files and rows of imports that were applied, or left lying, so many days ago; of how many.

    What is being worked on keeps them until that is done. Run it again after a kill: it goes on. Not for use inside a
    transaction.
    """
    before = now - timedelta(days=DAYS_KEPT)
    over = func.coalesce(Import.applied_at, Import.created_at) <= before
    found = db.session.scalars(select(Import).where(Import.removed_at.is_(None), over)).all()
    rows = [(row.id, row.stored) for row in found if row.state not in UNDER_WAY or has_stopped(row)]
    db.session.rollback()
    for import_id, stored in rows:
        if stored:
            files.delete(stored)
        run_transaction(lambda import_id=import_id: _forget(import_id, now))  # type: ignore[misc]
    return len(rows)


def _forget(import_id: int, now: datetime) -> None:
    db.session.execute(delete(ImportRow).where(ImportRow.import_id == import_id))
    db.session.execute(delete(ImportChange).where(ImportChange.import_id == import_id))
    is_its_work = Batch.kind.in_((CHECK, APPLY, UNDO)) & (Batch.params["import_id"].as_integer() == import_id)
    for batch in db.session.scalars(select(Batch).where(is_its_work)):
        batch.problems = []
    row = db.session.get_one(Import, import_id)
    row.stored, row.removed_at = None, now
    row.facts = {key: value for key, value in row.facts.items() if key != "sample"}
    row.unknown = {}
    note("import.removed", "import", import_id, actor_id=None, agency_id=row.agency_id)
