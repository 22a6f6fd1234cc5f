"""Records from paper: paste or upload a table, see what becomes of each line, enter it; and undo the whole of it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms import amending
from lms.certification import paper_records, trainings
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Invalid, Overtaken
from lms.web.forms.changes import ReasonForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.forms.training import PaperForm
from lms.web.guards import act, flash_done, needs, settings, takes_files, today, viewer
from lms.web.navigation import stands_at
from lms.web.training import OVER, Page, course_titles, people_of
from lms.web.training_queue import named, undo_text

blueprint = Blueprint("training_paper", __name__)

MOST_REQUEST_BYTES = 3_000_000

OUTCOME_TAGS = {
    "match": (N_("Is entered"), "ok"),
    "ambiguous": (N_("Several people"), "warn"),
    "unknown": (N_("Nobody found"), "error"),
    "duplicate": (N_("There already"), "warn"),
    "faulty": (N_("Cannot be read"), "error"),
}


@blueprint.route("/training/paper", methods=["GET", "POST"])
@needs(OVER)
@takes_files(MOST_REQUEST_BYTES)
def enter_paper() -> Page:
    """A table of paper records: checked line by line, then entered after a yes."""
    person, form = viewer(), PaperForm()
    if not form.validate_on_submit() or request.form.get("again") == "1":
        return paper_page(form, person.id)
    try:
        text = typed(form)
        lines = paper_records.read_lines(text)
        if request.form.get("sure") == "1":
            entry = act(
                lambda: amending.enter_paper(
                    lines, people_of(person), settings(), actor_id=person.id, today=today(), now=utc_now()
                )
            )
            flash_done(_("Entered. You can undo the whole of it for 7 days."))
            return redirect(url_for(".show_entry", entry_id=entry.id), code=303)
    except Invalid as error:
        add_problem(form, error)
        return paper_page(form, person.id)
    checked = paper_records.check_lines(lines, people_of(person), actor_id=person.id, today=today())
    stands_at(url_for(".enter_paper"))
    return render_template(
        "training/paper_check.html",
        checked=checked,
        text=text,
        good=sum(1 for one in checked if one.outcome == "match"),
        outcome_tags=OUTCOME_TAGS,
    )


def typed(form: PaperForm) -> str:
    """The table: the file, where one was chosen, else what was pasted. Raises Invalid for a file that is no text."""
    upload = request.files.get("file")
    content = upload.read() if upload else b""
    if not content:
        return form.lines.data or ""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(
            N_("The file is not in UTF-8. In your spreadsheet choose “CSV UTF-8” when you save it."), "file"
        ) from None


def paper_page(form: PaperForm, person_id: int) -> Page:
    """The form, and what one entered before."""
    entries = paper_records.entries_of(person_id)
    return shown("training/paper.html", form, entries=entries, most_lines=paper_records.MOST_LINES)


@blueprint.get("/training/paper/<int:entry_id>")
@needs(OVER)
def show_entry(entry_id: int) -> str:
    """What one entered in one go, record by record."""
    entry = paper_records.find_entry(entry_id, viewer().id)
    return render_template(
        "training/entry.html",
        entry=entry,
        rows=paper_records.records_of(entry.id),
        titles=course_titles(),
        can_undo=entry.undone_at is None and utc_now() < entry.undo_until,
    )


@blueprint.route("/training/paper/<int:entry_id>/undo", methods=["GET", "POST"])
@needs(OVER)
def undo_entry(entry_id: int) -> Page:
    """Take a whole entry back, after a page that names what was issued from it and would be revoked."""
    person, form = viewer(), ReasonForm()
    entry = paper_records.find_entry(entry_id, person.id)
    if form.validate_on_submit():
        reason, now = form.reason.data or "", utc_now()
        act(lambda: amending.undo_paper(entry, reason, settings(), actor_id=person.id, now=now))
        flash_done(_("The entry is undone. Its records do not count any more."))
        return redirect(url_for(".show_entry", entry_id=entry_id), code=303)
    if entry.undone_at is not None or utc_now() >= entry.undo_until:
        raise Overtaken(N_("This entry was undone already, or its 7 days are over."))
    records = paper_records.records_of(entry.id, only_approved=True)
    issued = trainings.issued_from([training.id for training, _name in records])
    db.session.rollback()
    return shown(
        "confirm.html",
        form,
        title=_("Undo this entry?"),
        text=undo_text(issued),
        facts=[(_("Records"), str(len(records))), *named(issued)],
        action=url_for(".undo_entry", entry_id=entry_id),
        submit_text=_("Undo the entry"),
        cancel_href=url_for(".show_entry", entry_id=entry_id),
    )
