"""Checking an import: every row is read, compared with who is there, and kept with what would become of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, insert

from lms.access import allows_over
from lms.batches import Piece
from lms.clock import local_day, utc_now
from lms.database import db, run_transaction
from lms.errors import N_, Invalid, NotAllowed
from lms.importing.asking import OVER, is_held_by, plan_of
from lms.importing.license_boards import load_boards
from lms.importing.reading import forget, take_rows
from lms.people.importing import professions
from lms.people.importing.columns import AGENCY, NAME
from lms.people.importing.entries import Plan, Read, agency_key, read_entry
from lms.people.importing.known import Earlier, FileSoFar, Known, Verdict
from lms.people.importing.lookups import load_known, load_so_far
from lms.people.importing.matching import judge, reason_values
from lms.people.importing.models import GOOD, Import, ImportRow
from lms.people.importing.staff import Subtree, load_subtree
from lms.people.models import Agency
from lms.people.signins import load_viewer

ROWS = 1000
"""Of one piece."""

MOST_ROWS = 300_000
MOST_UNKNOWN = 200
"""So many values that nothing is known to mean are offered to be matched; there are seldom more than a few dozen."""

KEPT_CELLS = ("problem", "decide")


@dataclass(frozen=True, slots=True)
class Checked:
    """A row with its verdict."""

    position: int
    line: int
    cells: Sequence[str]
    read: Read
    verdict: Verdict


def require_right(row: Import, settings: Any) -> None:
    """Who asked must manage the people of the agency still, now. Raises NotAllowed."""
    if row.asked_by_id is None:
        return
    viewer = load_viewer(row.asked_by_id, today=local_day(utc_now(), settings.time_zone))
    path = db.session.get_one(Agency, row.agency_id).path
    if viewer is None or not allows_over(viewer, OVER, path):
        raise NotAllowed(N_("Whoever asked for this may not manage the people of this agency any more."))


MOST_LINES = 10
"""So many lines with an odd name are told."""


def check_piece(import_id: int, cursor: Mapping[str, Any], runtime: Any, batch_id: int | None = None) -> Piece:
    """The next thousand rows, in a fixed number of queries. Done again after a kill it has the same effect."""
    row = db.session.get_one(Import, import_id, populate_existing=True)
    require_right(row, runtime.settings)
    state: dict[str, Any] = {"read": 0, "position": 0, "counts": {}, "left_out": {}, "unknown": {}, **cursor}
    state = {"commas": 0, "plain": 0, "plain_lines": [], **state}
    stored, plan, decisions = row.stored or "", plan_of(row), dict(row.plan.get("decisions", {}))
    boards = load_boards()
    subtree, day = load_subtree(row.agency_id), local_day(utc_now(), runtime.settings.time_zone)
    db.session.rollback()
    rows = take_rows(stored, state["read"], ROWS, runtime.files)
    if state["position"] > MOST_ROWS:
        forget(stored)
        raise Invalid(N_("At most %(most)s rows fit into one import. Split the file."), most=f"{MOST_ROWS:,}")
    left_out = Counter(cells for _line, cells in rows if isinstance(cells, str))
    numbered = [(line, cells) for line, cells in rows if not isinstance(cells, str)]
    reads = [read_entry(cells, plan, subtree.book, boards) for _line, cells in numbered]
    checked = _judged(import_id, state["position"], numbered, reads, subtree, decisions, day)
    db.session.rollback()
    is_last = len(rows) < ROWS
    after = state["position"]
    new = _summed(state, len(rows), left_out, checked) | _commas(state, numbered, plan)
    run_transaction(lambda: _keep(import_id, batch_id, after, checked, new, is_last=is_last))
    if is_last:
        forget(stored)
    return Piece(done=len(rows), cursor=new, is_last=is_last)


def _judged(
    import_id: int, after: int, numbered: Sequence[tuple[int, list[str]]], reads: Sequence[Read], subtree: Subtree,
    decisions: Mapping[str, str], day: date,
) -> list[Checked]:  # fmt: skip
    entries = [one.entry for one in reads]
    known = load_known(entries, subtree, day)
    so_far = load_so_far(import_id, after + 1, entries, known.by_id, subtree)
    checked = []
    for at, ((line, cells), read) in enumerate(zip(numbered, reads, strict=True)):
        position = after + at + 1
        verdict = _verdict(read, known, so_far, subtree, decisions.get(str(position)))
        checked.append(Checked(position, line, cells, read, verdict))
        if verdict.outcome in GOOD:
            so_far.add(_earlier(checked[-1]))
    return checked


def _verdict(read: Read, known: Known, so_far: FileSoFar, subtree: Subtree, decision: str | None) -> Verdict:
    employer = subtree.employers.get(read.entry.agency_id or 0)
    return judge(read, known, so_far, employer, decision)


def _earlier(one: Checked) -> Earlier:
    entry, verdict = one.read.entry, one.verdict
    email = None if verdict.drops_email else entry.email
    return Earlier(
        one.position, one.line, entry.name, entry.name_key, email, entry.number, entry.agency_id, entry.discipline,
        verdict.match_user_id, verdict.same_as, entry.license,
    )  # fmt: skip


def _summed(state: Mapping[str, Any], read: int, left_out: Counter[str], checked: Sequence[Checked]) -> dict[str, Any]:
    """The counts with this piece: whatever the rows were, together they are the rows read."""
    counts = Counter(state["counts"]) + Counter(one.verdict.outcome for one in checked)
    unknown = {name: Counter(values) for name, values in state["unknown"].items()}
    for one in checked:
        for name, text in one.read.unknown:
            values = unknown.setdefault(name, Counter())
            key = agency_key(text) if name == AGENCY else professions.key_of(text)
            if key in values or len(values) < MOST_UNKNOWN:
                values[key] += 1
    return {
        "read": state["read"] + read,
        "position": state["position"] + len(checked),
        "counts": dict(counts),
        "left_out": dict(Counter(state["left_out"]) + left_out),
        "unknown": {name: dict(values) for name, values in unknown.items()},
    }


def _commas(state: Mapping[str, Any], numbered: Sequence[tuple[int, list[str]]], plan: Plan) -> dict[str, Any]:
    """How many names stand as "Last, First", how many as they are spoken, and the first lines of these: among many with
    a comma, one without is likely the wrong way round, and nothing else would show it."""
    at = plan.columns.get(NAME)
    names = [(line, cells[at]) for line, cells in numbered if at is not None and at < len(cells) and cells[at].strip()]
    plain = [line for line, text in names if "," not in text]
    return {
        "commas": state["commas"] + len(names) - len(plain),
        "plain": state["plain"] + len(plain),
        "plain_lines": [*state["plain_lines"], *plain][:MOST_LINES],
    }


def _keep(
    import_id: int, batch_id: int | None, after: int, checked: Sequence[Checked], new: Mapping[str, Any], *,
    is_last: bool,
) -> None:  # fmt: skip
    row = db.session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
    if not is_held_by(row, batch_id):
        return
    db.session.execute(delete(ImportRow).where(ImportRow.import_id == import_id, ImportRow.position > after))
    if checked:
        db.session.execute(insert(ImportRow), [_values(import_id, one) for one in checked])
    if is_last:
        row.state = "checked"
        row.counts = {"read": new["read"], "left_out": new["left_out"], **new["counts"]}
        row.unknown = new["unknown"]
        is_turned = new["commas"] > 2 * new["plain"] > 0
        row.facts = {**row.facts, "without_comma": new["plain_lines"] if is_turned else []}


def _values(import_id: int, one: Checked) -> dict[str, Any]:
    entry, verdict, license = one.read.entry, one.verdict, one.read.entry.license
    return {
        "import_id": import_id, "position": one.position, "line": one.line,
        "cells": list(one.cells) if verdict.outcome in KEPT_CELLS else None,
        "name": entry.name, "name_key": entry.name_key, "email": None if verdict.drops_email else entry.email,
        "number": entry.number, "person_id": entry.person_id, "agency_id": entry.agency_id,
        "discipline": entry.discipline, "starts_on": entry.starts_on, "outcome": verdict.outcome,
        "license_board": license.board if license else None, "license_state": license.state if license else None,
        "license_number": license.number if license else None, "license_key": license.key[2] if license else None,
        "license_expires_on": license.expires_on if license else None,
        "reason": reason_values(verdict.reason), "match_user_id": verdict.match_user_id, "same_as": verdict.same_as,
        "twin_user_id": verdict.twin_user_id, "twin_position": verdict.twin_position, "user_id": None,
        "applied_at": None,
    }  # fmt: skip


def total_of(counts: Mapping[str, Any]) -> int:
    """All outcomes together; equal to the rows read."""
    outcomes: list[int] = [value for key, value in counts.items() if key not in ("read", "left_out")]
    left_out: Mapping[str, int] = counts.get("left_out", {})
    return sum(outcomes) + sum(left_out.values())
