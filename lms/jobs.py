"""The background worker's entry points: short adapters that call a room's function."""

from __future__ import annotations

import logging
import smtplib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from flask import Flask, current_app
from huey import Huey

from lms import awarding, batches, daily, merging, own_data, privacy, staff_changes
from lms.batches import Batch, Piece
from lms.certification import reminders
from lms.certification.wording import long_day
from lms.clock import utc_now
from lms.database import db, run_transaction
from lms.errors import LmsError
from lms.importing import agency_adding
from lms.importing import removing as import_removing
from lms.importing import running as importing
from lms.mail import deliver, write_mail
from lms.outbox import OutboxMessage, claim_due, continue_soon, record_failure, record_success
from lms.people.merged import leads_to
from lms.people.models import User
from lms.people.sealing import EVERY_SECONDS, seal_all
from lms.printing import keeping as printing
from lms.printing import removing as print_removing
from lms.queue import Tasks, declare_tasks, make_queue
from lms.records import asking as records
from lms.records import removing
from lms.records.making import make_piece as make_record_piece
from lms.reporting import audit_export, bundle_keeping, bundles, staff_lists
from lms.settings import Settings
from lms.wall.sight import SYSTEM, looking_as

log = logging.getLogger("lms.jobs")

SLICE_SECONDS = 20
"""A batch works for so long at a time, then lets other messages pass: mails do not wait for ten thousand PDFs."""

RUNNERS: dict[str, Callable[[Batch, Any], Piece]] = {
    awarding.BATCH_KIND: awarding.issue_piece,
    bundle_keeping.KIND: bundles.do_piece,
    audit_export.KIND: audit_export.do_piece,
    records.KIND: make_record_piece,
    own_data.KIND: own_data.make_piece,
    printing.BATCH_KIND: printing.do_piece,
    **importing.RUNNERS,
    agency_adding.KIND: agency_adding.add_piece,
    staff_changes.KIND: staff_changes.change_piece,
    staff_lists.KIND: staff_lists.list_piece,
}
"""What does the next piece of a batch, by its kind; given the batch and the running application's `Runtime`."""


def send_mail(message: OutboxMessage, payload: Mapping[str, Any], settings: Settings) -> None:
    """Write and deliver one mail; a person who was disabled meanwhile gets none."""
    address = payload.get("to")
    if address is None:
        user = db.session.get(User, leads_to(payload["to_user_id"]))
        if user is None or user.disabled_at is not None or not user.email:
            return
        address = user.email
    _send(message, payload["template"], payload.get("language", "en"), payload.get("values", {}), address, settings)


def _send(
    message: OutboxMessage, template: str, language: str, values: Mapping[str, Any], address: str, settings: Settings
) -> None:
    text = write_mail(template, language, values, to=address, effect_key=message.effect_key, settings=settings)
    name = f"{message.id:08d}"
    db.session.rollback()  # a mail server may take its time: no transaction waits for it
    deliver(text, settings, name=name)


def send_reminder(message: OutboxMessage, payload: Mapping[str, Any], settings: Settings) -> None:
    """Write and deliver the mail that something ends, unless that is not so any more."""
    found = daily.reminder_to_send(payload, utc_now(), settings)
    if found is None:
        return
    user, ending = found
    values = {"code": ending.code, "ends_on": long_day(ending.ends_on, user.language)}
    values["early"] = "yes" if payload["mark"] in reminders.SOURCES[ending.source].optional else ""
    values["overdue"] = "yes" if payload["mark"] < 0 else ""
    _send(message, f"reminder-{ending.source}", user.language, values, user.email or "", settings)


def send_digest(message: OutboxMessage, payload: Mapping[str, Any], settings: Settings) -> None:
    """Write and deliver an administrator's digest, unless there is nothing to say."""
    found = daily.digest_to_send(payload, utc_now(), settings)
    if found is None:
        return
    user, digest, waiting = found
    lines = [{"name": line.name, "day": long_day(line.ends_on, user.language)} for line in digest.lines]
    late = [{"name": line.name, "day": long_day(line.ends_on, user.language)} for line in digest.overdue_lines]
    values = {
        "counts": digest.counts if digest.total else (),
        "lines": lines,
        "more": digest.total - len(lines),
        "overdue": digest.overdue,
        "due_soon": digest.due_soon,
        "late": late,
        "waiting": asdict(waiting) if waiting.total else {},
    }
    _send(message, "weekly-digest", user.language, values, user.email or "", settings)


def remove_prints(settings: Settings) -> None:
    """Remove courses on paper that nobody can fetch any more, or that nobody did for long."""
    count = print_removing.remove_old(current_app.extensions["lms"].files, settings, utc_now())
    if count:
        log.info("%s courses on paper removed", count)


class WorkedOnElsewhere(Exception):
    """Another worker claimed the message meanwhile and is ahead: it is that one's to go on with, and to report on."""


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
    Raises WorkedOnElsewhere where another worker recorded this piece first.
    """
    batch = db.session.get(Batch, batch_id, populate_existing=True)
    if batch is None or batch.is_over:
        return False
    # Parted from the session before the rollback, which would have it read anew: inside of a transaction that then
    # stays open, and with the number of pieces that another worker recorded meanwhile.
    db.session.expunge(batch)
    try:
        batches.require_asker(batch)
        db.session.rollback()
        piece = RUNNERS[batch.kind](batch, runtime)
    except LmsError as problem:
        cause = problem.message % problem.values if problem.values else problem.message
        run_transaction(lambda: batches.record_failure(batch_id, cause, utc_now()))
        return False
    if not run_transaction(lambda: batches.record_piece(batch_id, batch.pieces, piece, utc_now())):
        raise WorkedOnElsewhere
    return True


HANDLERS: dict[str, Callable[[OutboxMessage, Mapping[str, Any], Settings], bool | None]] = {
    "mail": send_mail,
    batches.MESSAGE_KIND: work_on_batch,
    privacy.FILES: lambda message, payload, settings: privacy.delete_files(
        payload, current_app.extensions["lms"].files
    ),
    reminders.MESSAGE_KIND: send_reminder,
    daily.DIGEST: send_digest,
    daily.REMINDERS: lambda message, payload, settings: daily.remind(message, settings),
    daily.RENEWALS: lambda message, payload, settings: daily.renew(message, settings),
    daily.HEADS: lambda message, payload, settings: daily.mail_heads(message),
    daily.ROLES: lambda message, payload, settings: daily.tell_of_roles(settings),
    daily.PRINTS: lambda message, payload, settings: remove_prints(settings),
    daily.DIGESTS: lambda message, payload, settings: daily.spread_digests(message, settings),
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
        except WorkedOnElsewhere:
            return False
        except (OSError, smtplib.SMTPException, KeyError, ValueError, LookupError) as error:
            cause = f"{type(error).__name__}: {error}"
            log.warning("message %s of kind %s not delivered: %s", message_id, message.kind, type(error).__name__)
            run_transaction(lambda: _note_failure(message_id, cause))
            return False
        except Exception as error:
            cause = f"{type(error).__name__}: {error}"
            log.exception("message %s of kind %s failed", message_id, message.kind)
            run_transaction(lambda: _note_failure(message_id, cause))
            return False
        run_transaction(lambda: continue_soon(message_id) if goes_on else record_success(message_id))
        return True


def _note_failure(message_id: int, cause: str) -> None:
    """Note that a message failed; a batch whose message is given up with it says so to its asker."""
    record_failure(message_id, cause)
    message = db.session.get_one(OutboxMessage, message_id)
    if message.failed_at is not None and message.kind == batches.MESSAGE_KIND:
        batches.record_failure(int(message.payload["batch_id"]), batches.GIVEN_UP, utc_now())


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


def plan(app: Flask) -> int:
    """Queue what the day brings, and remove what was only kept for a time; how much of what was queued is new. Harmless
    when it is done twice."""
    runtime = app.extensions["lms"]
    with app.app_context(), looking_as(SYSTEM):
        for room in (removing, bundle_keeping, own_data, import_removing, audit_export, staff_lists):
            count = room.remove_old(runtime.files, utc_now())
            if count:
                log.info("files of %s finished works removed after their time (%s)", count, room.__name__)
        run_transaction(lambda: merging.follow_late(utc_now(), runtime.settings.time_zone))
        erased = privacy.work_off(utc_now(), runtime.settings)
        if erased:
            log.info("%s erasures done or finished", erased)
        return run_transaction(lambda: daily.plan_day(utc_now(), runtime.settings))


def seal(app: Flask) -> int:
    """Seal the audit events that wait; how many. What goes wrong is logged, and done the next time."""
    try:
        with app.app_context(), looking_as(SYSTEM):
            return seal_all()
    except Exception as error:
        log.warning("the audit could not be sealed: %s", type(error).__name__)
        return 0


def keep_sealing(app: Flask, stop: threading.Event) -> None:
    """Seal every few seconds until `stop`; what the worker does beside its queue, whose own clock knows minutes."""
    while True:
        seal(app)
        if stop.wait(EVERY_SECONDS):
            return


def register(queue: Huey, app: Flask) -> Tasks:
    """Put the tasks on the worker's queue."""
    return declare_tasks(queue, lambda: deliver_due(app), lambda: plan(app))


def work(app: Flask) -> None:
    """Deliver and seal until SIGINT or SIGTERM, letting the job under way finish."""
    queue = make_queue(app.extensions["lms"].settings)
    register(queue, app)
    consumer = queue.create_consumer(workers=2, worker_type="thread", periodic=True, check_worker_health=True)
    stop = threading.Event()
    threading.Thread(target=keep_sealing, args=(app, stop), name="sealing", daemon=True).start()
    try:
        consumer.run()
    finally:
        stop.set()
