"""Signing in and out: same answer for every refusal, a new session each time, nothing entered is lost."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from lms.clock import utc_now
from lms.database import db
from lms.people.models import User, UserSession
from lms.people.passwords import HASHER, ROOM
from lms.web.signing_in import safe_next
from tests.support.visits import PASSWORD, send, sign_in
from tests.support.world import World

EMAIL = "ana@test.example"


@pytest.fixture
def ana(world: World) -> int:
    user = world.user("Ana Ruiz", email=EMAIL, agency=world.agency())
    world.set_password(user, PASSWORD)
    return user


def test_a_right_password_leads_on_to_where_the_person_wanted_to_go(client: FlaskClient, ana: int) -> None:
    sent = client.get("/account")
    answer = sign_in(client, EMAIL, next=sent.headers["Location"].partition("next=")[2])

    assert sent.status_code == 303
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert "Ana Ruiz" in client.get("/account").text


@pytest.mark.parametrize("email", [EMAIL, "nobody@test.example"])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: FlaskClient, ana: int, email: str) -> None:
    answer = sign_in(client, email, "something else entirely")

    assert answer.status_code == 422
    assert "do not belong together" in answer.text
    assert f'value="{email}"' in answer.text
    assert "something else entirely" not in answer.text
    assert "Nothing was saved yet" not in answer.text


def test_the_errors_of_a_form_are_linked_to_its_fields(client: FlaskClient) -> None:
    answer = sign_in(client, "", "")

    assert answer.status_code == 422
    assert 'href="#email"' in answer.text
    assert 'href="#password"' in answer.text


def test_the_cookie_is_new_after_every_sign_in_and_only_for_http(client: FlaskClient, ana: int) -> None:
    first = sign_in(client, EMAIL).headers["Set-Cookie"]
    second = send(client, "/sign-in", {"email": EMAIL, "password": PASSWORD}, page="/account").headers["Set-Cookie"]

    assert first.partition(";")[0] != second.partition(";")[0]
    assert "HttpOnly" in first
    assert "SameSite=Lax" in first


def test_signing_in_again_ends_the_session_before(client: FlaskClient, world: World, ana: int) -> None:
    sign_in(client, EMAIL)
    send(client, "/sign-in", {"email": EMAIL, "password": PASSWORD}, page="/account")

    assert world.read(lambda: db.session.query(UserSession).filter_by(ended_at=None).count()) == 1


def test_a_session_of_a_stranger_is_not_carried_over(client: FlaskClient, ana: int) -> None:
    client.set_cookie("lms", "s.chosen-by-somebody-else")

    sign_in(client, EMAIL)

    cookie = client.get_cookie("lms")
    assert cookie is not None
    assert cookie.value != "s.chosen-by-somebody-else"


def test_signing_out_ends_the_session_in_the_database(client: FlaskClient, world: World, ana: int) -> None:
    sign_in(client, EMAIL)
    cookie = client.get_cookie("lms")
    assert cookie is not None

    answer = send(client, "/sign-out", page="/account")

    client.set_cookie("lms", cookie.value)
    assert answer.status_code == 303
    assert client.get("/account").status_code == 303
    assert world.read(lambda: db.session.query(UserSession).filter_by(ended_at=None).count()) == 0


def test_signing_out_empties_the_browsers_cache(client: FlaskClient, ana: int) -> None:
    sign_in(client, EMAIL)

    assert send(client, "/sign-out", page="/account").headers["Clear-Site-Data"] == '"cache"'


def test_a_link_to_sign_out_asks_first(client: FlaskClient, ana: int) -> None:
    sign_in(client, EMAIL)

    assert "Sign out?" in client.get("/sign-out").text
    assert client.get("/account").status_code == 200


def test_what_was_entered_comes_back_when_the_sign_in_had_ended(client: FlaskClient, world: World, ana: int) -> None:
    sign_in(client, EMAIL)
    page = client.get("/account").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', page)
    assert token is not None
    entered = {"name": "Ana María Ruiz", "certificate_name": "<b>&", "language": "en", "csrf_token": token[1]}

    with time_machine.travel(utc_now() + timedelta(hours=13)):
        stopped = client.post("/account", data=entered)
        kept = re.search(r'name="kept"[^>]*value="([^"]*)"', stopped.text)
        assert kept is not None
        back = sign_in(client, EMAIL, kept=kept[1])
        again = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', back.text))
        saved = client.post("/account", data=again | {"certificate_name": "<b>&"})

    assert stopped.status_code == 401
    assert "Your sign-in has ended" in stopped.text
    assert 'action="/account"' in back.text
    assert saved.status_code == 303
    assert world.read(lambda: db.session.get_one(User, ana).name) == "Ana María Ruiz"


def test_a_password_is_never_kept_in_a_page(client: FlaskClient, ana: int) -> None:
    answer = client.post("/account/password", data={"current_password": PASSWORD, "password": "an entirely new one"})

    kept = re.search(r'name="kept"[^>]*value="([^"]*)"', answer.text)
    assert kept is not None
    back = sign_in(client, EMAIL, kept=kept[1])

    assert "an entirely new one" not in answer.text + back.text
    assert PASSWORD not in back.text


def test_forged_kept_entries_are_ignored(client: FlaskClient, ana: int) -> None:
    answer = sign_in(client, EMAIL, kept="eyJhZGRyZXNzIjoiLyJ9.forged")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/home")


def test_an_old_form_token_keeps_the_entries_and_asks_once_more(client: FlaskClient, ana: int) -> None:
    sign_in(client, EMAIL)

    answer = client.post("/account", data={"csrf_token": "old", "name": "Ana María", "language": "en"})

    assert answer.status_code == 400
    assert 'value="Ana María"' in answer.text
    assert "Send again" in answer.text


ELSEWHERE = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://[unreadable"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Referer": "https://evil.example/page"},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_what_another_site_sends_is_never_offered_to_be_sent_again(
    client: FlaskClient, ana: int, headers: dict[str, str], is_signed_in: bool
) -> None:
    if is_signed_in:
        sign_in(client, EMAIL)

    answer = client.post("/account", data={"name": "Mallory", "language": "en"}, headers=headers)

    assert answer.status_code == 400
    assert "Mallory" not in answer.text
    assert 'name="kept"' not in answer.text


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
def test_what_our_own_page_sent_is_offered_again(client: FlaskClient, ana: int, headers: dict[str, str]) -> None:
    sign_in(client, EMAIL)

    answer = client.post("/account", data={"csrf_token": "old", "name": "Ana María"}, headers=headers)

    assert 'value="Ana María"' in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "/\tevil",
        "/ok\r\nSet-Cookie: a=b",
        "home",
        "",
        "http:/evil.example",
        "/\x7f/evil.example",
    ],
)
def test_an_address_elsewhere_is_never_followed(app: Flask, client: FlaskClient, ana: int, target: str) -> None:
    with app.test_request_context("/sign-in"):
        assert safe_next(target, "/home") == "/home"

    if "\r" not in target:
        assert sign_in(client, EMAIL, next=target).headers["Location"] == "/home"


def test_a_path_of_this_site_is_followed_below_a_prefix_too(app: Flask) -> None:
    with app.test_request_context("/sign-in", base_url="http://localhost/training"):
        assert safe_next("/people?q=a", "/home") == "/training/people?q=a"
        assert safe_next("/training/people", "/home") == "/training/people"


def test_many_wrong_passwords_for_one_account_are_stopped(app: Flask, ana: int) -> None:
    statuses = []
    for number in range(12):
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"10.0.0.{number}"
        statuses.append(sign_in(client, EMAIL.upper(), "something else entirely").status_code)

    assert statuses == [422] * 10 + [429] * 2


def test_the_page_after_too_many_tries_says_when_to_come_back_and_how_to_get_a_new_password(
    app: Flask, client: FlaskClient, ana: int
) -> None:
    for _ in range(10):
        sign_in(client, EMAIL, "something else entirely")
    refused = sign_in(client, EMAIL)

    assert refused.status_code == 429
    assert "Back to the sign-in" in refused.text
    assert "Error 429" not in refused.text
    assert "Try again in 5 minutes." in refused.text
    assert 'href="/forgot"' in refused.text
    assert client.get("/forgot").status_code == 200


def test_wrong_passwords_for_ten_accounts_do_not_shut_out_the_colleagues_behind_the_same_address(
    app: Flask, ana: int
) -> None:
    for number in range(11):
        for _ in range(5):
            sign_in(app.test_client(), f"person{number}@test.example", "something else entirely")

    assert sign_in(app.test_client(), EMAIL).status_code == 303


def test_one_password_tried_on_many_accounts_is_stopped_even_where_it_is_right(
    app: Flask, ana: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = app.extensions["lms"]
    monkeypatch.setattr(runtime, "settings", replace(runtime.settings, sign_in_limit_per_address="10 per 5 minutes"))
    statuses = [sign_in(app.test_client(), f"person{number}@test.example").status_code for number in range(12)]

    assert statuses == [422] * 10 + [429] * 2
    assert sign_in(app.test_client(), EMAIL).status_code == 429


def test_a_classroom_that_signs_in_from_one_address_is_not_stopped(app: Flask, ana: int) -> None:
    statuses = [sign_in(app.test_client(), EMAIL).status_code for _ in range(14)]

    assert set(statuses) == {303}


def test_a_full_room_answers_at_once_and_keeps_the_address(client: FlaskClient, ana: int) -> None:
    ROOM.resize(1)
    ROOM._places.acquire()
    try:
        answer = sign_in(client, EMAIL)
    finally:
        ROOM.resize(4)

    assert answer.status_code == 503
    assert f'value="{EMAIL}"' in answer.text


def test_a_hash_with_other_costs_is_made_anew_at_sign_in(client: FlaskClient, world: World, ana: int) -> None:
    cheap = type(HASHER)(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    world.write(lambda: setattr(db.session.get_one(User, ana), "password_hash", cheap))

    sign_in(client, EMAIL)

    hashed = world.read(lambda: db.session.get_one(User, ana).password_hash)
    assert hashed is not None
    assert hashed.startswith("$argon2id$v=19$m=19456")


@pytest.mark.parametrize(
    ("host", "address", "status"),
    [
        ("localhost", "127.0.0.1", 303),
        ("127.0.0.1:8000", "127.0.0.1", 303),
        ("[::1]:8000", "::1", 303),
        ("training.example", "127.0.0.1", 422),
        ("localhost", "203.0.113.9", 422),
        ("127.0.0.1.evil.example", "127.0.0.1", 422),
    ],
)
def test_a_demo_account_signs_in_on_this_machine_only(
    app: Flask, world: World, ana: int, host: str, address: str, status: int
) -> None:
    world.write(lambda: setattr(db.session.get_one(User, ana), "is_demo", True))
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address

    answer = send(client, "/sign-in", {"email": EMAIL, "password": PASSWORD}, host=host)

    assert answer.status_code == status


def test_a_disabled_person_is_refused_at_the_next_click(client: FlaskClient, world: World, ana: int) -> None:
    sign_in(client, EMAIL)
    assert client.get("/account").status_code == 200

    world.write(lambda: setattr(db.session.get_one(User, ana), "disabled_at", utc_now()))

    assert client.get("/account").status_code == 303


def test_a_page_of_somebody_signed_in_is_not_stored_anywhere(client: FlaskClient, ana: int) -> None:
    sign_in(client, EMAIL)

    assert client.get("/account").headers["Cache-Control"] == "no-store"
