"""What is for who runs the site: messages that did not arrive, and the mails of a machine without a mail server."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.clock import utc_now
from lms.database import db
from lms.mail import mail_folder
from lms.outbox import OutboxMessage
from tests.support.visits import send
from tests.support.world import World


def message(world: World, **values: object) -> int:
    def make() -> int:
        now = utc_now()
        row = OutboxMessage(
            kind="mail", effect_key=f"test-{values}", payload={"template": "invitation"}, created_at=now, due_at=now
        )
        for name, value in values.items():
            setattr(row, name, value)
        db.session.add(row)
        db.session.flush()
        return row.id

    return world.write(make)


@pytest.fixture
def administrator(world: World) -> FlaskClient:
    user = world.user()
    world.grant(user, "state-administrator")
    return world.client_of(user)


def test_what_did_not_arrive_is_shown_with_its_cause_dead_letters_first(
    world: World, administrator: FlaskClient
) -> None:
    now = utc_now()
    message(world, tries=2, last_error="greylisted", due_at=now + timedelta(hours=1))
    message(world, tries=9, last_error="no such mailbox", failed_at=now)
    message(world, tries=1, last_error="arrived late", delivered_at=now)

    page = administrator.get("/outbox").text

    assert 0 < page.index("no such mailbox") < page.index("greylisted")
    assert "arrived late" not in page


def test_a_dead_letter_is_taken_back_and_one_that_arrived_is_not(world: World, administrator: FlaskClient) -> None:
    dead = message(world, tries=9, failed_at=utc_now())
    arrived = message(world, tries=1, delivered_at=utc_now())

    statuses = [
        send(administrator, f"/outbox/{number}/try-again", page="/account").status_code for number in (dead, arrived)
    ]

    assert statuses == [303, 404]
    assert world.read(lambda: db.session.get_one(OutboxMessage, dead).failed_at) is None


@pytest.fixture
def mails(app: Flask) -> Flask:
    folder = mail_folder(app.extensions["lms"].settings)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1.eml").write_bytes(
        b"To: ana@example.org\r\nSubject: Your training\r\n\r\nhttp://localhost/reset/secret\r\n"
    )
    return app


@pytest.mark.sqlite_only
def test_mails_are_read_on_this_machine(mails: Flask) -> None:
    assert "/reset/secret" in mails.test_client().get("/dev/mail").text


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("host", "address"), [("localhost", "192.0.2.7"), ("training.example", "127.0.0.1"), ("localhost.example", "::1")]
)
def test_mails_are_read_nowhere_else(mails: Flask, host: str, address: str) -> None:
    client = mails.test_client()

    answer = client.get("/dev/mail", base_url=f"http://{host}", environ_base={"REMOTE_ADDR": address})

    assert answer.status_code == 404


@pytest.mark.sqlite_only
@pytest.mark.parametrize("change", [{"env": "production"}, {"mail_url": "smtp://mail.example"}])
def test_mails_are_not_read_where_they_are_really_sent(
    mails: Flask, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    runtime = mails.extensions["lms"]
    monkeypatch.setattr(runtime, "settings", replace(runtime.settings, **change))

    assert mails.test_client().get("/dev/mail").status_code == 404


def test_an_administrator_of_a_part_sees_no_messages_and_is_told_why(world: World) -> None:
    user, part = world.user(), world.agency("A part")
    world.grant(user, "state-administrator", part)

    answer = world.client_of(user).get("/outbox")

    assert answer.status_code == 403
    assert "Undelivered messages belong to no agency" in answer.get_data(as_text=True)


def test_readiness_tells_of_a_queue_that_is_down_and_takes_nobody_away(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = app.extensions["lms"]
    monkeypatch.setattr(runtime, "settings", replace(runtime.settings, redis_url="redis://127.0.0.1:1/0"))

    checks = client.get("/readyz").get_json()["checks"]

    assert checks["queue"] == "does not answer: ConnectionError"
    assert checks["database"] == "ok"
