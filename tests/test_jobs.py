"""The outbox and its worker: at least once, effect once, never in silence (faults 13 to 18)."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from lms import jobs, outbox
from lms.clock import utc_now
from lms.database import db, run_transaction, writing
from lms.jobs import deliver_due, register
from lms.mail import mail_folder
from lms.outbox import OutboxMessage
from lms.queue import make_queue, with_timeouts
from lms.settings import Settings

PAYLOAD = {"to": "a@test.example", "template": "password-changed", "language": "en", "values": {"name": "Ana"}}


def queue_mail(app: Flask, key: str = "one", **changes: object) -> None:
    with app.app_context(), writing():
        outbox.enqueue("mail", key, {**PAYLOAD, **changes})


def message_of(app: Flask) -> OutboxMessage:
    with app.app_context():
        return db.session.scalars(select(OutboxMessage)).one()


@pytest.fixture
def mails(app: Flask) -> Path:
    folder = mail_folder(app.extensions["lms"].settings)
    for old in folder.glob("*.eml"):
        old.unlink()
    return folder


@pytest.fixture
def mail_server(app: Flask, monkeypatch: pytest.MonkeyPatch):
    """Point the application at another mail server."""

    def point(url: str) -> None:
        runtime = app.extensions["lms"]
        changed: Settings = replace(runtime.settings, mail_url=url, mail_timeout_seconds=1)
        monkeypatch.setattr(runtime, "settings", changed)

    return point


def test_a_queued_mail_arrives_once(app: Flask, mails: Path) -> None:
    queue_mail(app)

    assert [deliver_due(app), deliver_due(app)] == [1, 0]
    assert len(list(mails.glob("*.eml"))) == 1


def test_the_same_effect_is_queued_once(app: Flask) -> None:
    with app.app_context(), writing():
        first, second = (outbox.enqueue("mail", "same", PAYLOAD) for _ in range(2))

    assert (first, second) == (True, False)


def test_a_message_of_a_rolled_back_record_is_never_sent(app: Flask, mails: Path) -> None:
    with app.app_context(), pytest.raises(RuntimeError), writing():
        outbox.enqueue("mail", "lost", PAYLOAD)
        raise RuntimeError

    assert deliver_due(app) == 0


def test_a_job_whose_worker_died_runs_again_and_has_its_effect_once(app: Flask, mails: Path) -> None:
    queue_mail(app)
    with app.app_context():
        run_transaction(outbox.claim_due)
    before = deliver_due(app)

    with time_machine.travel(utc_now() + timedelta(minutes=outbox.CLAIM_MINUTES, seconds=1)):
        after = deliver_due(app)

    assert (before, after) == (0, 1)
    assert len(list(mails.glob("*.eml"))) == 1


def test_a_job_delivered_twice_has_its_effect_once(app: Flask, mails: Path) -> None:
    queue_mail(app)
    number = message_of(app).id

    first, second = jobs.deliver_message(app, number), jobs.deliver_message(app, number)

    assert (first, second) == (True, False)
    assert len(list(mails.glob("*.eml"))) == 1


def test_a_mail_server_that_is_down_only_delays_the_mail(app: Flask, mail_server, mails: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        mail_server(f"smtp://127.0.0.1:{closed.getsockname()[1]}")
        queue_mail(app)
        deliver_due(app)

    message = message_of(app)

    assert message.delivered_at is None
    assert message.failed_at is None
    assert message.tries == 1
    assert "Refused" in message.last_error or "refused" in message.last_error
    assert message.due_at > utc_now()


def test_a_mail_server_that_hangs_is_given_up_on_in_time(app: Flask, mail_server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mail_server(f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        queue_mail(app)
        deliver_due(app)

    assert "timed out" in message_of(app).last_error


def test_a_poison_job_ends_as_a_dead_letter_with_its_cause(app: Flask) -> None:
    queue_mail(app, template="no-such-template")

    for day in range(outbox.MAX_TRIES + 1):
        with time_machine.travel(utc_now() + timedelta(days=day)):
            deliver_due(app)
    message = message_of(app)

    assert message.failed_at is not None
    assert message.tries == outbox.MAX_TRIES
    assert "no-such-template" in message.last_error


def test_a_dead_letter_that_is_tried_again_arrives(app: Flask, mails: Path) -> None:
    queue_mail(app)
    with app.app_context(), writing():
        message = db.session.scalars(select(OutboxMessage)).one()
        message.failed_at, message.tries, message.last_error = utc_now(), outbox.MAX_TRIES, "mail server down"
    with app.app_context(), writing():
        outbox.try_again(db.session.scalars(select(OutboxMessage.id)).one())

    assert deliver_due(app) == 1


def test_two_workers_at_once_deliver_each_message_once(app: Flask, mails: Path) -> None:
    for number in range(12):
        queue_mail(app, f"mail-{number}")
    counts: list[int] = []
    workers = [threading.Thread(target=lambda: counts.append(deliver_due(app))) for _ in range(2)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(counts) == 12
    assert len(list(mails.glob("*.eml"))) == 12


def test_a_slow_mail_server_never_lets_a_claim_run_out_before_its_turn(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    for number in range(3):
        queue_mail(app, f"mail-{number}")

    with time_machine.travel(utc_now(), tick=False) as clock:

        def slow(text: object, settings: Settings, *, name: str) -> None:
            sent.append(name)
            if len(sent) > 2:
                return
            clock.shift(timedelta(minutes=outbox.CLAIM_MINUTES - 1))
            if len(sent) == 2:
                deliver_due(app)  # another worker looks meanwhile

        monkeypatch.setattr(jobs, "deliver", slow)
        deliver_due(app)

    assert sorted(sent) == sorted(set(sent))
    assert len(sent) == 3


def test_no_transaction_waits_for_the_mail_server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[bool] = []
    monkeypatch.setattr(jobs, "deliver", lambda *given, **named: waiting.append(db.session().in_transaction()))
    queue_mail(app)

    deliver_due(app)

    assert waiting == [False]


def test_a_mail_server_that_is_down_for_a_day_makes_no_dead_letter(app: Flask, mail_server) -> None:
    mail_server("smtp://127.0.0.1:9")
    queue_mail(app)
    start = utc_now()

    with time_machine.travel(start, tick=False) as clock:
        while utc_now() < start + timedelta(days=1):
            deliver_due(app)
            clock.shift(timedelta(minutes=30))

    assert message_of(app).failed_at is None


def test_a_failure_noted_late_leaves_a_delivered_mail_delivered(app: Flask, mails: Path) -> None:
    queue_mail(app)
    deliver_due(app)

    with app.app_context():
        run_transaction(lambda: outbox.record_failure(message_of(app).id, "too slow"))

    assert (message_of(app).tries, message_of(app).last_error) == (0, None)


def test_a_mail_sent_twice_carries_the_same_id(app: Flask) -> None:
    settings = app.extensions["lms"].settings
    first, again, other = (
        jobs.write_mail("password-changed", "en", {"name": "Ana"}, to="a@b.example", effect_key=key, settings=settings)
        for key in ("one", "one", "two")
    )

    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]


def run_consumer_until_delivered(app: Flask, settings: Settings) -> bool:
    queue = make_queue(settings)
    queue.flush()
    tasks = register(queue, app)
    tasks.deliver_now()
    consumer = queue.create_consumer(workers=1, periodic=False, check_worker_health=False)
    consumer.start()
    try:
        for _ in range(100):
            if message_of(app).delivered_at is not None:
                return True
            consumer.stop_flag.wait(0.1)
        return False
    finally:
        consumer.stop(graceful=True)


def test_the_queue_in_a_file_delivers(app: Flask, mails: Path) -> None:
    queue_mail(app)

    assert run_consumer_until_delivered(app, replace(app.extensions["lms"].settings, redis_url=""))


def test_the_queue_in_redis_delivers(app: Flask, mails: Path, redis_url: str) -> None:
    queue_mail(app)

    assert run_consumer_until_delivered(app, replace(app.extensions["lms"].settings, redis_url=redis_url))


def test_a_mail_has_its_subject_from_the_first_line_and_no_header_can_be_smuggled_in(app: Flask) -> None:
    values = {"name": "Ana\nBcc: all@test.example"}

    text = jobs.write_mail(
        "password-changed",
        "es",
        values,
        to="a@test.example",
        effect_key="one",
        settings=app.extensions["lms"].settings,
    )

    assert text["Bcc"] is None
    assert text["Subject"]


def test_a_delivered_mail_keeps_no_link_behind(app: Flask, mails: Path) -> None:
    queue_mail(app, values={"name": "Ana", "link": "http://localhost/reset/secret"})

    deliver_due(app)

    assert "secret" not in str(message_of(app).payload)
    assert message_of(app).payload["template"] == "password-changed"


def test_a_redis_that_hangs_holds_nobody_for_long() -> None:
    assert with_timeouts("redis://r.test/1") == "redis://r.test/1?socket_timeout=10&socket_connect_timeout=5"
    assert with_timeouts("redis://r.test/1?db=2").endswith("&socket_timeout=10&socket_connect_timeout=5")
    assert with_timeouts("redis://r.test/1?socket_timeout=1") == "redis://r.test/1?socket_timeout=1"
