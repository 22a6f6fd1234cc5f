"""Signing in with a second factor: nothing is open between the steps, no code counts twice, guessing is stopped."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from lms.clock import utc_now
from lms.database import db
from lms.people.authenticator_apps import code_at, matching_step
from lms.people.factor_models import AuthenticatorApp, RecoveryCode, SignInTicket
from lms.people.models import AuditEvent, User, UserSession
from tests.support.factors import code_of, later, set_up_app
from tests.support.visits import PASSWORD, link_in, mails, send, sign_in
from tests.support.world import World

EMAIL = "ana@test.example"
CODE, RECOVERY = "/sign-in/code", "/sign-in/recovery"


class Ana:
    """Somebody with an app, and what she has on her phone and on paper."""

    def __init__(self, app: Flask, world: World) -> None:
        self.id = world.user("Ana Ruiz", email=EMAIL, agency=world.agency())
        world.set_password(self.id, PASSWORD)
        self.browser = world.client_of(self.id)
        self.secret, self.codes = set_up_app(self.browser)
        app_row = world.read(lambda: db.session.query(AuthenticatorApp).one())
        self.first_code = code_at(self.secret, app_row.last_step)


@pytest.fixture
def ana(app: Flask, world: World) -> Ana:
    return Ana(app, world)


def test_a_right_password_alone_opens_nothing(client: FlaskClient, ana: Ana) -> None:
    answer = sign_in(client, EMAIL, next="/account")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/code?next=/account")
    assert client.get("/account").status_code == 303
    assert client.get("/home").headers["Location"].startswith("/sign-in")


def test_the_code_of_the_app_leads_on_to_where_the_person_wanted_to_go(client: FlaskClient, ana: Ana) -> None:
    sign_in(client, EMAIL)

    with later():
        answer = send(client, CODE, {"code": code_of(ana.secret), "next": "/account"}, page=CODE)

        assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
        assert "Ana Ruiz" in client.get("/account").text


def test_what_was_entered_before_goes_through_both_steps(client: FlaskClient, ana: Ana) -> None:
    stopped = client.post("/account", data={"name": "Ana María", "language": "en"})
    kept = re.search(r'name="kept"[^>]*value="([^"]*)"', stopped.text)
    assert kept is not None
    step = sign_in(client, EMAIL, kept=kept[1])
    with later():
        answer = send(client, CODE, {"code": code_of(ana.secret), "kept": kept[1]}, page=CODE)

    assert f'value="{kept[1]}"' in step.text
    assert 'value="Ana María"' in answer.text
    assert "Send again" in answer.text


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_phone_whose_clock_is_half_a_minute_off_is_no_obstacle(client: FlaskClient, ana: Ana, steps: int) -> None:
    sign_in(client, EMAIL)

    with later():
        assert send(client, CODE, {"code": code_of(ana.secret, steps)}, page=CODE).status_code == 303


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_older_and_later_codes_are_refused(client: FlaskClient, ana: Ana, steps: int) -> None:
    sign_in(client, EMAIL)

    with later(300):
        assert send(client, CODE, {"code": code_of(ana.secret, steps)}, page=CODE).status_code == 422


def test_a_code_counts_once_and_none_before_it(app: Flask, client: FlaskClient, ana: Ana) -> None:
    other = app.test_client()
    sign_in(client, EMAIL)
    sign_in(other, EMAIL)

    with later():
        first = send(client, CODE, {"code": code_of(ana.secret)}, page=CODE)
        again = send(other, CODE, {"code": code_of(ana.secret)}, page=CODE)
        before = send(other, CODE, {"code": code_of(ana.secret, -1)}, page=CODE)

    assert (first.status_code, again.status_code, before.status_code) == (303, 422, 422)


def test_the_code_that_set_the_app_up_does_not_sign_in(client: FlaskClient, ana: Ana) -> None:
    sign_in(client, EMAIL)

    assert send(client, CODE, {"code": ana.first_code}, page=CODE).status_code == 422


@given(code=st.text(max_size=12))
def test_no_text_but_the_three_codes_of_the_moment_is_a_code(code: str) -> None:
    secret = b"x" * 20
    with time_machine.travel(1_800_000_000, tick=False):
        right = {code_of(secret, steps) for steps in (-1, 0, 1)}

        assert (matching_step(secret, code) is not None) == ("".join(code.split()).replace("-", "") in right)


def test_five_wrong_codes_end_the_half_sign_in_and_the_person_is_told(
    client: FlaskClient, world: World, ana: Ana
) -> None:
    sign_in(client, EMAIL)

    answers = [send(client, CODE, {"code": "000000"}, page=CODE) for _ in range(5)]
    with later():
        after = send(client, CODE, {"code": code_of(ana.secret)})

    assert [answer.status_code for answer in answers] == [422] * 5
    assert "Too many wrong codes" in answers[4].text
    assert after.status_code == 422
    assert mails(world)[-1]["values"]["what"] == "stopped"
    assert world.read(lambda: db.session.query(AuditEvent).filter_by(action="sign-in.stopped").count()) == 1


def test_wrong_codes_are_limited_for_an_account_from_wherever_they_come(app: Flask, ana: Ana) -> None:
    statuses = []
    for number in range(6):
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"10.0.0.{number}"
        sign_in(client, EMAIL)
        statuses += [send(client, CODE, {"code": "000000"}).status_code for _ in range(2)]

    assert statuses == [422] * 10 + [429] * 2


def test_whoever_guessed_codes_cannot_keep_the_owner_out_once_the_password_is_new(
    app: Flask, client: FlaskClient, ana: Ana
) -> None:
    for _ in range(3):
        guesser = app.test_client()
        sign_in(guesser, EMAIL)
        statuses = [send(guesser, CODE, {"code": "000000"}).status_code for _ in range(5)]
    new = "nine calm herons wade"
    values = {"current_password": PASSWORD, "password": new, "password_again": new}
    send(ana.browser, "/account/password", values, page="/account")

    sign_in(client, EMAIL, new)
    with later():
        answer = send(client, CODE, {"code": code_of(ana.secret)}, page=CODE)

    assert statuses == [429] * 5
    assert answer.status_code == 303


def test_half_a_sign_in_ends_after_ten_minutes(client: FlaskClient, ana: Ana) -> None:
    sign_in(client, EMAIL)

    with later(601):
        answer = send(client, CODE, {"code": code_of(ana.secret)})

    assert answer.status_code == 422
    assert "Begin with your e-mail address" in answer.text


def test_half_a_sign_in_becomes_a_whole_one_once(app: Flask, client: FlaskClient, ana: Ana) -> None:
    sign_in(client, EMAIL)
    cookie = client.get_cookie("lms")
    assert cookie is not None
    thief = app.test_client()
    thief.set_cookie("lms", cookie.value)

    with later():
        send(client, CODE, {"code": code_of(ana.secret)}, page=CODE)
        copied = send(thief, RECOVERY, {"code": ana.codes[0]})

    assert copied.status_code == 422
    assert "Begin with your e-mail address" in copied.text


def test_the_cookie_of_the_half_sign_in_is_not_that_of_the_whole_one(client: FlaskClient, ana: Ana) -> None:
    sign_in(client, EMAIL)
    half = client.get_cookie("lms")
    with later():
        send(client, CODE, {"code": code_of(ana.secret)}, page=CODE)
        whole = client.get_cookie("lms")

    assert half is not None
    assert whole is not None
    assert half.value != whole.value
    assert half.value.startswith("a.")
    assert whole.value.startswith("s.")


def test_beginning_to_sign_in_as_somebody_ends_the_sign_in_before(world: World, ana: Ana) -> None:
    other = world.user("Ben", agency=world.agency())
    browser = world.client_of(other)

    send(browser, "/sign-in", {"email": EMAIL, "password": PASSWORD}, page="/account")

    assert browser.get("/account").status_code == 303
    assert world.read(lambda: db.session.query(UserSession).filter_by(user_id=other, ended_at=None).count()) == 0


def test_whoever_is_disabled_between_the_steps_does_not_get_in(client: FlaskClient, world: World, ana: Ana) -> None:
    sign_in(client, EMAIL)
    world.write(lambda: setattr(db.session.get_one(User, ana.id), "disabled_at", utc_now()))

    with later():
        answer = send(client, CODE, {"code": code_of(ana.secret)})

    assert answer.status_code == 422
    assert client.get("/account").status_code == 303


def test_a_new_password_ends_the_half_sign_in_that_the_old_one_began(
    client: FlaskClient, world: World, ana: Ana
) -> None:
    sign_in(client, EMAIL)
    new = "nine calm herons wade"
    send(
        ana.browser,
        "/account/password",
        {"current_password": PASSWORD, "password": new, "password_again": new},
        page="/account",
    )

    with later():
        assert send(client, CODE, {"code": code_of(ana.secret)}).status_code == 422


def test_a_recovery_code_stands_in_once_and_is_told(app: Flask, client: FlaskClient, world: World, ana: Ana) -> None:
    sign_in(client, EMAIL)
    other = app.test_client()
    sign_in(other, EMAIL)
    typed = f" {ana.codes[3].upper().replace('-', ' ')} "

    first = send(client, RECOVERY, {"code": typed}, page=RECOVERY)
    second = send(other, RECOVERY, {"code": ana.codes[3]}, page=RECOVERY)

    assert (first.status_code, second.status_code) == (303, 422)
    assert mails(world)[-1]["values"] == {"name": "Ana Ruiz", "what": "code-used", "left": 9}


def test_of_two_who_use_one_recovery_code_at_the_same_moment_one_gets_in(app: Flask, ana: Ana) -> None:
    browsers = [app.test_client() for _ in range(4)]
    for browser in browsers:
        sign_in(browser, EMAIL)
    gate, statuses = threading.Barrier(4), []

    def use(browser: FlaskClient) -> None:
        gate.wait()
        statuses.append(send(browser, RECOVERY, {"code": ana.codes[0]}, page=RECOVERY).status_code)

    threads = [threading.Thread(target=use, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [303, 422, 422, 422]


def test_of_two_who_use_one_code_of_the_app_at_the_same_moment_one_gets_in(app: Flask, ana: Ana) -> None:
    browsers = [app.test_client() for _ in range(4)]
    for browser in browsers:
        sign_in(browser, EMAIL)
    gate, statuses = threading.Barrier(4), []

    with later():
        code = code_of(ana.secret)

        def use(browser: FlaskClient) -> None:
            gate.wait()
            statuses.append(send(browser, CODE, {"code": code}, page=CODE).status_code)

        threads = [threading.Thread(target=use, args=(browser,)) for browser in browsers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(statuses) == [303, 422, 422, 422]


def test_codes_are_kept_as_hashes_and_secrets_sealed(world: World, ana: Ana) -> None:
    def everything() -> str:
        rows = [dict(row._mapping) for table in db.metadata.sorted_tables for row in db.session.execute(table.select())]
        return repr(rows)

    kept = world.read(everything)

    assert all(code not in kept and code.replace("-", "") not in kept for code in ana.codes)
    assert repr(ana.secret)[2:-1] not in kept
    assert world.read(lambda: db.session.query(RecoveryCode).count()) == 10


def test_a_password_reset_does_not_open_the_account_by_itself(client: FlaskClient, world: World, ana: Ana) -> None:
    new = "nine calm herons wade"
    send(client, "/forgot", {"email": EMAIL}, page="/forgot")
    link = link_in(mails(world)[-1])
    send(client, link, {"password": new, "password_again": new}, page=link)

    answer = sign_in(client, EMAIL, new)

    assert answer.headers["Location"] == "/sign-in/code"
    assert client.get("/account").status_code == 303


def test_the_page_of_the_second_step_without_a_first_one_leads_back(client: FlaskClient, ana: Ana) -> None:
    answer = client.get(f"{CODE}?next=/people")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/people")


def test_tickets_that_are_too_old_go(client: FlaskClient, world: World, ana: Ana) -> None:
    sign_in(client, EMAIL)
    with time_machine.travel(utc_now() + timedelta(days=1)):
        sign_in(client, EMAIL)

    assert world.read(lambda: db.session.query(SignInTicket).count()) == 1


def test_after_a_recovery_code_one_is_told_that_it_is_used_up_and_how_many_are_left(
    client: FlaskClient, ana: Ana
) -> None:
    sign_in(client, EMAIL)

    answer = send(client, "/sign-in/recovery", {"code": ana.codes[0]}, page=CODE)

    assert "That recovery code is used up; 9 are left." in client.get(answer.headers["Location"]).text


def test_the_second_step_speaks_the_language_of_the_account(client: FlaskClient, ana: Ana, world: World) -> None:
    world.write(lambda: db.session.query(User).filter_by(id=ana.id).update({"language": "es"}))

    sign_in(client, EMAIL)

    assert '<html lang="es"' in client.get(CODE).text


def test_the_second_step_keeps_the_language_that_was_chosen_here(client: FlaskClient, ana: Ana, world: World) -> None:
    world.write(lambda: db.session.query(User).filter_by(id=ana.id).update({"language": "es"}))
    send(client, "/language?to=/sign-in", {"lang": "en"})

    sign_in(client, EMAIL)

    assert '<html lang="en"' in client.get(CODE).text
