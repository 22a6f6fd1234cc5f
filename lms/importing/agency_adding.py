"""Adding the agencies of a list that was checked: piece by piece, with the rights of then; nothing else is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from lms import batches
from lms.access import Permission, Viewer, allows, require_over, scope
from lms.batches import Batch, Piece
from lms.clock import local_day, utc_now
from lms.database import db, run_transaction
from lms.errors import N_, Conflict, LmsError, NotAllowed
from lms.importing.agency_checking import Plan
from lms.people import agencies, agency_numbers
from lms.people.models import Agency
from lms.people.signins import load_viewer

KIND = "agency-list"
OVER = Permission.MANAGE_AGENCIES
ROWS = 50
"""Of one piece, which is one transaction."""

GONE = N_("Who asked for this may not add agencies any more.")
ABOVE_IS_MISSING = N_("The agency above it could not be added.")

Row = Mapping[str, Any]
"""What `Fate.to_json` made."""


def ask(viewer: Viewer, plan: Plan) -> Batch:
    """Have the new agencies of a plan added. The caller commits. Raises Conflict where enough is under way or there is
    nothing to add."""
    if not plan.new:
        raise Conflict(N_("There is no new agency in this list."))
    batches.refuse_many(KIND, asked_by_id=viewer.id)
    params = {"rows": [one.to_json() for one in plan.new]}
    return batches.begin(KIND, params, asked_by_id=viewer.id, total=len(plan.new))


def add_piece(batch: Batch, runtime: Any) -> Piece:
    """The next agencies, each after the one above it."""
    day = local_day(utc_now(), runtime.settings.time_zone)
    viewer = load_viewer(batch.asked_by_id, today=day)
    if viewer is None or not allows(viewer, OVER):
        raise NotAllowed(GONE)
    rows: Sequence[Row] = batch.params["rows"]
    at, made = int(batch.cursor.get("at", 0)), dict(batch.cursor.get("made", {}))
    some, since = rows[at : at + ROWS], batch.created_at
    db.session.rollback()
    new, problems = run_transaction(lambda: add_rows(some, made, viewer, day=day, since=since))
    above = {str(row["parent_line"]) for row in rows[at + ROWS :] if row["parent_line"]}
    return Piece(
        done=len(some) - len(problems),
        problems=problems,
        cursor={"at": at + ROWS, "made": {line: number for line, number in new.items() if line in above}},
        is_last=at + ROWS >= len(rows),
    )


def add_rows(
    rows: Sequence[Row], made: Mapping[str, int], viewer: Viewer | None, *, day: date, since: datetime
) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Ids by line, with those `made` before, and which were not added and why. `viewer` None: the command line.

    What the same work added `since` counts as done: it may run again after a kill. The caller commits.
    """
    new, problems = dict(made), []
    for row in rows:
        try:
            with db.session.begin_nested():
                new[str(row["line"])] = _add(row, new, viewer, day, since)
        except LmsError as problem:
            problems.append((row["name"], problem.message % problem.values if problem.values else problem.message))
    return new, problems


def _add(row: Row, made: Mapping[str, int], viewer: Viewer | None, day: date, since: datetime) -> int:
    """Raises LmsError with the sentence why not."""
    parent_id = row["parent_id"] if row["parent_line"] is None else made.get(str(row["parent_line"]))
    if parent_id is None and row["parent_line"] is not None:
        raise Conflict(ABOVE_IS_MISSING)
    if viewer is not None:
        _require(viewer, parent_id, row["kind"])
    done = _added_since(row["name"], parent_id, since)
    if done is not None:
        return done
    actor_id = viewer.id if viewer else None
    agency = agencies.create_agency(
        name=row["name"],
        kind=row["kind"],
        parent_id=parent_id,
        county_fips=row["county"],
        code=row["code"],
        ori=row["ori"],
        actor_id=actor_id,
    )
    for kind, label, value in row["numbers"]:
        agency_numbers.add_number(agency.id, kind=kind, label=label, value=value, started_on=day, actor_id=actor_id)
    return agency.id


def _require(viewer: Viewer, parent_id: int | None, kind: str) -> None:
    """Raises NotAllowed or NotFound where the viewer may not add it there."""
    if parent_id is not None:
        require_over(viewer, OVER, agencies.get_agency(parent_id).path)
    if scope(viewer, OVER) is not None and (parent_id is None or kind == "state"):
        raise NotAllowed(GONE)


def _added_since(name: str, parent_id: int | None, since: datetime) -> int | None:
    query = select(Agency.id).where(Agency.parent_id == parent_id, Agency.name == name, Agency.created_at >= since)
    return db.session.scalar(query.limit(1))
