"""A database that does not even say who asks: 503 with what was entered, and nobody is signed out (faults 9 and 12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.assessment.conftest import Taker, prepare
from tests.support.pages import form_of, page_of
from tests.support.world import World

pytestmark = pytest.mark.sqlite_only

Outage = Callable[[], None]
TROUBLES = [OperationalError("SELECT", {}, Exception("the server closed the connection")), PoolTimeout("none is free")]


@pytest.fixture
def taker(client: FlaskClient, world: World) -> Taker:
    world.publish("tiny")
    return prepare(client, world)


@pytest.fixture(params=TROUBLES, ids=["down", "no connection free"])
def outage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Outage:
    """From the call on nobody's session can be read; `monkeypatch.undo` ends it."""

    def refuse(*_: Any, **__: Any) -> None:
        raise request.param

    return lambda: monkeypatch.setattr("lms.web.sessions.signins.find_session", refuse)


def test_a_page_that_cannot_be_read_now_says_so_and_nobody_is_signed_out(
    taker: Taker, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage()

    refused = taker.client.get("/home")
    monkeypatch.undo()

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "Please try again in a moment" in refused.get_data(as_text=True)
    assert "Set-Cookie" not in refused.headers
    assert taker.client.get("/home").status_code == 200


def test_a_submit_that_met_an_outage_is_sent_again_and_loses_nothing(
    taker: Taker, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, answers = taker.form, taker.right
    outage()

    refused = taker.submit(answers, form)
    monkeypatch.undo()
    kept = form_of(refused.get_data(as_text=True), "/submit")
    again = taker.client.post(kept.action, data=kept.fields)
    kept = form_of(again.get_data(as_text=True), "/submit")  # its token was nobody's: asked once more
    sent = taker.client.post(kept.action, data=kept.fields)

    assert refused.status_code == 503
    assert again.status_code == 400
    assert sent.status_code == 303
    assert 'data-score-percent="100"' in page_of(taker.client, taker.address)


def test_a_single_answer_is_told_so_as_json(taker: Taker, outage: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    token = taker.form.fields["csrf_token"][0]
    outage()

    answer = taker.put("t-number", {"t-number": "3"}, 1, token)
    monkeypatch.undo()

    assert (answer.status_code, answer.is_json) == (503, True)
    assert taker.put("t-number", {"t-number": "3"}, 1, token).status_code == 200


def test_the_process_is_alive_all_the_same(taker: Taker, outage: Outage) -> None:
    outage()

    assert taker.client.get("/healthz").status_code == 200
