"""Running the site: whether it is alive and ready, and which messages did not arrive."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from lms import outbox
from lms.access import Permission, scope
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, NotAllowed, NotFound
from lms.outbox import OutboxMessage
from lms.people.audit import note
from lms.queue import find_trouble
from lms.schema import head_revision, present_revision
from lms.web.guards import act, flash_done, needs, public, settings, viewer

blueprint = Blueprint("operations", __name__)

SHOWN = 200
"""Undelivered messages on the page, the oldest first; more of them have one cause."""


@blueprint.get("/healthz")
@public
def show_health() -> Response:
    """The process is alive."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def show_readiness() -> tuple[Response, int]:
    """The database answers and is in the shape this code needs; 503 otherwise. A queue that is down is told and takes
    nobody away: what is to be sent waits in the outbox, and the worker looks there by itself."""
    checks = {"database": "ok", "migrations": "ok"}
    try:
        db.session.execute(text("SELECT 1"))
        if present_revision(db.session.connection()) != head_revision():
            checks["migrations"] = "not at head"
    except SQLAlchemyError:
        checks["database"] = "does not answer"
    is_ready = all(value == "ok" for value in checks.values())
    trouble = find_trouble(settings())
    checks["queue"] = "ok" if trouble is None else f"does not answer: {trouble}"
    return jsonify(status="ready" if is_ready else "not ready", checks=checks), 200 if is_ready else 503


@blueprint.get("/outbox")
@needs(Permission.SEE_OUTBOX)
def list_messages() -> str:
    """What has not arrived: dead letters first, then what is tried again. Messages belong to no agency: only who
    administers everything sees them."""
    _require_everywhere()
    messages = db.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.delivered_at.is_(None), OutboxMessage.tries > 0)
        .order_by(OutboxMessage.failed_at.is_(None), OutboxMessage.created_at)
        .limit(SHOWN)
    ).all()
    waiting = db.session.scalar(
        select(func.count(OutboxMessage.id)).where(
            OutboxMessage.delivered_at.is_(None), OutboxMessage.failed_at.is_(None), OutboxMessage.due_at <= utc_now()
        )
    )
    return render_template("operations/outbox.html", messages=messages, waiting=waiting, as_of=utc_now())


@blueprint.post("/outbox/<int:message_id>/try-again")
@needs(Permission.SEE_OUTBOX)
def try_again(message_id: int) -> Response:
    """Take a dead letter back into the queue."""
    who = viewer()
    _require_everywhere()

    def step() -> None:
        message = db.session.get(OutboxMessage, message_id)
        if message is None or message.delivered_at is not None:
            raise NotFound(N_("There is no such message, or it has arrived."))
        outbox.try_again(message_id)
        note("outbox.tried-again", "message", message_id, actor_id=who.id)

    act(step)
    flash_done(_("The message will be sent again within a minute."))
    return redirect(url_for("operations.list_messages"), code=303)


def _require_everywhere() -> None:
    if scope(viewer(), Permission.SEE_OUTBOX) is not None:
        raise NotAllowed(N_("Undelivered messages belong to no agency. Who administers the whole site sees them."))
