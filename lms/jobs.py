"""The background worker's entry points: short adapters that call a room's function."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Mapping
from typing import Any

from flask import Flask
from huey import Huey

from lms.database import db, run_transaction
from lms.mail import deliver, write_mail
from lms.outbox import OutboxMessage, claim_due, record_failure, record_success
from lms.people.models import User
from lms.queue import Tasks, declare_tasks
from lms.settings import Settings
from lms.wall.sight import SYSTEM, looking_as

log = logging.getLogger("lms.jobs")


def send_mail(message: OutboxMessage, payload: Mapping[str, Any], settings: Settings) -> None:
    """Write and deliver one mail; a person who was disabled meanwhile gets none."""
    address = payload.get("to")
    if address is None:
        user = db.session.get(User, payload["to_user_id"])
        if user is None or user.disabled_at is not None or not user.email:
            return
        address = user.email
    text = write_mail(
        payload["template"], payload.get("language", "en"), payload.get("values", {}), to=address, settings=settings
    )
    db.session.rollback()
    deliver(text, settings, name=f"{message.id:08d}")


HANDLERS = {"mail": send_mail}
"""One handler for each kind of message; each is idempotent by the message's id."""


def deliver_message(app: Flask, message_id: int) -> bool:
    """Deliver one claimed message and note how it went; a failure is due again later, visibly given up at last."""
    settings: Settings = app.extensions["lms"].settings
    with app.app_context(), looking_as(SYSTEM):
        message = db.session.get(OutboxMessage, message_id)
        if message is None or message.delivered_at is not None:
            return False
        try:
            HANDLERS[message.kind](message, message.payload, settings)
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
        run_transaction(lambda: record_success(message_id))
        return True


def deliver_due(app: Flask, limit: int = 50) -> int:
    """Claim what is due and deliver it; returns how many arrived. Each minute, and after a commit that queued."""
    with app.app_context():
        ids = run_transaction(lambda: claim_due(limit))
    return sum(deliver_message(app, message_id) for message_id in ids)


def register(queue: Huey, app: Flask) -> Tasks:
    """Put the tasks on the worker's queue."""
    return declare_tasks(queue, lambda: deliver_due(app))
