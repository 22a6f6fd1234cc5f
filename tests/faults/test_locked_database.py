"""A database that is locked too long: the page comes back with all that was entered (fault 8)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from lms.database import db
from tests.assessment.conftest import Taker, prepare
from tests.support.pages import form_of, page_of
from tests.support.world import World

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def taker(client: FlaskClient, world: World) -> Taker:
    world.publish("tiny")
    return prepare(client, world)


@pytest.fixture
def lock(app: Flask) -> Iterator[sqlite3.Connection]:
    """Another process's long write, with the app's patience cut to a tenth of a second."""
    with app.app_context():
        engine = db.engine

    def be_impatient(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA busy_timeout=100")

    event.listen(engine, "checkout", be_impatient)
    other = sqlite3.connect(engine.url.database or "", isolation_level=None)
    yield other
    other.close()
    event.remove(engine, "checkout", be_impatient)
    engine.dispose()  # the application serves other tests too: its next connections are patient again


def test_a_submit_that_cannot_be_stored_comes_back_whole(taker: Taker, lock: sqlite3.Connection) -> None:
    form, answers = taker.form, taker.right
    lock.execute("BEGIN IMMEDIATE")

    refused = taker.submit(answers, form)
    page = refused.get_data(as_text=True)
    lock.execute("ROLLBACK")
    kept = form_of(page, "/submit")
    sent = taker.client.post(kept.action, data=kept.fields)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "Submit again" in page
    assert sent.status_code == 303
    assert 'data-score-percent="100"' in page_of(taker.client, taker.address)


def test_a_single_answer_that_cannot_be_stored_is_told_so_as_json(taker: Taker, lock: sqlite3.Connection) -> None:
    token = taker.form.fields["csrf_token"][0]
    lock.execute("BEGIN IMMEDIATE")

    answer = taker.put("t-number", {"t-number": "3"}, 1, token)
    lock.execute("ROLLBACK")

    assert (answer.status_code, answer.is_json) == (503, True)
    assert taker.put("t-number", {"t-number": "3"}, 1, token).status_code == 200


def test_reading_goes_on_while_somebody_else_writes(taker: Taker, lock: sqlite3.Connection) -> None:
    lock.execute("BEGIN IMMEDIATE")

    answers = [taker.client.get(address) for address in ("/home", "/learn/tiny/first-steps", taker.address)]
    lock.execute("ROLLBACK")

    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_a_look_that_cannot_be_noted_is_shown_all_the_same(
    client: FlaskClient, world: World, lock: sqlite3.Connection
) -> None:
    world.publish("tiny")
    world.sign_in(client, world.user())
    enroll = form_of(page_of(client, "/courses/tiny"), "/enroll")
    client.post(enroll.action, data=enroll.fields)
    lock.execute("BEGIN IMMEDIATE")

    answer = client.get("/learn/tiny/first-steps")
    lock.execute("ROLLBACK")

    assert answer.status_code == 200
