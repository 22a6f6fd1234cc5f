"""What long work keeps of one person: who asked for what, and the files that came of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select

from lms.batches import Batch
from lms.database import db
from lms.people.persons import Claim, Erasing, Merging, PersonRoom, by_hand, erase_claims, move_claims
from lms.records.asking import DAYS_KEPT, KIND
from lms.records.making import stored_names

CLAIMS = (
    Claim(
        "lms_batches",
        "asked_by_id",
        "long_work",
        holds="what somebody had made: records, certificates as files, one's own data; its files for a time",
        why="so that they can fetch it",
        kept="the row as long as the account, files for 7 or 30 days",
        seen_by="who asked",
        export={"kind": "kind", "asked_at": "created_at", "finished_at": "finished_at", "done": "done"},
        kept_back=(
            *("params", "started_at", "cancelled_at", "failed_at", "cause", "total", "left_out", "pieces"),
            *("cursor", "problems", "result"),
        ),
        erase=by_hand("files, names and reasons go; that there was work stays as an id"),
    ),
)


def merge_person(merging: Merging) -> None:
    """The work of both is the work of one."""
    move_claims(merging, CLAIMS)


def erase_person(erasing: Erasing) -> None:
    """Files and words of what the person asked for, and of records about them."""
    erase_claims(erasing, CLAIMS)
    about = and_(Batch.kind == KIND, Batch.params["user_id"].as_integer() == erasing.user_id)
    for batch in db.session.scalars(select(Batch).where(or_(about, Batch.asked_by_id == erasing.user_id))).all():
        erasing.files_to_delete.extend(one["stored"] for one in batch.result.get("files", []))
        if batch.kind == KIND:
            erasing.files_to_delete.extend(stored_names(batch))
            batch.params = {**batch.params, "reason": "-"}
        if not batch.is_over:
            batch.cancelled_at = erasing.now
        batch.problems = []
        batch.result = {"files": [], "removed_at": erasing.now.isoformat()}


def records_kept_until(user_id: int, now: datetime) -> datetime | None:
    """Until when a training record of the person that somebody had made can still be fetched, or is being made: so long
    they are not erased. None: there is none."""
    rows = db.session.scalars(
        select(Batch).where(Batch.kind == KIND, Batch.params["user_id"].as_integer() == user_id)
    ).all()
    ends = []
    for batch in rows:
        if batch.asked_by_id == user_id or batch.state in ("cancelled", "failed") or "removed_at" in batch.result:
            continue
        end = (batch.finished_at or now) + timedelta(days=DAYS_KEPT)
        if end > now:
            ends.append(end)
    return max(ends, default=None)


ROOM = PersonRoom("records", CLAIMS, merge_person, erase_person)
