"""Work in the background that one asked for: how far it is, what was not done and why, its file; and stopping it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms import batches
from lms.access import Viewer
from lms.batches import Batch
from lms.clock import utc_now
from lms.errors import N_, LmsError, NotFound
from lms.people.audit import note
from lms.web.guards import act, flash_done, fresh, signed_in, viewer
from lms.web.texts import translate

blueprint = Blueprint("batches", __name__)

STATE_TAGS = {
    "waiting": (N_("Waiting"), "info"),
    "running": (N_("Under way"), "info"),
    "finished": (N_("Finished"), "ok"),
    "cancelled": (N_("Stopped"), "warn"),
    "failed": (N_("Given up"), "error"),
}

TITLES: dict[str, str] = {}
"""What a kind of batch is called on its page; each room's web adds its own."""


REASONS: dict[str, Callable[[], Callable[[str], str]]] = {}
"""Makes for a page what says, of a kind of batch, why something was not done; the others' reasons are sentences to be
translated."""

DAYS_KEPT: dict[str, int] = {}
"""After so many days the files of a kind are removed; the page says so."""

GATES: dict[str, Callable[[Batch, Viewer], None]] = {}
"""What else must hold, by kind, for what came of it to be read or fetched, e.g. that its asker still has the role.
Raises."""


BACK: dict[str, tuple[str, str]] = {}
"""Where whoever asked goes on once work of a kind is over: the text of the link, and an endpoint."""

ABOUT: dict[str, Callable[[Batch], str]] = {}
"""Of whom or what a batch of a kind is, in a few words."""


PLACES: dict[str, Callable[[Batch], str]] = {}
"""The address of the page where what came of a batch of a kind is offered, where that is not a file of its own."""


def about(batch: Batch) -> str:
    return ABOUT[batch.kind](batch) if batch.kind in ABOUT else ""


def title_of(batch: Batch) -> str:
    return TITLES.get(batch.kind, N_("Work in the background"))


@blueprint.get("/batches")
@signed_in
def list_batches() -> str:
    """What one asked for, the newest first."""
    rows = batches.batches_of(viewer().id)
    return render_template("batches/index.html", rows=rows, state_tags=STATE_TAGS, title_of=title_of, about=about)


@blueprint.get("/batches/<int:batch_id>")
@signed_in
def show_batch(batch_id: int) -> str:
    """How far the work is. The page brings itself up to date until it is over; leaving it stops nothing."""
    batch = batches.find_batch(batch_id, viewer().id)
    return render_template(
        "batches/batch.html",
        batch=batch,
        tag=STATE_TAGS[batch.state],
        title=title_of(batch),
        about=about(batch),
        reason_of=REASONS[batch.kind]() if batch.kind in REASONS else translate,
        place=PLACES[batch.kind](batch) if batch.kind in PLACES and batch.state == "finished" else None,
        back=BACK.get(batch.kind),
        kept_days=DAYS_KEPT.get(batch.kind),
        may_read=may_read(batch, viewer()),
    )


def may_read(batch: Batch, person: Viewer) -> bool:
    """Whether the names and files that came of it may be shown: roles count as they are now."""
    try:
        if batch.kind in GATES:
            GATES[batch.kind](batch, person)
    except LmsError:
        return False
    return True


@blueprint.post("/batches/<int:batch_id>/cancel")
@signed_in
def cancel_batch(batch_id: int) -> Response:
    """Stop after the present piece; what was done stays done."""
    person = viewer()
    act(lambda: batches.cancel(batch_id, asked_by_id=person.id, now=utc_now()))
    flash_done(_("The work stops after the piece that is under way. What was done stays done."))
    return redirect(url_for(".show_batch", batch_id=batch_id), code=303)


@blueprint.get("/batches/<int:batch_id>/files/<name>")
@signed_in
@fresh
def fetch_file(batch_id: int, name: str) -> Response:
    """A file that came of it, for whoever asked for the work and nobody else; noted in the audit."""
    person = viewer()
    batch = batches.find_batch(batch_id, person.id)
    if batch.kind in GATES:
        GATES[batch.kind](batch, person)
    listed: list[dict[str, Any]] = batch.result.get("files", [])
    found = next((one for one in listed if one["name"] == name), None)
    pieces = current_app.extensions["lms"].files.pieces(found["stored"]) if found else None
    if found is None or pieces is None:
        raise NotFound(N_("There is no such file any more."))
    act(lambda: note("batch.file-fetched", "batch", batch_id, actor_id=person.id, file=name))
    response = Response(pieces, mimetype=found["type"])  # in pieces: it may be larger than the memory
    response.call_on_close(pieces.close)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response.headers["Cache-Control"] = "private, no-store"
    return response
