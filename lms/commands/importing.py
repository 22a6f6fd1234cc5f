"""For who brings lists of people in from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from lms.app import create_app
from lms.clock import local_day, utc_now
from lms.commands.speaking import called, say
from lms.courseware.course import DISCIPLINES
from lms.database import db, run_transaction
from lms.errors import Invalid
from lms.importing import showing
from lms.importing.agency_adding import ROWS, add_rows
from lms.importing.agency_checking import check_rows
from lms.importing.agency_rows import read_table, rows_of
from lms.importing.applying import apply_piece
from lms.importing.asking import Upload, begin_import, has_names, keep_import
from lms.importing.checking import check_piece
from lms.importing.running import run_to_end
from lms.people.importing.columns import AGENCY
from lms.people.importing.models import Import
from lms.people.models import Agency

MOST_SAID = 100


@click.group("import")
def import_group() -> None:
    """Bring in what other programs hold."""


@import_group.command("people")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--agency", "code", help="Code of the agency whose people these are; the only one at the top if unsaid.")
@click.option("--discipline", type=click.Choice(DISCIPLINES), help="Where a row says none, or one that is not known.")
@click.option("--invite", is_flag=True, help="Send invitations by mail.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of each row.")
def people_command(file: Path, code: str | None, discipline: str | None, invite: bool, dry_run: bool) -> None:
    """Import people from a CSV, an Excel workbook or a OneRoster zip. Exit 1 if rows were left out."""
    app = create_app()
    with app.app_context():
        left_out = called(lambda: _import(app.extensions["lms"], file, code, discipline, invite, dry_run))
    if left_out:
        raise SystemExit(1)


@import_group.command("agencies")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--below", "code", help="Code of the agency below which rows go that name none above; else the top.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of each row.")
def agencies_command(file: Path, code: str | None, dry_run: bool) -> None:
    """Add agencies from a CSV or an Excel workbook. Exit 1 if rows were left out."""
    app = create_app()
    with app.app_context():
        left_out = called(lambda: _add_agencies(app.extensions["lms"], file, code, dry_run))
    if left_out:
        raise SystemExit(1)


def _add_agencies(runtime: Any, file: Path, code: str | None, dry_run: bool) -> int:
    """Check, say, and add unless it is only a try; how many rows were left out."""
    top = _find_agency(code) if code else None
    with file.open("rb") as handle:
        table = read_table(handle)
    plan = check_rows(rows_of(table), top, is_everywhere=True)
    for count, word in ((plan.new, "new"), (plan.unchanged, "unchanged"), (plan.problems, "problem")):
        say(f"{len(count):>7} {word}")
    for one in plan.problems:
        say(f"line {one.row.line}: {one.row.name or '–'}: {one.problem}", is_error=True)
    rows = [one.to_json() for one in plan.new]
    db.session.rollback()
    if dry_run:
        say("Nothing was changed: this was a try.")
        return len(plan.problems)
    return len(plan.problems) + _add_rows(rows, runtime)


def _add_rows(rows: list[dict[str, Any]], runtime: Any) -> int:
    """How many could not be added after all; each is said with the reason."""
    since, day = utc_now(), local_day(utc_now(), runtime.settings.time_zone)
    made: dict[str, int] = {}
    failed = 0
    for at in range(0, len(rows), ROWS):
        some, before = rows[at : at + ROWS], made
        made, problems = run_transaction(
            lambda some=some, before=before: add_rows(some, before, None, day=day, since=since)  # type: ignore[misc]
        )
        failed += len(problems)
        for name, reason in problems:
            say(f"{name}: {reason}", is_error=True)
    say(f"Added {len(rows) - failed}.")
    return failed


def _import(
    runtime: Any, file: Path, code: str | None, discipline: str | None, invite: bool, dry_run: bool
) -> int:  # fmt: skip
    """Check, say, and apply unless it is only a try; how many rows were left out."""
    agency = _find_agency(code)
    with file.open("rb") as handle:
        values = begin_import(Upload(handle, file.name), agency.id, asked_by_id=None, files=runtime.files)
    plan = values["plan"]
    if not has_names(plan["columns"]):
        raise Invalid(f"No column of {file.name} is known to hold names: {', '.join(values['headers'])}.")
    plan["default_discipline"] = discipline or plan["default_discipline"]
    if AGENCY not in plan["columns"]:
        plan["default_agency_id"] = plan["default_agency_id"] or agency.id
    db.session.rollback()
    import_id = run_transaction(lambda: _keep({**values, "plan": plan}, "checking"))
    run_to_end(check_piece, import_id, runtime)
    left_out = _say_outcomes(import_id)
    if dry_run:
        say("Nothing was changed: this was a try.")
        return left_out
    run_transaction(lambda: _confirm(import_id, invite, runtime.settings.language_list[0]))
    for name, reason in run_to_end(apply_piece, import_id, runtime):
        say(f"{name}: {reason}", is_error=True)
    say(f"Imported. It can be undone for 7 days on the page /people/import/{import_id}.")
    return left_out


def _find_agency(code: str | None) -> Agency:
    query = select(Agency).where(Agency.archived_at.is_(None))
    query = query.where(Agency.code == code) if code else query.where(Agency.parent_id.is_(None))
    found = db.session.scalars(query.limit(2)).all()
    if len(found) == 1:
        return found[0]
    if code:
        raise Invalid(f"There is no agency with the code {code}.")
    raise Invalid("Say whose people these are: --agency with the agency's code.")


def _keep(values: dict[str, Any], state: str) -> int:
    row = keep_import(values)
    row.state = state
    return row.id


def _confirm(import_id: int, invite: bool, language: str) -> None:
    row = db.session.get_one(Import, import_id)
    row.state, row.options = "applying", {"invite": invite, "language": language}


def _say_outcomes(import_id: int) -> int:
    """Each outcome with its count, and the rows that are left out by line; how many these are."""
    row = db.session.get_one(Import, import_id, populate_existing=True)
    columns = ", ".join(f"{field} = {row.headers[at]}" for field, at in row.plan["columns"].items())
    say(f"Columns: {columns}")
    for outcome, count in row.counts.items():
        if outcome == "left_out":
            for reason, number in count.items():
                say(f"{number:>7} left out: {reason}")
        else:
            say(f"{count:>7} {outcome}")
    bad = [one for outcome in ("problem", "decide") for one in showing.list_rows(row, outcome, limit=MOST_SAID)]
    for one in bad:
        reason = str(one.reason.get("message", "")) % one.reason.get("values", {})
        say(f"line {one.line}: {one.name or '–'}: {reason}", is_error=True)
    db.session.rollback()
    return int(row.counts.get("problem", 0)) + int(row.counts.get("decide", 0))
