"""Whoever was switched off is nobody at the next request (fault 36), by whatever door and whatever they were doing."""

from __future__ import annotations

import pytest

from lms.clock import utc_now
from lms.database import db
from lms.people import disabling
from lms.people.models import User
from lms.people.signins import load_viewer
from tests.support.visits import PASSWORD, send, sign_in
from tests.support.world import World, form_token


@pytest.fixture
def person(world: World) -> int:
    user = world.user("Ana", email="ana@test.example", agency=world.agency())
    world.set_password(user, PASSWORD)
    world.grant(user, "state-administrator")
    return user


def switch_off(world: World, person: int) -> None:
    boss = world.user("Boss")
    world.grant(boss, "state-administrator")
    viewer = world.read(lambda: load_viewer(boss))
    assert viewer is not None
    world.write(lambda: disabling.disable_account(viewer, person, may_manage_all=True))


def test_the_next_request_of_who_was_switched_off_is_a_strangers(world: World, person: int) -> None:
    client = world.client_of(person)
    token = form_token(client, "/account")
    before = [client.get(address).status_code for address in ("/home", "/people")]

    switch_off(world, person)

    after = [client.get(address) for address in ("/home", "/people", "/batches")]
    posted = client.post("/account", data={"csrf_token": token, "name": "Changed", "language": "en"})
    assert before == [200, 200]
    assert [(one.status_code, one.headers["Location"].partition("?")[0]) for one in after] == [(303, "/sign-in")] * 3
    assert posted.status_code in (400, 401)
    assert world.read(lambda: db.session.get_one(User, person).name) == "Ana"


def test_a_session_that_was_left_over_opens_nothing_for_who_is_switched_off(world: World, person: int) -> None:
    """Also where the row of the session is still open: the account itself is looked at."""
    client = world.client_of(person)

    world.write(lambda: setattr(db.session.get_one(User, person), "disabled_at", utc_now()))

    assert client.get("/home").status_code == 303
    assert client.get("/people").status_code == 303


def test_who_is_switched_off_does_not_sign_in_with_the_right_password(world: World, person: int) -> None:
    switch_off(world, person)
    client = world.app.test_client()

    assert sign_in(client, "ana@test.example").status_code == 422
    assert client.get("/home").status_code == 303


def test_who_is_switched_off_gets_no_way_back_by_mail(world: World, person: int) -> None:
    from tests.support.visits import mails

    switch_off(world, person)
    before = len(mails(world))

    send(world.app.test_client(), "/forgot", {"email": "ana@test.example"}, page="/forgot")

    assert len(mails(world)) == before
