"""Pages that add agencies from a list: upload, check, confirm; the page of the work says what came of it."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from lms import keys
from lms.access import Permission, Viewer, scope
from lms.database import db
from lms.errors import N_, Invalid, Overtaken
from lms.importing import agency_adding
from lms.importing.agency_checking import Plan, check_rows
from lms.importing.agency_rows import MOST_BYTES, AgencyTable, read_table, rows_of
from lms.people.models import Agency
from lms.web import batches
from lms.web.agencies import parent_choices, require_parent
from lms.web.agency_choices import choices_to_make
from lms.web.forms.agencies import AgencyListForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, needs, settings, takes_files, viewer
from lms.web.texts import said_by

blueprint = Blueprint("agency_lists", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_AGENCIES
SEALED_FOR = "lists of agencies that were checked"
SEALED_SECONDS = 4 * 3600
MOST_SEALED = 1_500_000
"""Characters: what is confirmed comes back within a request of at most 2 MB."""

MOST_NEW_SHOWN = 50
MOST_PROBLEMS_SHOWN = 500

TOO_MUCH_TEXT = N_("This list holds more text than can be checked at once. Part it into several files.")
TOO_LATE = N_("This page was open for too long, or is somebody else’s. Upload the list again.")

batches.TITLES[agency_adding.KIND] = N_("Adding agencies from a list")
batches.ABOUT[agency_adding.KIND] = lambda batch: ngettext("%(num)s agency", "%(num)s agencies", batch.total or 0)


@dataclass(frozen=True, slots=True)
class Checked:
    """A list on its way through the page that shows what would become of it; `new` are the lines that were shown as
    new."""

    parent_id: int | None
    table: AgencyTable
    new: tuple[int, ...]


@blueprint.route("/agencies/list", methods=["GET", "POST"])
@needs(OVER)
@takes_files(MOST_BYTES + 1_000_000)
def upload() -> Page:
    """Upload a list of agencies, and see what would become of each row; nothing is written."""
    person, form = viewer(), AgencyListForm()
    form.parent_id.choices = choices_to_make(parent_choices(person, None))
    if form.validate_on_submit():
        parent_id = form.parent_id.data or None
        require_parent(person, parent_id)
        given = request.files.get("file")
        try:
            if given is None or not given.filename:
                raise Invalid(N_("Choose the file with the list."), "file")
            return check_page(person, parent_id, read_table(given.stream))
        except Invalid as error:
            add_problem(form, error, "file")
    db.session.rollback()
    return shown("agencies/list_upload.html", form)


@blueprint.post("/agencies/list/confirm")
@needs(OVER)
def confirm() -> Page:
    """Have the worker add what was shown; checked anew before, since others may have added some meanwhile."""
    person = viewer()
    checked = unseal(request.form.get("list", ""), person)
    require_parent(person, checked.parent_id)
    plan = plan_of(person, checked.parent_id, checked.table)
    if tuple(one.row.line for one in plan.new) != checked.new or not plan.new:
        return check_page(person, checked.parent_id, checked.table, has_changed=True), 409
    db.session.rollback()
    made = act(lambda: agency_adding.ask(person, plan).id)
    flash_done(_("The work has begun. You may leave this page."))
    return redirect(url_for("batches.show_batch", batch_id=made), code=303)


def check_page(person: Viewer, parent_id: int | None, table: AgencyTable, *, has_changed: bool = False) -> str:
    """What would become of each row. Raises Invalid for a list whose text does not fit."""
    plan = plan_of(person, parent_id, table)
    names = {row.row.line: row.row.name for row in (*plan.new, *plan.unchanged)}
    above = {one.parent_id for one in plan.new[:MOST_NEW_SHOWN]}
    agencies = {one: agency.name for one in above if one and (agency := db.session.get(Agency, one))}
    return render_template(
        "agencies/list_check.html",
        plan=plan,
        rows=len(table.rows),
        top=db.session.get(Agency, parent_id) if parent_id else None,
        new=[
            (one.row, names[one.parent_line] if one.parent_line else agencies.get(one.parent_id or 0, ""))
            for one in plan.new[:MOST_NEW_SHOWN]
        ],
        problems=[(one.row, said_by(one.problem)) for one in plan.problems[:MOST_PROBLEMS_SHOWN] if one.problem],
        used=table.headers,
        unused=table.unused,
        sealed=seal(Checked(parent_id, table, tuple(one.row.line for one in plan.new)), person) if plan.new else "",
        has_changed=has_changed,
    )


def plan_of(person: Viewer, parent_id: int | None, table: AgencyTable) -> Plan:
    top = db.session.get(Agency, parent_id) if parent_id else None
    return check_rows(rows_of(table), top, is_everywhere=scope(person, OVER) is None)


def seal(checked: Checked, person: Viewer) -> str:
    """The list for the page that asks, so that nothing is kept of one that nobody confirms. Raises Invalid."""
    table = checked.table
    plain = json.dumps([person.id, checked.parent_id, table.headers, table.rows, table.unused, checked.new])
    sealed = keys.seal(zlib.compress(plain.encode()), settings().secret_key, SEALED_FOR).decode()
    if len(sealed) > MOST_SEALED:
        raise Invalid(TOO_MUCH_TEXT, "file")
    return sealed


def unseal(sealed: str, person: Viewer) -> Checked:
    """Raises Overtaken."""
    plain = keys.unseal(sealed.encode(), settings().secret_key, SEALED_FOR, seconds=SEALED_SECONDS)
    if plain is None:
        raise Overtaken(TOO_LATE)
    by_id, parent_id, headers, rows, unused, new = json.loads(zlib.decompress(plain))
    if by_id != person.id:
        raise Overtaken(TOO_LATE)
    table = AgencyTable(tuple(headers), tuple((line, tuple(cells)) for line, cells in rows), tuple(unused))
    return Checked(parent_id, table, tuple(new))
