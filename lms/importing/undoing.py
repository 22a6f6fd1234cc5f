"""Undoing an import: what it changed goes back, the last first; what somebody has built on stays, and is named."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from lms.batches import Piece
from lms.clock import utc_now
from lms.database import db, run_transaction
from lms.importing.asking import is_held_by
from lms.importing.checking import require_right
from lms.importing.license_undoing import UNDO_LICENSES
from lms.importing.taking_back import UNDO, UNSEEN, Kept, facts_of
from lms.people.audit import note
from lms.people.importing.models import Import, ImportChange
from lms.people.models import User

CHANGES = 500
"""Of one piece."""

STEPS = {**UNDO, **UNDO_LICENSES}


def undo_piece(import_id: int, cursor: Mapping[str, Any], runtime: Any, batch_id: int | None = None) -> Piece:
    """The next changes, in one transaction. Done again after a kill it finds them undone."""
    row = db.session.get_one(Import, import_id, populate_existing=True)
    require_right(row, runtime.settings)
    db.session.rollback()
    return run_transaction(lambda: _piece(import_id, dict(cursor), batch_id))


def _piece(import_id: int, state: dict[str, Any], batch_id: int | None) -> Piece:
    row, now = db.session.get_one(Import, import_id, with_for_update=True, populate_existing=True), utc_now()
    if not is_held_by(row, batch_id):
        return Piece(cursor=state, is_last=True)
    query = select(ImportChange).where(ImportChange.import_id == import_id, ImportChange.kept_because.is_(None))
    if "before" in state:
        query = query.where(ImportChange.id < state["before"])
    changes = list(db.session.scalars(query.order_by(ImportChange.id.desc()).limit(CHANGES)))
    cursor = {"before": changes[-1].id if changes else state.get("before", 0)}
    users = {change.user_id for change in changes if change.user_id is not None}
    names = {one[0]: one[1] for one in db.session.execute(select(User.id, User.name).where(User.id.in_(users)))}
    facts = facts_of(row, users, now)
    kept: Kept = {}
    for kind, group in itertools.groupby(changes, key=lambda change: change.kind):
        kept |= STEPS[kind](list(group), facts)
    for change in changes:
        change.kept_because = kept.get(change.id)
    db.session.flush()
    done = [change.id for change in changes if change.id not in kept]
    problems = [(names.get(change.user_id or 0, ""), kept[change.id]) for change in changes if change.id in kept]
    db.session.execute(delete(ImportChange).where(ImportChange.id.in_(done)), execution_options=UNSEEN)
    is_last = len(changes) < CHANGES
    if is_last and row.state == "undoing":
        row.state, row.undone_at = "undone", now
        note("import.undone", "import", row.id, actor_id=row.asked_by_id, agency_id=row.agency_id)
    return Piece(done=len(done), problems=problems, cursor=cursor, is_last=is_last)
