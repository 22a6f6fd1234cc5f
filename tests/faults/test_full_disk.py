"""A disk that is full: 503, what was entered comes back, and nothing is half-written (fault 7).

The disk is SQLite's own: no connection may let the file grow, and what a submit or a save writes pulls more in with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text

from lms.certification.models import Certificate
from lms.database import db
from lms.outbox import OutboxMessage
from tests.assessment.conftest import Taker, prepare
from tests.support.pages import form_of, page_of
from tests.support.world import World

pytestmark = pytest.mark.sqlite_only

FILLED_BY = {"certificate": "lms_certificates", "answer": "lms_responses"}
MORE_THAN_IS_FREE = 10_000_000


class Disk:
    """The room for the database: `fill()` leaves none, `make_room()` gives it back."""

    def __init__(self) -> None:
        self.is_full = False

    def fill(self) -> None:
        self.is_full = True

    def make_room(self) -> None:
        self.is_full = False

    def measure(self, connection: Any, *_: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0] if self.is_full else 2**31
        connection.execute(f"PRAGMA max_page_count={pages}")


@pytest.fixture
def disk(app: Flask, world: World) -> Iterator[Disk]:
    disk = Disk()
    with app.app_context():
        engine = db.engine

    def grow() -> None:
        db.session.execute(text("CREATE TABLE filling (content BLOB)"))
        for name, table in FILLED_BY.items():
            body = f"BEGIN INSERT INTO filling VALUES (zeroblob({MORE_THAN_IS_FREE})); DELETE FROM filling; END"
            db.session.execute(text(f"CREATE TRIGGER filled_by_{name} AFTER INSERT ON {table} {body}"))

    world.write(grow)
    event.listen(engine, "checkout", disk.measure)
    yield disk
    disk.make_room()
    world.write(lambda: [db.session.execute(text(f"DROP TRIGGER filled_by_{name}")) for name in FILLED_BY])
    world.write(lambda: db.session.execute(text("DROP TABLE filling")))
    event.remove(engine, "checkout", disk.measure)
    engine.dispose()
    with closing(sqlite3.connect(engine.url.database or "", isolation_level=None)) as file:
        file.execute("VACUUM")


@pytest.fixture
def taker(client: FlaskClient, world: World) -> Taker:
    world.publish("tiny")
    return prepare(client, world)


def kept_of(taker: Taker) -> tuple[Any, ...]:
    """Everything that a submit writes."""
    counts = taker.world.read(lambda: [db.session.query(one).count() for one in (Certificate, OutboxMessage)])
    return taker.attempt.submitted_at, taker.attempt.receipt, taker.saved, counts


def test_a_submit_that_finds_no_room_comes_back_whole_and_leaves_nothing(taker: Taker, disk: Disk) -> None:
    form, answers, before = taker.form, taker.right, kept_of(taker)
    disk.fill()

    refused = taker.submit(answers, form)
    page = refused.get_data(as_text=True)
    left = kept_of(taker)
    disk.make_room()
    kept = form_of(page, "/submit")
    sent = taker.client.post(kept.action, data=kept.fields)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert left == before
    assert sent.status_code == 303
    assert 'data-score-percent="100"' in page_of(taker.client, taker.address)


def test_an_answer_that_finds_no_room_is_told_so_and_not_called_saved(taker: Taker, disk: Disk) -> None:
    token = taker.form.fields["csrf_token"][0]
    disk.fill()

    answer = taker.put("t-number", {"t-number": "3"}, 1, token)
    left = taker.saved
    disk.make_room()

    assert (answer.status_code, answer.is_json, left) == (503, True, {})
    assert taker.put("t-number", {"t-number": "3"}, 1, token).status_code == 200
    assert taker.saved == {"t-number": {"text": "3"}}


def test_pages_are_read_while_the_disk_is_full(taker: Taker, disk: Disk) -> None:
    disk.fill()

    answers = [taker.client.get(address) for address in ("/home", "/learn/tiny/first-steps", taker.address)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
