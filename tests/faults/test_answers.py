"""Whose clock decides what came in time: the server's, whatever the page or the browser says (fault 23)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from lms.clock import utc_now
from lms.courseware.folder import load_folder
from lms.people.invitations import Letter, invite
from tests.assessment.conftest import Taker, prepare
from tests.support.visits import PASSWORD, link_in, mails, send, sign_in
from tests.support.world import TEST_COURSES, World


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


NEW = "seven loud herons sing"
EMAIL = "ana@test.example"


def forged(moment: datetime) -> dict[str, str]:
    """What a page could claim of the time, if anybody listened."""
    return {name: moment.isoformat() for name in ("now", "at", "sent_at", "submitted_at", "expires_at", "created_at")}


def reset_link(client: FlaskClient, world: World) -> tuple[str, timedelta]:
    world.set_password(world.user("Ana", email=EMAIL), PASSWORD)
    send(client, "/forgot", {"email": EMAIL})
    return link_in(mails(world)[-1]), timedelta(minutes=60)


def invitation_link(client: FlaskClient, world: World) -> tuple[str, timedelta]:
    agency, admin = world.agency(), world.user()
    token = "a" * 43
    world.write(
        lambda: invite(
            email=EMAIL,
            name="Ana",
            agency_id=agency,
            discipline="schools",
            invited_by_id=admin,
            day=date(2026, 1, 1),
            letter=Letter(token, f"http://localhost/invitations/{token}", "en"),
        )
    )
    return f"/invitations/{token}", timedelta(days=14)


FORM = {"name": "Ana", "password": NEW, "password_again": NEW, "language": "en"}


@pytest.mark.parametrize("make", [reset_link, invitation_link])
def test_a_form_sent_before_its_deadline_counts(
    client: FlaskClient, world: World, make: Callable[[FlaskClient, World], tuple[str, timedelta]]
) -> None:
    with time_machine.travel(utc_now(), tick=False) as clock:
        link, lasts = make(client, world)
        clock.shift(lasts - timedelta(seconds=1))
        answer = send(client, link, FORM)

    assert answer.status_code == 303


@pytest.mark.parametrize("make", [reset_link, invitation_link])
def test_a_form_sent_after_its_deadline_is_late_whatever_time_it_claims(
    client: FlaskClient, world: World, make: Callable[[FlaskClient, World], tuple[str, timedelta]]
) -> None:
    with time_machine.travel(utc_now(), tick=False) as clock:
        link, lasts = make(client, world)
        in_time = utc_now()
        assert client.get(link).status_code == 200
        clock.shift(lasts)
        answer = send(client, link, {**FORM, **forged(in_time)})

    assert answer.status_code in (404, 409)
    assert sign_in(client, EMAIL, NEW).status_code == 422


def test_an_attempt_before_the_end_of_a_cool_down_is_refused_whatever_time_it_claims(
    client: FlaskClient, world: World
) -> None:
    files = load_folder(TEST_COURSES / "tiny")
    path = "en/90-final.md"
    assert b"pass_mark: 80" in files[path]
    world.publish_files({**files, path: files[path].replace(b"pass_mark: 80", b"pass_mark: 80, cooldown_hours: 24")})
    taker = prepare(client, world)
    with time_machine.travel(utc_now(), tick=False) as clock:
        taker.submit(taker.wrong)
        clock.shift(timedelta(hours=1))
        answer = send(
            client, "/learn/tiny/final/attempts", forged(utc_now() + timedelta(days=2)), page="/learn/tiny/final"
        )

    assert answer.status_code == 409
