"""A staff list as a file: written by the worker with the rights of then, kept for a week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from lms import batches
from lms.access import Permission, Viewer, allows, scope, visible_agencies
from lms.batches import Batch, Piece
from lms.certification.assignment_rules import AsOf
from lms.clock import local_day, utc_now
from lms.database import db
from lms.errors import N_, NotAllowed
from lms.files import FileStore
from lms.people.finding import PRESENT, RosterFilter, address_of, chosen_ids
from lms.people.models import User
from lms.people.roster import places_of
from lms.people.signins import load_viewer
from lms.reporting.exports import Cell, csv_chunks
from lms.reporting.staff_choices import Choice, filter_of

KIND = "staff-list"
LINES_AT_A_TIME = 1000
DAYS_KEPT = 7
HEAD = ("Name", "E-mail", "Agency", "Discipline", "Since", "Until", "Last seen")

GONE = N_("Who asked for this may not manage these people any more.")


def ask_list(viewer: Viewer, choice: Choice) -> Batch:
    """Have the list written into a file. The caller commits. Raises Conflict where enough is under way."""
    batches.refuse_many(KIND, asked_by_id=viewer.id)
    return batches.begin(KIND, {"choice": choice.to_json()}, asked_by_id=viewer.id)


def asker_of(batch: Batch, permission: Permission, day: date) -> Viewer:
    """Who asked, with the rights of now. Raises NotAllowed."""
    viewer = load_viewer(batch.asked_by_id, today=day)
    if viewer is None or not allows(viewer, permission):
        raise NotAllowed(GONE)
    return viewer


def reach_of(batch: Batch, viewer: Viewer, permission: Permission, wanted: RosterFilter) -> list[str] | None:
    """What a batch about a list was about: the agency that it names, else all that its asker reaches."""
    paths = scope(viewer, permission) if wanted.under is None else [wanted.under]
    return batches.reach_with(batch, paths)


def check_fetching(batch: Batch, viewer: Viewer) -> None:
    """Whoever asked must still see all whom the list names when they fetch it. Raises NotAllowed."""
    if not batches.reaches_all(batch, viewer, [Permission.SEE_PEOPLE]):
        raise NotAllowed(GONE)


def stored_name(batch_id: int) -> str:
    return f"staff-lists/{batch_id}.csv"


def list_piece(batch: Batch, runtime: Any) -> Piece:
    """The whole file: who is on the list, with the places that the asker sees."""
    as_of = AsOf.at(utc_now(), runtime.settings.time_zone)
    day = as_of.day
    viewer = asker_of(batch, Permission.SEE_PEOPLE, day)
    wanted = filter_of(viewer, Choice.from_json(batch.params["choice"]), Permission.SEE_PEOPLE, as_of)
    reach = reach_of(batch, viewer, Permission.SEE_PEOPLE, wanted)
    rows = list(_lines(viewer, wanted, as_of))
    db.session.rollback()
    stored = stored_name(batch.id)
    runtime.files.write(stored, b"".join(csv_chunks(HEAD, rows)))
    files = [{"name": f"people-{day.isoformat()}.csv", "stored": stored, "type": "text/csv"}]
    return Piece(done=len(rows), total=len(rows), result={"files": files, "reach": reach}, is_last=True)


def _lines(viewer: Viewer, wanted: RosterFilter, as_of: AsOf) -> Iterator[tuple[Cell, ...]]:
    """A line for each place (one without a place for who has none), by the number of the person."""
    agencies, day, after = visible_agencies(viewer, Permission.SEE_PEOPLE), as_of.day, 0
    while True:
        ids = list(db.session.scalars(chosen_ids(agencies, wanted, day=day, after=after, limit=LINES_AT_A_TIME)))
        if not ids:
            return
        after, places = ids[-1], places_of(ids, agencies)
        people = (
            select(User.id, User.name, address_of().label("email"), User.last_seen_at)
            .where(User.id.in_(ids))
            .order_by(User.id)
        )
        for row in db.session.execute(people):
            seen_on = local_day(row.last_seen_at, as_of.time_zone).isoformat() if row.last_seen_at else ""
            shown = [one for one in places.get(row.id, []) if wanted.status not in PRESENT or one.holds_on(day)]
            for one in shown:
                until = one.ended_on.isoformat() if one.ended_on else ""
                place = (one.agency_name, one.discipline, one.started_on.isoformat(), until)
                yield (row.name, row.email or "", *place, seen_on)
            if not shown:
                yield (row.name, row.email or "", "", "", "", "", seen_on)


def remove_old(files: FileStore, now: datetime) -> int:
    """Remove lists that are older than DAYS_KEPT; of how many batches."""

    return batches.remove_old(
        files, now, kind=KIND, days=DAYS_KEPT, names_of=lambda one: [stored_name(one.id)], action="staff-list.removed"
    )
