"""Passkeys over HTTP, with an authenticator in software: whatever is wrong with an answer, nobody is let in by it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webauthn.helpers import bytes_to_base64url

from lms.clock import utc_now
from lms.database import db
from lms.errors import Invalid
from lms.people import passkeys
from lms.people.factor_models import Passkey
from lms.people.models import User, UserSession
from lms.people.passkeys import RelyingParty
from lms.people.tickets import Ticket
from tests.support.authenticator import PRESENT, Authenticator
from tests.support.factors import (
    SECURITY,
    add_passkey,
    code_of,
    codes_after,
    later,
    options,
    passkey_sign_in,
    set_up_app,
)
from tests.support.visits import PASSWORD, mails, send, sign_in
from tests.support.world import World

EMAIL = "ana@test.example"


@pytest.fixture
def ana(world: World) -> int:
    user = world.user("Ana Ruiz", email=EMAIL, agency=world.agency())
    world.set_password(user, PASSWORD)
    return user


@pytest.fixture
def device(world: World, ana: int) -> Authenticator:
    """Ana's phone, with a passkey for the site."""
    device = Authenticator()
    assert add_passkey(world.client_of(ana), device).status_code == 303
    return device


def test_a_first_passkey_comes_with_ten_recovery_codes(world: World, ana: int) -> None:
    client = world.client_of(ana)

    answer = add_passkey(client, Authenticator(), "Work phone")

    assert len(set(codes_after(client, answer))) == 10
    assert mails(world)[-1]["values"]["what"] == "passkey-added"


def test_a_second_passkey_has_the_same_handle_and_brings_no_new_codes(world: World, ana: int) -> None:
    client = world.client_of(ana)
    add_passkey(client, Authenticator(), "Phone")

    answer = add_passkey(client, Authenticator(), "Key")

    assert answer.status_code == 303
    assert len(world.read(lambda: {row.user_handle for row in db.session.query(Passkey)})) == 1
    assert world.read(lambda: db.session.query(Passkey).count()) == 2


def test_the_handle_says_nothing_of_the_person(world: World, ana: int, device: Authenticator) -> None:
    handle = device.passkeys[0].user_handle

    assert len(handle) == 64
    assert EMAIL.encode() not in handle


def test_a_passkey_alone_signs_in_with_two_factors(client: FlaskClient, world: World, device: Authenticator) -> None:
    answer = passkey_sign_in(client, device, next="/account")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert "Ana Ruiz" in client.get("/account").text
    found = world.read(lambda: [row.is_two_factor for row in db.session.query(UserSession).order_by(UserSession.id)])
    assert found[-1] is True


def test_a_passkey_is_the_second_step_after_the_password(client: FlaskClient, device: Authenticator) -> None:
    sign_in(client, EMAIL)
    found = options(client, "/sign-in/code/passkey/options", "/sign-in/code")

    answer = send(
        client,
        "/sign-in/code/passkey",
        {"ticket": found["ticket"], "credential": device.get(found["options"])},
        page="/sign-in/code",
    )

    assert len(found["options"]["allowCredentials"]) == 1
    assert answer.status_code == 303
    assert client.get("/account").status_code == 200


def test_a_passkey_of_another_person_is_no_second_step(
    client: FlaskClient, world: World, device: Authenticator
) -> None:
    ben, bens = world.user("Ben", email="ben@test.example", agency=world.agency()), Authenticator()
    add_passkey(world.client_of(ben), bens)
    sign_in(client, EMAIL)
    found = options(client, "/sign-in/code/passkey/options", "/sign-in/code")

    answer = send(
        client,
        "/sign-in/code/passkey",
        {"ticket": found["ticket"], "credential": bens.get(found["options"])},
        page="/sign-in/code",
    )

    assert answer.status_code == 422
    assert client.get("/account").status_code == 303


def wrong_origin(device: Authenticator) -> None:
    device.origin = "http://localhost.evil.example"


def wrong_party(device: Authenticator) -> None:
    device.rp_id = "evil.example"


def nobody_verified(device: Authenticator) -> None:
    device.flags = PRESENT


def nobody_present(device: Authenticator) -> None:
    device.flags = 0


def another_key(device: Authenticator) -> None:
    device.passkeys[0].key = type(device.passkeys[0])("localhost", b"").key


def another_owner(device: Authenticator) -> None:
    device.passkeys[0].user_handle = b"somebody else"


def unknown_passkey(device: Authenticator) -> None:
    device.passkeys[0].credential_id = b"never seen here"


@pytest.mark.parametrize(
    "spoil",
    [wrong_origin, wrong_party, nobody_verified, nobody_present, another_key, another_owner, unknown_passkey],
)
def test_an_answer_that_is_wrong_in_one_thing_lets_nobody_in(
    client: FlaskClient, device: Authenticator, spoil: Callable[[Authenticator], None]
) -> None:
    spoil(device)

    answer = passkey_sign_in(client, device)

    assert answer.status_code == 422
    assert "This passkey was not taken" in answer.text
    assert client.get("/account").status_code == 303


@pytest.mark.parametrize("spoil", [wrong_origin, wrong_party, nobody_verified, nobody_present])
def test_a_passkey_that_was_made_wrongly_is_not_kept(
    world: World, ana: int, spoil: Callable[[Authenticator], None]
) -> None:
    device = Authenticator()
    spoil(device)

    answer = add_passkey(world.client_of(ana), device)

    assert answer.status_code == 422
    assert world.read(lambda: db.session.query(Passkey).count()) == 0


def test_an_answer_counts_once(app: Flask, client: FlaskClient, device: Authenticator) -> None:
    found = options(client, "/sign-in/passkey/options", "/sign-in")
    sent = {"ticket": found["ticket"], "credential": device.get(found["options"])}

    first = send(client, "/sign-in/passkey", sent)
    again = send(app.test_client(), "/sign-in/passkey", sent)

    assert (first.status_code, again.status_code) == (303, 422)


def test_a_refused_answer_uses_its_challenge_up(client: FlaskClient, device: Authenticator) -> None:
    found = options(client, "/sign-in/passkey/options", "/sign-in")
    device.origin = "http://evil.example"
    wrong = send(client, "/sign-in/passkey", {"ticket": found["ticket"], "credential": device.get(found["options"])})
    device.origin = "http://localhost"

    right = send(client, "/sign-in/passkey", {"ticket": found["ticket"], "credential": device.get(found["options"])})

    assert (wrong.status_code, right.status_code) == (422, 422)


def test_an_answer_to_an_old_challenge_is_refused(client: FlaskClient, device: Authenticator) -> None:
    found = options(client, "/sign-in/passkey/options", "/sign-in")

    with later(301):
        answer = send(
            client, "/sign-in/passkey", {"ticket": found["ticket"], "credential": device.get(found["options"])}
        )

    assert answer.status_code == 422


def test_an_answer_to_another_challenge_is_refused(client: FlaskClient, device: Authenticator) -> None:
    first = options(client, "/sign-in/passkey/options", "/sign-in")
    second = options(client, "/sign-in/passkey/options", "/sign-in")

    answer = send(client, "/sign-in/passkey", {"ticket": second["ticket"], "credential": device.get(first["options"])})

    assert answer.status_code == 422


def test_a_challenge_for_one_purpose_serves_no_other(client: FlaskClient, world: World, ana: int) -> None:
    owner, device = world.client_of(ana), Authenticator()
    add_passkey(owner, device)
    found = options(owner, "/sign-in/again/passkey/options")

    answer = send(client, "/sign-in/passkey", {"ticket": found["ticket"], "credential": device.get(found["options"])})

    assert answer.status_code == 422
    assert client.get("/account").status_code == 303


def test_a_challenge_of_one_person_adds_nothing_to_another(world: World, ana: int) -> None:
    ben, device = world.client_of(world.user("Ben", agency=world.agency())), Authenticator()
    found = options(ben, f"{SECURITY}/passkeys/options")
    values = {"name": "Ben's", "ticket": found["ticket"], "credential": device.create(found["options"])}

    answer = send(world.client_of(ana), f"{SECURITY}/passkeys/new", values, page=SECURITY)

    assert answer.status_code == 422
    assert world.read(lambda: db.session.query(Passkey).count()) == 0


def test_a_passkey_that_is_known_is_not_added_to_a_second_person(world: World, ana: int, device: Authenticator) -> None:
    ben, liar = world.client_of(world.user("Ben", agency=world.agency())), Authenticator()
    liar.next_id = device.passkeys[0].credential_id

    answer = add_passkey(ben, liar)

    assert answer.status_code == 422
    assert "set up already" in answer.text


def test_a_count_that_goes_back_is_a_copy_of_the_key(client: FlaskClient, device: Authenticator) -> None:
    passkey_sign_in(client, device)
    passkey_sign_in(client, device)
    send(client, "/sign-out", page="/account")
    device.passkeys[0].count = 0

    assert passkey_sign_in(client, device).status_code == 422


def test_a_disabled_person_does_not_get_in_by_passkey(
    client: FlaskClient, world: World, ana: int, device: Authenticator
) -> None:
    world.write(lambda: setattr(db.session.get_one(User, ana), "disabled_at", utc_now()))

    assert passkey_sign_in(client, device).status_code == 422


def test_a_demo_account_uses_its_passkey_on_this_machine_only(
    app: Flask, world: World, ana: int, device: Authenticator
) -> None:
    world.write(lambda: setattr(db.session.get_one(User, ana), "is_demo", True))
    far = app.test_client()
    far.environ_base["REMOTE_ADDR"] = "203.0.113.9"

    assert passkey_sign_in(far, device).status_code == 422
    assert passkey_sign_in(app.test_client(), device).status_code == 303


def test_a_passkey_that_was_removed_opens_nothing(
    app: Flask, client: FlaskClient, world: World, ana: int, device: Authenticator
) -> None:
    owner = world.client_of(ana)
    number = world.read(lambda: db.session.query(Passkey.id).scalar())

    send(owner, f"{SECURITY}/passkeys/{number}/remove", page=SECURITY)

    assert passkey_sign_in(client, device).status_code == 422
    assert sign_in(app.test_client(), EMAIL).headers["Location"] == "/home"


def test_a_passkey_of_somebody_else_can_be_neither_renamed_nor_removed(
    world: World, ana: int, device: Authenticator
) -> None:
    ben = world.client_of(world.user("Ben", agency=world.agency()))
    number = world.read(lambda: db.session.query(Passkey.id).scalar())

    renamed = send(ben, f"{SECURITY}/passkeys/{number}", {"name": "Mine"}, page=SECURITY)
    removed = send(ben, f"{SECURITY}/passkeys/{number}/remove", page=SECURITY)

    assert (renamed.status_code, removed.status_code) == (404, 404)
    assert world.read(lambda: db.session.query(Passkey.name).scalar()) == "Phone"


def test_where_the_address_is_a_number_the_page_says_why_there_are_no_passkeys(world: World, ana: int) -> None:
    client = world.app.test_client()
    client.set_cookie("lms", world.client_of(ana).get_cookie("lms").value, domain="127.0.0.1")  # type: ignore[union-attr]

    page = client.get(f"{SECURITY}/passkeys/new", base_url="http://127.0.0.1:8000").text

    assert "open the site as “localhost”" in page


def test_a_page_with_an_app_and_a_passkey_offers_both(client: FlaskClient, world: World, ana: int) -> None:
    owner, device = world.client_of(ana), Authenticator()
    secret, _ = set_up_app(owner)
    add_passkey(owner, device)
    sign_in(client, EMAIL)

    page = client.get("/sign-in/code").text
    with later():
        answer = send(client, "/sign-in/code", {"code": code_of(secret)}, page="/sign-in/code")

    assert 'data-passkey="get"' in page
    assert 'name="code"' in page
    assert answer.status_code == 303


PARTY = RelyingParty("localhost", "http://localhost", "Test")
TICKET = Ticket(1, 1, {"challenge": bytes_to_base64url(b"c" * 32), "handle": bytes_to_base64url(b"h" * 64)})
TEXTS = st.text(max_size=40) | st.binary(max_size=200).map(bytes_to_base64url)
ANSWERS = st.fixed_dictionaries(
    {
        "id": TEXTS,
        "rawId": TEXTS,
        "type": st.just("public-key") | TEXTS,
        "response": st.dictionaries(
            st.sampled_from(["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]),
            TEXTS | st.none() | st.integers(),
        )
        | TEXTS,
    }
).map(json.dumps)


@pytest.mark.sqlite_only
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(answer=ANSWERS | st.text(max_size=50))
def test_no_answer_at_all_is_an_error_of_ours(context: Flask, answer: str) -> None:
    for verify in (passkeys.verify_new, passkeys.use_passkey):
        with pytest.raises(Invalid):
            verify(PARTY, TICKET, answer)


def test_an_answer_that_is_nested_very_deeply_is_refused(client: FlaskClient, device: Authenticator) -> None:
    found = options(client, "/sign-in/passkey/options", "/sign-in")

    answer = send(client, "/sign-in/passkey", {"ticket": found["ticket"], "credential": "[" * 19_000})

    assert answer.status_code == 422
