"""Parting two accounts that were put together: each takes back what it had, row by row, as the journal says."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from lms.access import Viewer, visible_users
from lms.database import db
from lms.errors import N_, NotAllowed, NotFound, Overtaken
from lms.merging import NOTHING, OVER, checked_reason, manages_wholly, note_on_both, tell
from lms.people.merged import accounts_of, leads_to
from lms.people.models import User
from lms.people.person_models import Merge, MergeMove
from lms.people.persons import Unmerging, defer_ownership, table_of, typed
from lms.person_rooms import ROOMS
from lms.wall.sight import SYSTEM, looking_as


def find_merge(viewer: Viewer, merge_id: int) -> Merge:
    """A merge whose person is in the viewer's reach. Raises NotFound."""
    with looking_as(SYSTEM):  # who was put together with somebody since has no place any more
        merge = db.session.get(Merge, merge_id)
        stands_for = leads_to(merge.kept_id) if merge is not None else None
    reached = select(User.id).where(User.id == stands_for, User.id.in_(visible_users(viewer, OVER)))
    if merge is None or db.session.scalar(reached) is None:
        raise NotFound(NOTHING)
    return merge


def merges_of(user_id: int) -> list[Merge]:
    """What was put together into an account, the newest first."""
    with looking_as(SYSTEM):  # as above; the caller has looked whether the person may be seen
        ids = accounts_of(user_id)
        return list(db.session.scalars(select(Merge).where(Merge.kept_id.in_(ids)).order_by(Merge.id.desc())))


def why_not_undo(merge: Merge, now: datetime) -> str | None:
    """Why a merge cannot be undone any more; None where it can."""
    if merge.undone_at is not None:
        return N_("This was undone already.")
    if now >= merge.undo_until:
        return N_("The 30 days in which this could be undone are over.")
    with looking_as(SYSTEM):
        kept, gone = db.session.get_one(User, merge.kept_id), db.session.get_one(User, merge.gone_id)
    if kept.merged_into_id is not None:
        return N_("The account that stayed was put together with another one since. Undo that first.")
    if kept.erased_at is not None or gone.erased_at is not None:
        return N_("The person was erased since.")
    return None


def undo_merge(viewer: Viewer, merge_id: int, reason: str, *, now: datetime, today: date) -> int:
    """Part the two accounts again; how many changes stayed because something newer rests on them. The caller commits.

    Each takes back what it had; what came since stays with the one who stayed. Raises NotFound, NotAllowed, Conflict.
    """
    reason = checked_reason(reason)
    merge = find_merge(viewer, merge_id)
    both = (merge.kept_id, merge.gone_id)
    db.session.scalars(select(User).where(User.id.in_(both)).order_by(User.id).with_for_update()).all()
    db.session.refresh(merge, with_for_update=True)
    if viewer.id in both:
        raise NotAllowed(N_("Nobody parts their own accounts. Ask another administrator."))
    if not manages_wholly(viewer, leads_to(merge.kept_id), today):
        raise NotAllowed(N_("This person also works for agencies that you do not administer. Ask the state."))
    why_not = why_not_undo(merge, now)
    if why_not is not None:
        raise Overtaken(why_not)
    left = _go_back(merge)
    merge.undone_at, merge.undone_by_id, merge.undone_reason = now, viewer.id, reason
    note_on_both("account.unmerged", merge, viewer.id, reason)
    tell(merge, db.session.get_one(User, merge.kept_id), db.session.get_one(User, merge.gone_id), "unmerged")
    return left


def _go_back(merge: Merge) -> int:
    moves = db.session.scalars(select(MergeMove).where(MergeMove.merge_id == merge.id).order_by(MergeMove.id)).all()
    undoing = Unmerging(merge.id, merge.kept_id, merge.gone_id, merge.merged_at, moves)
    defer_ownership()
    for room in ROOMS:
        if room.undo is not None:
            room.undo(undoing)
    left = 0
    for move in reversed(moves):
        is_staying = (move.table_name, move.row_id) in undoing.staying
        if is_staying or not _put_back(move):
            left += 1
    for table, row_id, values in undoing.following:
        found = table_of(table)
        db.session.execute(update(found).where(found.c.id == row_id).values(values))
    db.session.expire_all()
    return left


def _put_back(move: MergeMove) -> bool:
    """Whether the value is again as it was; not where it was changed since, or something newer stands in its way."""
    table = table_of(move.table_name)
    column = table.c[move.column_name]
    before, after = (typed(move.table_name, move.column_name, one) for one in (move.before, move.after))
    if db.session.scalar(select(column).where(table.c.id == move.row_id)) != after:
        return False
    try:
        with db.session.begin_nested():
            db.session.execute(update(table).where(table.c.id == move.row_id).values({move.column_name: before}))
    except IntegrityError:
        return False
    return True
