"""Files of importing people: rows with problems, rows by outcome, who is missing, and the staff list itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import Blueprint, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission, visible_agencies
from lms.certification.assignment_rules import AsOf
from lms.clock import utc_now
from lms.errors import N_, NotFound
from lms.importing import asking, ending, showing
from lms.importing.asking import OVER
from lms.people.audit import note
from lms.people.importing.columns import EXPORT_HEAD
from lms.people.importing.entries import guarded
from lms.people.importing.exporting import StaffLine, stream_staff
from lms.people.importing.models import OUTCOMES, ImportRow
from lms.people.importing.staff import load_subtree
from lms.reporting.exports import Cell, csv_chunks
from lms.reporting.staff_choices import filter_of
from lms.web.agency_choices import number_in
from lms.web.guards import act, fresh, language, needs, settings, today, viewer
from lms.web.import_matching import board_choices, masked_cells
from lms.web.people_filters import choice_in

blueprint = Blueprint("import_files", __name__)


@blueprint.app_context_processor
def words() -> dict[str, object]:
    return {"reason_text": reason_text}


OUTCOME_NAMES = {
    "create": N_("New people"),
    "update": N_("People who get something new"),
    "unchanged": N_("Unchanged"),
    "decide": N_("To decide"),
    "problem": N_("Problems"),
}


@blueprint.get("/people/import/<int:import_id>/rows")
@needs(OVER)
def list_rows(import_id: int) -> str:
    """The rows of one outcome, page by page."""
    row = asking.find_import(viewer(), import_id)
    outcome = request.args.get("outcome", "create")
    if outcome not in OUTCOMES:
        raise NotFound(N_("There is nothing here that you may see."))
    after = number_in("after") or 0
    rows = showing.list_rows(row, outcome, after=after, limit=showing.MOST_SHOWN + 1)
    shown, has_more = rows[: showing.MOST_SHOWN], len(rows) > showing.MOST_SHOWN
    address = url_for(".list_rows", import_id=import_id, outcome=outcome, after=shown[-1].position if shown else 0)
    return render_template(
        "people/import_rows.html", row=row, rows=shown, title=_(OUTCOME_NAMES[outcome]), outcome=outcome,
        agencies=showing.agencies_of(row), boards=dict(board_choices(language())),
        next_href=address if has_more else None,
        first_href=url_for(".list_rows", import_id=import_id, outcome=outcome) if after else None,
    )  # fmt: skip


@blueprint.get("/people/import/<int:import_id>/problems.csv")
@needs(OVER)
def export_problems(import_id: int) -> Response:
    """The rows that were left out, as they stood in the file, each with its reason: to be mended and imported again.

    License numbers are masked but for whoever brought the file.
    """
    person = viewer()
    row = asking.find_import(person, import_id)
    is_whole = showing.has_uploaded(row, person.id)
    head = [guarded(header) for header in row.headers] + [_("Line in the file"), _("Problem")]
    # Headers of the file itself: what was recognized in it is recognized in this one.
    rows = (
        problem_cells(one, one.cells or [] if is_whole else masked_cells(row, one), len(row.headers))
        for one in showing.stream_rows(row, ("problem", "decide"))
    )
    return csv_file(f"problems-{import_id}", head, rows)


def problem_cells(row: ImportRow, whole: Sequence[Any], width: int) -> list[Cell]:
    cells = [str(cell).replace("\0", "") for cell in whole]
    return [*(guarded(cell) for cell in cells), *([""] * (width - len(cells))), row.line, reason_text(row.reason)]


def reason_text(reason: dict[str, object]) -> str:
    """A reason that was kept, in the language of this request."""
    message, values = reason.get("message"), reason.get("values")
    return _(str(message), **values) if message and isinstance(values, dict) else ""


@blueprint.get("/people/import/<int:import_id>/missing.csv")
@needs(OVER)
@fresh
def export_missing(import_id: int) -> Response:
    """Everybody whose place would end because the file does not name them."""
    row = asking.find_import(viewer(), import_id)
    asking.require_state(row, "checked")
    found = ending.list_missing(row, load_subtree(row.agency_id), today())
    person = viewer()
    act(lambda: note("people.exported", "agency", row.agency_id, actor_id=person.id, agency_id=row.agency_id))
    rows: list[list[Cell]] = [[one.name, one.email, one.agency, one.discipline] for one in found]
    return csv_file(f"missing-{import_id}", ["Name", "E-mail", "Agency", "Discipline"], rows)


@blueprint.get("/people/export.csv")
@needs(Permission.SEE_PEOPLE)
@fresh
def export_staff() -> Response:
    """The staff list with the filters of the page, one line for each place; the import reads it back."""
    person = viewer()
    choice, day = choice_in(person, request.args), today()
    wanted = filter_of(person, choice, Permission.SEE_PEOPLE, AsOf.at(utc_now(), settings().time_zone))
    about = choice.agency_id
    act(lambda: note("people.exported", "agency", about, actor_id=person.id, agency_id=about))
    lines = stream_staff(visible_agencies(person, Permission.SEE_PEOPLE), wanted, day=day)
    return csv_file(f"people-{day.isoformat()}", EXPORT_HEAD, (staff_cells(line) for line in lines))


def staff_cells(line: StaffLine) -> list[Cell]:
    return [
        line.user_id, guarded(line.name), guarded(line.email or ""), guarded(line.number or ""),
        guarded(line.agency_mark), line.discipline, line.started_on.isoformat(),
        guarded(line.agency_name),
    ]  # fmt: skip


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A file that is sent while it is read."""
    response = Response(stream_with_context(csv_chunks(head, rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
