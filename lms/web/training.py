"""Training done elsewhere, for the person: what was handed in and what became of it, handing in, withdrawing."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Select
from werkzeug.wrappers import Response

from lms.access import Permission, Viewer, scope, visible_agencies
from lms.catalog.facts import title_of
from lms.catalog.versions import current_versions
from lms.certification import training_lists, trainings
from lms.certification.evidence_files import MOST_BYTES, Evidence, examine
from lms.certification.training_models import ExternalTraining
from lms.certification.trainings import Claim, Stored
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.files import FileStore
from lms.web.forms.refusals import add_problem, shown
from lms.web.forms.training import TrainingForm
from lms.web.guards import act, flash_done, language, signed_in, takes_files, today, viewer
from lms.web.security import sandbox
from lms.web.texts import translate

blueprint = Blueprint("training", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.APPROVE_TRAINING

MOST_REQUEST_BYTES = 50_000_000
"""Much more than a file may have: a scan that is too large is refused beside its field, where the form keeps what was
entered, which a 413 cannot. While it comes in it lies on the disk, and no more than the allowed part of it is read."""

EXTENSIONS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}

STATE_TAGS = {
    "submitted": (N_("Waiting"), "info"),
    "approved": (N_("Approved"), "ok"),
    "refused": (N_("Refused"), "error"),
    "withdrawn": (N_("Withdrawn"), "warn"),
}


@blueprint.get("/training")
@signed_in
def list_trainings() -> str:
    """What one handed in, and what became of it."""
    rows = training_lists.trainings_of(viewer().id)
    return render_template(
        "training/index.html", rows=rows, said=translate, state_tags=STATE_TAGS, titles=course_titles()
    )


@blueprint.route("/training/new", methods=["GET", "POST"])
@signed_in
@takes_files(MOST_REQUEST_BYTES)
def hand_in() -> Page:
    """Hand in training done elsewhere, with the paper that shows it."""
    person, form = viewer(), TrainingForm()
    form.course_id.choices = course_choices(_("Only the hours"))
    day, minutes = form.completed_on.data, form.contact_minutes.data
    if form.validate_on_submit() and day is not None and minutes is not None:
        claim = Claim(
            form.title.data or "", form.provider.data or "", day, minutes, form.course_id.data, form.note.data or ""
        )
        try:
            claim = trainings.checked(claim, today())
            upload = request.files.get("evidence")
            evidence = examine(upload.filename or "", upload.read(MOST_BYTES + 1)) if upload else examine("", b"")
            hand_in_with(person, claim, evidence)
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(_("Handed in. Your administrator will look at it, and you get a mail."))
            return redirect(url_for(".list_trainings"), code=303)
    return shown("training/new.html", form)


def hand_in_with(person: Viewer, claim: Claim, evidence: Evidence) -> None:
    """Store the file, then the record; where the record is refused the file goes too."""
    files, name = file_store(), f"evidence/{secrets.token_hex(16)}.{EXTENSIONS[evidence.type]}"
    stored = Stored(name, evidence.title, evidence.type, hashlib.sha256(evidence.content).hexdigest())
    db.session.rollback()  # no transaction waits for the file store
    files.write(name, evidence.content)
    try:
        act(lambda: trainings.hand_in(person.id, claim, stored, today=today(), now=utc_now()))
    except BaseException:
        files.delete(name)
        raise


@blueprint.post("/training/<int:training_id>/withdraw")
@signed_in
def withdraw(training_id: int) -> Response:
    """Take back what one handed in and nobody has decided yet."""
    person, training = viewer(), training_lists.find_own(training_id, viewer().id)
    act(lambda: trainings.withdraw(training, actor_id=person.id, now=utc_now()))
    flash_done(_("The record is withdrawn."))
    return redirect(url_for(".list_trainings"), code=303)


@blueprint.get("/training/<int:training_id>/evidence")
@signed_in
def fetch_evidence(training_id: int) -> Response:
    """The file that shows it: for its owner, and for who may decide on it; noted in the audit. Always a download."""
    person, training = viewer(), db.session.get(ExternalTraining, training_id)
    if training is None or training.user_id != person.id:
        training = training_lists.find_among(training_id, people_of(person))
    name, kind, title = training.evidence_name, training.evidence_type, training.evidence_title
    digest = training.evidence_hash
    if name is None or kind is None or title is None:
        raise NotFound(N_("There is no such file any more."))
    db.session.rollback()
    content = file_store().read(name)
    if content is None or hashlib.sha256(content).hexdigest() != digest:
        raise NotFound(N_("There is no such file any more."))
    if training.user_id != person.id:
        act(
            lambda: trainings.note_look(training_lists.find_among(training_id, people_of(person)), person.id, utc_now())
        )
    response = Response(content, mimetype=kind)
    response.headers.set("Content-Disposition", "attachment", filename=title)
    sandbox()
    response.headers["Cache-Control"] = "private, no-store"
    return response


def people_of(person: Viewer) -> Select[Any]:
    """Ids of the people on whose training the viewer may decide: who has a place in their agencies today."""
    everywhere = scope(person, OVER) is None
    return training_lists.people_today(None if everywhere else visible_agencies(person, OVER), today())


def course_titles() -> dict[int, str]:
    return {version.course_id: title_of(version.facts, language()) for version in current_versions()}


def course_choices(none: str) -> list[tuple[str, str]]:
    """Courses to choose from, with none of them first."""
    return [("", none), *((str(number), title) for number, title in course_titles().items())]


def file_store() -> FileStore:
    files: FileStore = current_app.extensions["lms"].files
    return files
