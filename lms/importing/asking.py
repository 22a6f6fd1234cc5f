"""The steps of an import that somebody takes: upload, match, check, decide, confirm, undo."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any

from sqlalchemy import select

from lms import batches
from lms.access import Permission, Viewer, allows_over, within
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Invalid, NotFound, Overtaken
from lms.files import FileStore
from lms.people.audit import note
from lms.people.importing.columns import FIRST_NAME, LAST_NAME, LICENSE_NUMBER, NAME, guess_columns, headers_key
from lms.people.importing.entries import Plan
from lms.people.importing.licensed import hint_of
from lms.people.importing.models import Import, ImportRow
from lms.people.importing.tables import open_table
from lms.people.importing.unpacking import MOST_BYTES
from lms.people.models import Agency
from lms.wall.sight import SYSTEM, looking_as

OVER = Permission.MANAGE_PEOPLE
CHECK, APPLY, UNDO = "import-check", "import-apply", "import-undo"
DAYS_KEPT = 7
"""So long an import can be undone, and its file and rows are kept."""

MOST_LISTED = 50
PIECE = 1_000_000


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came."""

    handle: IO[bytes]
    name: str


def begin_import(upload: Upload, agency_id: int, *, asked_by_id: int | None, files: FileStore) -> dict[str, Any]:
    """Look at a file and lay it into the store; the values of its row. Not for use inside a transaction.

    Raises Invalid for what cannot be read, with what to do instead.
    """
    handle = upload.handle
    size = handle.seek(0, 2)
    if size > MOST_BYTES:
        message = N_("This file is larger than %(most)s MB. Save only the list of people, as CSV.")
        raise Invalid(message, "file", most=MOST_BYTES // 1_000_000)
    table = open_table(handle)
    if not table.sample:
        raise Invalid(N_("There is nobody in this file: nothing stands below its headers."), "file")
    remembered = remembered_plan(agency_id, headers_key(table.headers))
    words = remembered_words(agency_id)
    columns = remembered.get("columns") or guess_columns(table.headers, table.sample)
    plan = {
        "columns": columns,
        "agencies": words.get("agencies", {}),
        "disciplines": words.get("disciplines", {}),
        "boards": words.get("boards", {}),
        "default_agency_id": remembered.get("default_agency_id"),
        "default_discipline": remembered.get("default_discipline") or ("schools" if table.is_oneroster else None),
        "default_board": remembered.get("default_board"),
        "aliases": {key: list(ids) for key, ids in table.aliases.items()},
    }
    stored = f"imports/{secrets.token_hex(16)}"
    handle.seek(0)
    with files.writing(stored) as target:
        while piece := handle.read(PIECE):
            target.write(piece)
    return {
        "agency_id": agency_id, "asked_by_id": asked_by_id, "title": clean_title(upload.name), "stored": stored,
        "headers": list(table.headers), "headers_key": headers_key(table.headers), "plan": plan,
        "facts": {
            **table.facts, "header_line": table.header_line, "sample": [list(row) for row in table.sample[:5]],
            "is_remembered": bool(remembered),
        },
    }  # fmt: skip


def clean_title(name: str) -> str:
    """A file's name as it may be shown."""
    plain = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in plain if letter.isprintable())[:200] or "file"


def keep_import(values: Mapping[str, Any]) -> Import:
    """The row of an import that was begun. The caller commits."""
    row = Import(
        **values, created_at=utc_now(), state="uploaded", options={}, counts={}, unknown={}, cause=None, batch_id=None
    )
    db.session.add(row)
    db.session.flush()
    note("import.uploaded", "import", row.id, actor_id=row.asked_by_id, agency_id=row.agency_id)
    return row


def remembered_plan(agency_id: int, key: str) -> dict[str, Any]:
    """How the last file with the same headers was read at this agency."""
    found = db.session.scalar(
        select(Import.plan)
        .where(Import.agency_id == agency_id, Import.headers_key == key, Import.state.not_in(("uploaded", "failed")))
        .order_by(Import.id.desc())
        .limit(1)
    )
    return dict(found) if found else {}


def remembered_words(agency_id: int) -> dict[str, Any]:
    """What was said last of words in a list of this agency, whatever its columns: each plan takes over the one before.
    The rows that were left out come back with two columns more, and mean the same."""
    found = db.session.scalar(
        select(Import.plan)
        .where(Import.agency_id == agency_id, Import.state.not_in(("uploaded", "failed")))
        .order_by(Import.id.desc())
        .limit(1)
    )
    return dict(found) if found else {}


def plan_of(row: Import) -> Plan:
    """How the rows are to be read. A plan of before licenses were read has no words for their boards."""
    stored, headers = row.plan, row.headers
    at = stored["columns"].get(LICENSE_NUMBER)
    return Plan(
        columns=stored["columns"],
        agencies=stored["agencies"],
        disciplines=stored["disciplines"],
        default_agency_id=stored["default_agency_id"],
        default_discipline=stored["default_discipline"],
        boards=stored.get("boards", {}),
        default_board=stored.get("default_board"),
        board_hint=hint_of(headers[at]) if at is not None and at < len(headers) else "",
        aliases=stored["aliases"],
    )


def find_import(viewer: Viewer, import_id: int, *, is_for_change: bool = False) -> Import:
    """An import over an agency whose people the viewer manages. Raises NotFound for any other alike."""
    row = db.session.get(Import, import_id, with_for_update=is_for_change, populate_existing=is_for_change)
    if row is not None:
        agency = db.session.get_one(Agency, row.agency_id)
        if allows_over(viewer, OVER, agency.path):
            return row
    raise NotFound(N_("There is nothing here that you may see."))


def list_imports(viewer: Viewer) -> Sequence[tuple[Import, str]]:
    """The last imports over agencies in scope, with the agency's name."""
    rows = db.session.execute(
        select(Import, Agency.name)
        .join(Agency, Agency.id == Import.agency_id)
        .where(within(viewer, OVER))
        .order_by(Import.id.desc())
        .limit(MOST_LISTED)
    )
    return [(row, name) for row, name in rows]


def has_names(columns: Mapping[str, int]) -> bool:
    return NAME in columns or LAST_NAME in columns or FIRST_NAME in columns


def start_check(row: Import, plan: Mapping[str, Any], *, actor_id: int) -> batches.Batch:
    """Keep how the file is to be read and check every row. The caller commits. Raises Invalid, Overtaken."""
    require_state(row, "uploaded", "checked", "failed", "checking")
    if not has_names(plan["columns"]):
        raise Invalid(N_("Say which column holds the names, or the last names and first names."), "columns")
    row.plan = dict(plan)
    return _begin(row, CHECK, "checking", actor_id)


def start_apply(row: Import, options: Mapping[str, Any], *, actor_id: int) -> batches.Batch:
    """Do what was checked. The caller commits. Raises Overtaken where somebody did meanwhile."""
    require_state(row, "checked")
    row.options = dict(options)
    note("import.confirmed", "import", row.id, actor_id=actor_id, agency_id=row.agency_id)
    return _begin(row, APPLY, "applying", actor_id)


def go_on(row: Import, *, actor_id: int) -> batches.Batch:
    """Take up work that was stopped or given up, from then on with this person's rights. The caller commits. Raises
    Overtaken."""
    require_state(row, "applying", "undoing")
    return _begin(row, APPLY if row.state == "applying" else UNDO, row.state, actor_id)


def start_undo(row: Import, *, actor_id: int, now: datetime) -> batches.Batch:
    """Take back what was applied, also where that was stopped halfway. The caller commits. Raises Overtaken."""
    require_state(row, "applied", "applying")
    if not can_undo(row, now):
        raise Overtaken(N_("The 7 days in which this import could be undone are over."))
    return _begin(row, UNDO, "undoing", actor_id)


def can_undo(row: Import, now: datetime) -> bool:
    """Whether what was applied may be taken back. What was stopped halfway may be as long as its rows are kept."""
    if row.state == "applying":
        return row.removed_at is None and has_stopped(row)
    return row.state == "applied" and row.applied_at is not None and now < row.applied_at + timedelta(days=DAYS_KEPT)


def require_state(row: Import, *states: str) -> None:
    """Raises Overtaken where an import is at another step: two windows, or two administrators."""
    if row.state not in states or row.removed_at is not None:
        raise Overtaken(N_("This import has gone on meanwhile. Look at how it stands now."))
    if row.state in ("checking", "applying", "undoing") and not has_stopped(row):
        raise Overtaken(N_("This import is being worked on. Wait until that is done."))


def work_of(row: Import) -> batches.Batch | None:
    """The long work that is or was last under way for an import, whoever asked for it."""
    with looking_as(SYSTEM):  # a batch is its asker's; the caller has looked whether the import may be seen
        return db.session.get(batches.Batch, row.batch_id, populate_existing=True) if row.batch_id else None


def has_stopped(row: Import) -> bool:
    """Whether the work that an import waits for was given up or stopped."""
    batch = work_of(row)
    return batch is None or batch.state in ("failed", "cancelled")


def is_held_by(row: Import, batch_id: int | None) -> bool:
    """Whether a piece of long work may still write: not where the import has gone on with other work since, though a
    worker was in the middle of it. None: the command line, which does one thing after the other."""
    return batch_id is None or row.batch_id == batch_id


def _begin(row: Import, kind: str, state: str, actor_id: int) -> batches.Batch:
    batch = batches.begin(kind, {"import_id": row.id}, asked_by_id=actor_id)
    row.state, row.batch_id, row.cause, row.asked_by_id = state, batch.id, None, actor_id
    return batch


def decide(row: Import, choices: Mapping[int, str], rest: str | None) -> int:
    """Keep whether rows are about the same person as another; `rest` says it of all that nobody spoke of.

    How many were decided; what becomes of them is told by another check. The caller commits.
    """
    require_state(row, "checked")
    decided = 0
    open_rows = db.session.scalars(
        select(ImportRow).where(ImportRow.import_id == row.id, ImportRow.outcome == "decide")
    )
    kept: dict[str, str] = dict(row.plan.get("decisions", {}))
    for one in open_rows:
        choice = choices.get(one.position) or rest
        if choice in ("same", "other"):
            kept[str(one.position)] = choice
            decided += 1
    row.plan = {**row.plan, "decisions": kept}
    return decided
