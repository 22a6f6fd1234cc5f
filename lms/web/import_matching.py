"""What somebody says of columns and values on the pages of an import, as the plan by which its rows are read."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from lms.access import Viewer
from lms.certification.credit_bodies import load_bodies
from lms.courseware.course import DISCIPLINES
from lms.errors import N_, Invalid
from lms.importing.asking import has_names
from lms.importing.license_boards import load_boards
from lms.people.importing import columns as c
from lms.people.importing.boards import LEAVE_OUT
from lms.people.importing.entries import agency_key
from lms.people.importing.models import Import, ImportRow
from lms.people.importing.staff import load_subtree
from lms.people.importing.troubles import NOTHING
from lms.people.models import mask
from lms.people.names import fold

FIELD_NAMES = {
    c.NAME: N_("Name"),
    c.LAST_NAME: N_("Last name"),
    c.FIRST_NAME: N_("First name"),
    c.MIDDLE_NAME: N_("Middle name"),
    c.EMAIL: N_("E-mail address"),
    c.STAFF_NUMBER: N_("Staff id"),
    c.AGENCY: N_("Agency"),
    c.DISCIPLINE: N_("Discipline or job title"),
    c.STARTS_ON: N_("Start or hire date"),
    c.PERSON_ID: N_("Person id of this site"),
    c.LICENSE_BOARD: N_("License: board or kind"),
    c.LICENSE_NUMBER: N_("License: number"),
    c.LICENSE_STATE: N_("License: state"),
    c.LICENSE_EXPIRY: N_("License: last day"),
}
MOST_EXAMPLES = 3
LEAST_LIKENESS = 0.55


def column_rows(row: Import, plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each column of the file with examples and what it is taken for."""
    meant = {at: field for field, at in plan["columns"].items()}
    sample = row.facts.get("sample", [])
    found = []
    for at, header in enumerate(row.headers):
        cells = [line[at] for line in sample if at < len(line) and line[at].strip()]
        examples = [] if c.is_secret(header) else list(dict.fromkeys(cells))[:MOST_EXAMPLES]
        if meant.get(at) == c.LICENSE_NUMBER or c.likeness(header, c.LICENSE_NUMBER):
            examples = [mask(text) for text in examples]
        found.append({"at": at, "header": header, "examples": examples, "field": meant.get(at, ""),
                      "is_secret": c.is_secret(header)})  # fmt: skip
    return found


def field_choices() -> list[tuple[str, str]]:
    return [("", _("Do not import")), *((field, _(name)) for field, name in FIELD_NAMES.items())]


def matched_plan(row: Import, given: Mapping[str, str], viewer: Viewer) -> tuple[dict[str, Any], Invalid | None]:
    """The plan with the columns and defaults of a form, and what is wrong with them."""
    columns: dict[str, int] = {}
    problem: Invalid | None = None
    if row.facts.get("format") == "oneroster":
        columns = dict(row.plan["columns"])
    for at, header in enumerate(row.headers):
        field = given.get(f"column-{at}", "")
        if field not in FIELD_NAMES or c.is_secret(header):
            continue
        if field in columns and row.facts.get("format") != "oneroster":
            message = N_("Two columns are matched to “%(meaning)s”. Choose one of them.")
            problem = Invalid(message, "columns", meaning=_(FIELD_NAMES[field]))
        columns.setdefault(field, at)
    if problem is None and not has_names(columns):
        problem = Invalid(N_("Say which column holds the names, or the last names and first names."), "columns")
    default = given.get("default_agency", "")
    reachable = load_subtree(row.agency_id).ids
    chosen = int(default) if default.isdecimal() and len(default) < 19 else None
    discipline, board = given.get("default_discipline", ""), given.get("default_board", "")
    plan = {
        **row.plan,
        "columns": columns,
        "default_agency_id": chosen if chosen in reachable else None,
        "default_discipline": discipline if discipline in DISCIPLINES else None,
        "default_board": board if board in load_boards().boards else None,
    }
    return plan, problem


def unknown_rows(row: Import) -> list[dict[str, Any]]:
    """Values that nothing is known to mean, the most frequent first, under names that a form sends back."""
    found = []
    for field in (c.AGENCY, c.DISCIPLINE, c.LICENSE_BOARD):
        values = sorted(row.unknown.get(field, {}).items(), key=lambda one: (-one[1], one[0]))
        for at, (text, count) in enumerate(values):
            found.append({"name": f"{field}-{at}", "field": field, "text": text, "count": count, "guess": None})
    return found


def guess_agencies(rows: list[dict[str, Any]], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """The same with the agency whose name is most alike chosen beforehand; nothing counts before somebody says so."""
    keys = {agency_key(name): number for number, name in names.items()}
    for one in rows:
        if one["field"] == c.AGENCY:
            close = difflib.get_close_matches(one["text"], list(keys), 1, LEAST_LIKENESS)
            one["guess"] = keys[close[0]] if close else None
    return rows


def valued_plan(row: Import, given: Mapping[str, str]) -> dict[str, Any]:
    """The plan with what a form says of values; what was left open stays unknown."""
    agencies, disciplines = dict(row.plan["agencies"]), dict(row.plan["disciplines"])
    boards, known_boards = dict(row.plan.get("boards", {})), {LEAVE_OUT, *load_boards().boards}
    reachable = load_subtree(row.agency_id).ids
    for one in unknown_rows(row):
        choice = given.get(one["name"], "")
        if one["field"] == c.AGENCY and choice.isdecimal() and len(choice) < 19 and int(choice) in reachable:
            agencies[one["text"]] = int(choice)
        elif one["field"] == c.DISCIPLINE and choice in DISCIPLINES:
            disciplines[one["text"]] = choice
        elif one["field"] == c.LICENSE_BOARD and choice in known_boards:
            boards[one["text"]] = choice
    return {**row.plan, "agencies": agencies, "disciplines": disciplines, "boards": boards}


def board_choices(language: str) -> list[tuple[str, str]]:
    """The boards that the site knows, by name."""
    return sorted(
        ((slug, body.short_name(language)) for slug, body in load_bodies().items()), key=lambda one: fold(one[1])
    )


def cells_text(row: Import, one: ImportRow) -> str:
    """A row by which no name is to be shown, as it stands in the file, but for its license number."""
    return ", ".join(str(cell) for cell in masked_cells(row, one) if cell)


def masked_cells(row: Import, one: ImportRow) -> list[Any]:
    """The cells of a row with the license number masked."""
    at = row.plan["columns"].get(c.LICENSE_NUMBER)
    return [
        mask(str(cell)) if at == index and fold(str(cell)) not in NOTHING else cell
        for index, cell in enumerate(one.cells or [])
    ]
