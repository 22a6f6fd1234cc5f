"""The background worker's entry points: short adapters that call a room's function."""

from __future__ import annotations

import logging
import smtplib
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, current_app
from huey import Huey

from lms import batches
from lms.batches import Batch, Piece
from lms.clock import utc_now
from lms.database import db, run_transaction
from lms.errors import LmsError
from lms.mail import deliver, write_mail
from lms.outbox import OutboxMessage, claim_due, continue_soon, record_failure, record_success
from lms.people.models import User
from lms.queue import Tasks, declare_tasks
from lms.reporting import bundles
from lms.settings import Settings
from lms.wall.sight import SYSTEM, looking_as

log = logging.getLogger("lms.jobs")

SLICE_SECONDS = 20
"""A batch works for so long at a time, then lets other messages pass: mails do not wait for ten thousand PDFs."""

RUNNERS: dict[str, Callable[[Batch, Any], Piece]] = {bundles.KIND: bundles.do_piece}
"""What does the next piece of a batch, by its kind; given the batch and the running application's `Runtime`."""


def send_mail(message: OutboxMessage, payload: Mapping[str, Any], settings: Settings) -> None:
    """Write and deliver one mail; a person who was disabled meanwhile gets none."""
    address = payload.get("to")
    if address is None:
        user = db.session.get(User, payload["to_user_id"])
        if user is None or user.disabled_at is not None or not user.email:
            return
        address = user.email
    text = write_mail(
        payload["template"],
        payload.get("language", "en"),
        payload.get("values", {}),
        to=address,
        effect_key=message.effect_key,
        settings=settings,
    )
    name = f"{message.id:08d}"
    db.session.rollback()  # a mail server may take its time: no transaction waits for it
    deliver(text, settings, name=name)


def work_on_batch(message: OutboxMessage, payload: Mapping[str, Any], settings: Settings) -> bool:
    """Do pieces of a batch for a while; whether it goes on."""
    batch_id, began = int(payload["batch_id"]), time.monotonic()
    run_transaction(lambda: batches.record_start(batch_id, utc_now()))
    while time.monotonic() - began < SLICE_SECONDS:
        if not _do_piece(batch_id, current_app.extensions["lms"]):
            return False
    return True


def _do_piece(batch_id: int, runtime: Any) -> bool:
    """The next piece, outside of any transaction, then its record. False where nothing is left to do here.

    A problem with a sentence for its asker ends the batch; any other error is a failure of the message, tried again.
    """
    batch = db.session.get(Batch, batch_id, populate_existing=True)
    db.session.rollback()
    if batch is None or batch.is_over:
        return False
    try:
        piece = RUNNERS[batch.kind](batch, runtime)
    except LmsError as problem:
        cause = str(problem)
        run_transaction(lambda: batches.record_failure(batch_id, cause, utc_now()))
        return False
    db.session.rollback()
    return run_transaction(lambda: batches.record_piece(batch_id, batch.pieces, piece, utc_now()))


HANDLERS: dict[str, Callable[[OutboxMessage, Mapping[str, Any], Settings], bool | None]] = {
    "mail": send_mail,
    batches.MESSAGE_KIND: work_on_batch,
}
"""One handler for each kind of message; each is idempotent by the message's id. True: its work goes on."""


def deliver_message(app: Flask, message_id: int) -> bool:
    """Deliver one claimed message and note how it went; a failure is due again later, visibly given up at last."""
    settings: Settings = app.extensions["lms"].settings
    with app.app_context(), looking_as(SYSTEM):
        message = db.session.get(OutboxMessage, message_id)
        if message is None or message.delivered_at is not None:
            return False
        try:
            goes_on = HANDLERS[message.kind](message, message.payload, settings)
        except (OSError, smtplib.SMTPException, KeyError, ValueError, LookupError) as error:
            cause = f"{type(error).__name__}: {error}"
            log.warning("message %s of kind %s not delivered: %s", message_id, message.kind, type(error).__name__)
            run_transaction(lambda: record_failure(message_id, cause))
            return False
        except Exception as error:
            cause = f"{type(error).__name__}: {error}"
            log.exception("message %s of kind %s failed", message_id, message.kind)
            run_transaction(lambda: record_failure(message_id, cause))
            return False
        run_transaction(lambda: continue_soon(message_id) if goes_on else record_success(message_id))
        return True


def deliver_due(app: Flask, limit: int = 50) -> int:
    """Deliver what is due; returns how many arrived. Each minute, and after a commit that queued.

    Each message is claimed right before its delivery: with a mail server that hangs, a claim on many would run out
    before the last of them had its turn.
    """
    arrived = 0
    for _ in range(limit):
        with app.app_context():
            ids = run_transaction(lambda: claim_due(1))
        if not ids:
            break
        arrived += deliver_message(app, ids[0])
    return arrived


def register(queue: Huey, app: Flask) -> Tasks:
    """Put the tasks on the worker's queue."""
    return declare_tasks(queue, lambda: deliver_due(app))
