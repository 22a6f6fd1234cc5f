"""Pages of importing people: upload, match columns, check, confirm, result, undo."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import scope
from lms.batches import Batch
from lms.clock import utc_now
from lms.cohorts import reach
from lms.courseware.course import DISCIPLINES
from lms.courseware.names import LANGUAGES
from lms.database import db
from lms.errors import N_, Invalid, Overtaken
from lms.files import FileStore
from lms.importing import asking, ending, showing
from lms.importing.asking import OVER, Upload
from lms.people.importing.models import Import
from lms.people.importing.staff import load_subtree
from lms.people.importing.unpacking import MOST_BYTES
from lms.people.models import Agency
from lms.web import batches
from lms.web.agency_choices import agency_choices, choices_to_make, find_agency
from lms.web.forms.importing import ConfirmImportForm, UploadForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, language, needs, settings, takes_files, today, viewer
from lms.web.import_matching import (
    FIELD_NAMES,
    board_choices,
    cells_text,
    column_rows,
    field_choices,
    guess_agencies,
    matched_plan,
    unknown_rows,
    valued_plan,
)
from lms.web.training import course_choices

blueprint = Blueprint("people_import", __name__)

Page = str | tuple[str, int] | Response

batches.TITLES.update(
    {
        asking.CHECK: N_("Checking a list of people"),
        asking.APPLY: N_("Importing people"),
        asking.UNDO: N_("Undoing an import of people"),
    }
)

STATE_TAGS = {
    "uploaded": (N_("Columns to match"), "info"),
    "checking": (N_("Being checked"), "info"),
    "checked": (N_("To be confirmed"), "warn"),
    "applying": (N_("Being imported"), "info"),
    "applied": (N_("Imported"), "ok"),
    "undoing": (N_("Being undone"), "info"),
    "undone": (N_("Undone"), "warn"),
    "failed": (N_("Given up"), "error"),
}
STEPS = (N_("Upload"), N_("Match columns"), N_("Check"), N_("Confirm"), N_("Result"))
UNDO_TEXT = N_(
    "People who came with it and have not signed in are removed, with their places, courses, seats and invitations; "
    "places that it ended are open again. What somebody has done since stays, and the next page names it with the "
    "reason."
)
UNDO_INVITED = N_(
    "People who came with it and have not signed in are removed, with their places, courses and seats; places that it "
    "ended are open again. What somebody has done since stays, and the next page names it with the reason. The links "
    "that were mailed to them do not work any more, and nobody tells them: write to those who may have read theirs."
)
AT = {"uploaded": 2, "checking": 3, "checked": 3, "failed": 3, "applying": 5, "applied": 5, "undoing": 5, "undone": 5}


def steps(at: int) -> tuple[list[str], int]:
    return [_(step) for step in STEPS], at


@blueprint.route("/people/import", methods=["GET", "POST"])
@needs(OVER)
@takes_files(MOST_BYTES + 1_000_000)
def upload() -> Page:
    """Upload a list of people, and see the imports so far."""
    person = viewer()
    own = scope(person, OVER)
    form = UploadForm(agency_id=int(own[0].split("/")[-2]) if own and len(own) == 1 else None)
    form.agency_id.choices = choices_to_make(agency_choices(person, OVER))
    if form.validate_on_submit():
        agency = find_agency(person, OVER, form.agency_id.data)
        given = request.files.get("file")
        try:
            if given is None or not given.filename:
                raise Invalid(N_("Choose the file with the list."), "file")
            chosen = Upload(given.stream, given.filename)
            values = asking.begin_import(chosen, agency.id, asked_by_id=person.id, files=file_store())
        except Invalid as error:
            add_problem(form, error, "file")
        else:
            db.session.rollback()
            row = act(lambda: asking.keep_import(values))
            return redirect(url_for(".show_import", import_id=row.id), code=303)
    db.session.rollback()
    return shown(
        "people/import_upload.html", form, imports=asking.list_imports(person), steps=steps(1), state_tags=STATE_TAGS
    )


def file_store() -> FileStore:
    files: FileStore = current_app.extensions["lms"].files
    return files


@blueprint.get("/people/import/<int:import_id>")
@needs(OVER)
def show_import(import_id: int) -> Page:
    """Where an import stands: its columns, how far the work is, what was checked, or what came of it."""
    row = asking.find_import(viewer(), import_id)
    batch = asking.work_of(row)
    if row.state == "uploaded" or (row.removed_at is None and row.state == "checking" and asking.has_stopped(row)):
        return match_page(row, batch)
    if row.state in ("checking", "applying", "undoing"):
        return render_template(
            "people/import_progress.html", row=row, batch=batch, steps=steps(AT[row.state]), tag=STATE_TAGS[row.state],
            has_stopped=asking.has_stopped(row), can_undo=asking.can_undo(row, utc_now()),
        )  # fmt: skip
    if row.state == "checked" and row.removed_at is None:
        return check_page(row)
    return render_template(
        "people/import_result.html", row=row, batch=batch, steps=steps(5), tag=STATE_TAGS[row.state],
        facts=showing.result_facts(row), kept=showing.kept_changes(row), can_undo=asking.can_undo(row, utc_now()),
        undo_until=showing.undo_until(row),
    )  # fmt: skip


@blueprint.get("/people/import/<int:import_id>/match")
@needs(OVER)
def match(import_id: int) -> Page:
    """The columns again, to read the file in another way."""
    return match_page(asking.find_import(viewer(), import_id), None)


@blueprint.post("/people/import/<int:import_id>/match")
@needs(OVER)
def keep_match(import_id: int) -> Page:
    """Keep what the columns mean, and check every row."""
    person = viewer()
    row = asking.find_import(person, import_id)
    plan, problem = matched_plan(row, request.form, person)
    if problem is None:
        try:
            act(
                lambda: asking.start_check(
                    asking.find_import(person, import_id, is_for_change=True), plan, actor_id=person.id
                )
            )
        except Invalid as error:
            problem = error
    if problem is not None:
        return match_page(row, None, plan=plan, problem=problem), 422
    return redirect(url_for(".show_import", import_id=import_id), code=303)


def match_page(row: Import, batch: Batch | None, *, plan: Any = None, problem: Invalid | None = None) -> str:
    if row.removed_at is not None:
        raise Overtaken(N_("This import is over, and its file was removed. Upload it again."))
    agency, boards = db.session.get_one(Agency, row.agency_id), board_choices(language())
    return render_template(
        "people/import_match.html", row=row, columns=column_rows(row, plan or row.plan), plan=plan or row.plan,
        agency=agency, agencies=agency_choices(viewer(), OVER, agency), problem=problem, steps=steps(2),
        cause=batch.cause if batch else None, fields=field_choices(), disciplines=DISCIPLINES, boards=boards,
        field_names={field: _(name) for field, name in FIELD_NAMES.items()},
    )  # fmt: skip


def check_page(row: Import) -> str:
    agencies = showing.agencies_of(row)
    return render_template(
        "people/import_check.html", row=row, steps=steps(3), unknown=guess_agencies(unknown_rows(row), agencies),
        agencies=agencies, twins=showing.list_twins(row), problems=showing.list_rows(row, "problem"),
        total=showing.total_of(row.counts), good=showing.count_good(row), disciplines=DISCIPLINES,
        boards=board_choices(language()), cells_text=cells_text,
    )  # fmt: skip


@blueprint.post("/people/import/<int:import_id>/values")
@needs(OVER)
def keep_values(import_id: int) -> Response:
    """Keep what values mean, and check again."""
    person = viewer()

    def step() -> None:
        row = asking.find_import(person, import_id, is_for_change=True)
        asking.start_check(row, valued_plan(row, request.form), actor_id=person.id)

    act(step)
    return redirect(url_for(".show_import", import_id=import_id), code=303)


@blueprint.post("/people/import/<int:import_id>/decide")
@needs(OVER)
def decide(import_id: int) -> Response:
    """Keep who is the same person, and check again."""
    person = viewer()
    choices = {
        int(name.removeprefix("row-")): value
        for name, value in request.form.items()
        if name.startswith("row-") and name.removeprefix("row-").isdecimal() and len(name) < 20
    }

    def step() -> None:
        row = asking.find_import(person, import_id, is_for_change=True)
        asking.decide(row, choices, request.form.get("rest"))
        asking.start_check(row, row.plan, actor_id=person.id)

    act(step)
    return redirect(url_for(".show_import", import_id=import_id), code=303)


@blueprint.route("/people/import/<int:import_id>/confirm", methods=["GET", "POST"])
@needs(OVER)
def confirm(import_id: int) -> Page:
    """What will happen, with counts and names, and what else may; then it begins."""
    person = viewer()
    row = asking.find_import(person, import_id)
    asking.require_state(row, "checked")
    subtree = load_subtree(row.agency_id)
    count, up_to = ending.count_missing(row, subtree, today())
    form = confirm_form(row, count, up_to)
    if form.validate_on_submit():
        try:
            options = showing.confirmed_options(form.data, count)
            if options["cohort_id"]:
                reach.find_led_cohort(person, options["cohort_id"], is_open=True)
            act(
                lambda: asking.start_apply(
                    asking.find_import(person, import_id, is_for_change=True), options, actor_id=person.id
                )
            )
            return redirect(url_for(".show_import", import_id=import_id), code=303)
        except Invalid as error:
            add_problem(form, error, "end_missing")
            form.end_count.data, form.end_up_to.data = str(count), str(up_to)
    missing = ending.list_missing(row, subtree, today(), showing.MOST_MISSING)
    return shown(
        "people/import_confirm.html", form, row=row, steps=steps(4), count=count, missing=missing,
        creates=showing.list_rows(row, "create"), updates=showing.list_rows(row, "update"),
        good=showing.count_good(row), most=showing.MOST_SHOWN,
    )  # fmt: skip


def confirm_form(row: Import, count: int, up_to: int) -> ConfirmImportForm:
    form = ConfirmImportForm(invite=True, language=language(), end_count=str(count), end_up_to=str(up_to))
    form.language.choices = [(code, LANGUAGES.get(code, code)) for code in settings().language_list]
    form.course_id.choices = course_choices(_("None"))
    led = [one.cohort for one in reach.list_cohorts(viewer()) if one.cohort.archived_at is None]
    teams = [(str(one.id), one.name) for one in led if reach.may_lead(viewer(), one)]
    form.cohort_id.choices = [("", _("None")), *teams]
    return form


@blueprint.post("/people/import/<int:import_id>/go-on")
@needs(OVER)
def go_on(import_id: int) -> Response:
    """Take up work that was stopped or given up."""
    person = viewer()
    act(lambda: asking.go_on(asking.find_import(person, import_id, is_for_change=True), actor_id=person.id))
    flash_done(_("The work goes on."))
    return redirect(url_for(".show_import", import_id=import_id), code=303)


@blueprint.route("/people/import/<int:import_id>/undo", methods=["GET", "POST"])
@needs(OVER)
def undo(import_id: int) -> Page:
    """Take back what an import changed, after a page that says what stays."""
    person = viewer()
    row = asking.find_import(person, import_id)
    if request.method == "POST":
        act(
            lambda: asking.start_undo(
                asking.find_import(person, import_id, is_for_change=True), actor_id=person.id, now=utc_now()
            )
        )
        flash_done(_("The import is being undone."))
        return redirect(url_for(".show_import", import_id=import_id), code=303)
    asking.require_state(row, "applied", "applying")
    return render_template(
        "confirm.html",
        title=_("Undo this import?"),
        text=_(UNDO_INVITED if row.options.get("invite") else UNDO_TEXT),
        facts=showing.result_facts(row),
        action=url_for(".undo", import_id=import_id),
        submit_text=_("Undo the import"),
        cancel_href=url_for(".show_import", import_id=import_id),
    )
