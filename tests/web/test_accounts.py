"""One's own account: profile, password, sign-ins; setting a password by mail; joining by invitation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.database import db
from lms.people.models import Membership, User, UserSession
from tests.support.visits import PASSWORD, accept_policies, link_in, mails, send, sign_in
from tests.support.world import World

EMAIL = "ana@test.example"
NEW = "seven loud herons sing"


@pytest.fixture
def ana(world: World) -> int:
    user = world.user("Ana Ruiz", email=EMAIL, agency=world.agency("Oak School"))
    world.set_password(user, PASSWORD)
    return user


@pytest.fixture
def at_home(client: FlaskClient, ana: int) -> FlaskClient:
    sign_in(client, EMAIL)
    return client


@pytest.fixture
def open_registration(app: Flask) -> Iterator[None]:
    runtime = app.extensions["lms"]
    before = runtime.settings
    runtime.settings = replace(before, open_registration=True)
    yield
    runtime.settings = before


def test_a_person_changes_their_name_and_language_and_sees_it(at_home: FlaskClient, world: World, ana: int) -> None:
    answer = send(
        at_home, "/account", {"name": "Ana María Ruiz", "certificate_name": "", "language": "es"}, page="/account"
    )

    page = at_home.get("/account").text
    assert answer.status_code == 303
    assert 'lang="es"' in page
    assert "Ana María Ruiz" in page


def test_an_empty_name_shows_the_page_again_with_the_entries(at_home: FlaskClient) -> None:
    answer = send(at_home, "/account", {"name": " ", "certificate_name": "Dr. Ruiz", "language": "en"}, page="/account")

    assert answer.status_code == 422
    assert 'value="Dr. Ruiz"' in answer.text
    assert 'href="#name"' in answer.text


def test_a_person_ends_another_sign_in_of_theirs(app: Flask, at_home: FlaskClient, world: World, ana: int) -> None:
    other = app.test_client()
    sign_in(other, EMAIL)
    (_, second) = world.read(lambda: db.session.query(UserSession.id).order_by(UserSession.id).all())

    send(at_home, f"/account/sessions/{second[0]}/end", page="/account")

    assert other.get("/account").status_code == 303
    assert at_home.get("/account").status_code == 200


def test_nobody_ends_the_sign_in_of_another_person(app: Flask, at_home: FlaskClient, world: World) -> None:
    other = world.user()
    their_client = world.client_of(other)
    theirs = world.read(lambda: db.session.query(UserSession.id).filter_by(user_id=other).scalar())

    send(at_home, f"/account/sessions/{theirs}/end", page="/account")

    assert their_client.get("/account").status_code == 200


def test_signing_out_everywhere_else_keeps_this_one(app: Flask, at_home: FlaskClient) -> None:
    other = app.test_client()
    sign_in(other, EMAIL)

    send(at_home, "/account/sessions/end-others", page="/account")

    assert other.get("/account").status_code == 303
    assert at_home.get("/account").status_code == 200


def test_a_password_is_changed_with_the_present_one(app: Flask, at_home: FlaskClient) -> None:
    other = app.test_client()
    sign_in(other, EMAIL)

    answer = send(
        at_home,
        "/account/password",
        {"current_password": PASSWORD, "password": NEW, "password_again": NEW},
        page="/account",
    )

    assert answer.status_code == 303
    assert at_home.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert sign_in(app.test_client(), EMAIL, PASSWORD).status_code == 422
    assert sign_in(app.test_client(), EMAIL, NEW).status_code == 303


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"current_password": "wrong", "password": NEW, "password_again": NEW}, "current_password"),
        ({"current_password": PASSWORD, "password": "short", "password_again": "short"}, "password"),
        ({"current_password": PASSWORD, "password": NEW, "password_again": NEW + "!"}, "password_again"),
        ({"current_password": PASSWORD, "password": "ana ana@test.example", "password_again": ""}, "password_again"),
    ],
)
def test_a_new_password_that_cannot_be_taken_says_why_at_its_field(
    at_home: FlaskClient, values: dict[str, str], field: str
) -> None:
    answer = send(at_home, "/account/password", values, page="/account")

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert NEW not in answer.text


def test_a_forgotten_password_is_set_by_the_link_of_the_mail(
    app: Flask, client: FlaskClient, world: World, ana: int
) -> None:
    send(client, "/forgot", {"email": EMAIL})
    link = link_in(mails(world)[0])

    page = client.get(link)
    answer = send(client, link, {"password": NEW, "password_again": NEW})

    assert EMAIL in page.text
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert sign_in(app.test_client(), EMAIL, NEW).status_code == 303
    assert client.get(link).status_code == 404


def test_asking_for_a_reset_answers_the_same_for_a_known_and_an_unknown_address(
    app: Flask, client: FlaskClient, ana: int
) -> None:
    known = send(client, "/forgot", {"email": EMAIL})
    unknown = send(client, "/forgot", {"email": "nobody@test.example"})

    assert known.status_code == unknown.status_code == 200
    assert known.text == unknown.text


def test_links_in_mails_do_not_follow_the_host_header(client: FlaskClient, world: World, ana: int) -> None:
    send(client, "/forgot", {"email": EMAIL}, host="evil.example")

    assert mails(world)[0]["values"]["link"].startswith("http://localhost/reset/")


def test_asking_for_many_resets_is_stopped(client: FlaskClient, world: World, ana: int) -> None:
    statuses = [send(client, "/forgot", {"email": EMAIL}).status_code for _ in range(11)]

    assert statuses[-1] == 429
    assert len(mails(world)) == 10


def test_registering_is_closed_unless_the_setting_opens_it(client: FlaskClient) -> None:
    assert "You need an invitation" in client.get("/register").text
    assert send(client, "/register", {"email": "new@test.example"}).status_code == 404


def test_a_person_registers_where_it_is_open(open_registration: None, client: FlaskClient, world: World) -> None:
    send(client, "/register", {"email": "New@test.example"})
    link = link_in(mails(world)[0])

    answer = send(client, link, {"name": "New Person", "password": NEW, "password_again": NEW, "language": "en"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/home")
    accept_policies(client)
    assert "new@test.example" in client.get("/account").text


def test_registering_answers_the_same_for_a_known_and_an_unknown_address(
    open_registration: None, client: FlaskClient, world: World, ana: int
) -> None:
    known = send(client, "/register", {"email": EMAIL})
    unknown = send(client, "/register", {"email": "nobody@test.example"})

    assert known.text == unknown.text
    assert [mail["template"] for mail in mails(world)] == ["account-exists", "verify-email"]


@pytest.fixture
def invited(app: Flask, world: World) -> str:
    """The link of an invitation into an agency, sent by its administrator over HTTP."""
    agency = world.agency("Oak School")
    admin = world.user(agency=agency)
    world.grant(admin, "agency-administrator", agency)
    values = {"email": "New@Test.example", "name": "New Person", "agency_id": agency}
    answer = send(
        world.client_of(admin),
        "/people/invite",
        {**values, "discipline": "schools", "language": "en"},
        page="/account",
    )
    assert answer.status_code == 303
    return link_in(mails(world)[-1])


def test_an_invited_person_sets_up_their_account_and_is_signed_in(
    client: FlaskClient, world: World, invited: str
) -> None:
    page = client.get(invited)
    answer = send(client, invited, {"name": "New Person", "password": NEW, "password_again": NEW, "language": "es"})

    assert "Oak School" in page.text
    assert 'value="new@test.example"' in page.text
    assert answer.status_code == 303
    accept_policies(client)
    assert "Oak School" in client.get("/account").text
    assert client.get(invited).status_code == 404


def test_a_refused_password_keeps_the_name_and_leaves_the_invitation_open(client: FlaskClient, invited: str) -> None:
    answer = send(client, invited, {"name": "My Name", "password": "x", "password_again": "x", "language": "en"})

    assert answer.status_code == 422
    assert 'value="My Name"' in answer.text
    assert client.get(invited).status_code == 200


def test_somebody_with_an_account_signs_in_and_accepts(client: FlaskClient, world: World, invited: str) -> None:
    user = world.user("Had One", email="new@test.example")
    world.set_password(user, PASSWORD)

    before = client.get(invited)
    sign_in(client, "new@test.example")
    answer = send(client, invited, page="/account")

    assert "Sign in with it to accept" in before.text
    assert answer.status_code == 303
    assert world.read(lambda: db.session.query(Membership).filter_by(user_id=user).count()) == 1


def test_another_person_cannot_take_the_invitation(at_home: FlaskClient, world: World, invited: str, ana: int) -> None:
    world.user(email="new@test.example")

    answer = send(at_home, invited, page="/account")

    assert answer.status_code == 403
    assert world.read(lambda: db.session.query(Membership).filter_by(user_id=ana).count()) == 1


def test_an_invitation_cannot_make_a_second_account_for_one_address(
    client: FlaskClient, world: World, invited: str
) -> None:
    world.user(email="new@test.example")

    answer = send(client, invited, {"name": "Twin", "password": NEW, "password_again": NEW, "language": "en"})

    assert answer.status_code == 403
    assert world.read(lambda: db.session.query(User).filter_by(email="new@test.example").count()) == 1
