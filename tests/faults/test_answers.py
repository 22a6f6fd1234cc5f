"""Whose clock dates a submit: the server's, whatever the page says (fault 23)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from lms.clock import utc_now
from tests.assessment.conftest import Taker, prepare
from tests.support.world import World


@pytest.fixture
def taker(client: FlaskClient, world: World) -> Taker:
    world.publish("tiny")
    return prepare(client, world)


def test_a_submit_is_dated_by_the_servers_clock_whatever_the_page_says(taker: Taker) -> None:
    form, answers, sent_at = taker.form, taker.right, utc_now() + timedelta(hours=1)
    forged = {"submitted_at": "2020-01-01T00:00:00Z", "started_at": "2020-01-01T00:00:00Z", "now": "2020-01-01"}

    with time_machine.travel(sent_at, tick=False):
        answer = taker.client.post(
            f"{taker.address}/submit",
            data={**form.fields, **answers, **forged},
            headers={"Date": "Wed, 01 Jan 2020 00:00:00 GMT"},
        )

    assert answer.status_code == 303
    assert taker.attempt.submitted_at == sent_at
    assert taker.attempt.started_at < sent_at
