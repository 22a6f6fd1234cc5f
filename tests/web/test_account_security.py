"""One's own second factors, their mails and audit events; passwords beside them; another e-mail address; resets."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from lms.cli import cli
from lms.database import db
from lms.people.factor_models import AuthenticatorApp, RecoveryCode
from lms.people.models import AuditEvent, User, UserSession
from tests.support.authenticator import Authenticator
from tests.support.factors import (
    SECURITY,
    add_passkey,
    code_of,
    codes_after,
    codes_in,
    hidden,
    later,
    secret_in,
    set_up_app,
)
from tests.support.visits import PASSWORD, link_in, mails, send, sign_in
from tests.support.world import World

EMAIL = "ana@test.example"
SHORT = "kx9 wren 4"
LONG = "nine calm herons wade"


@pytest.fixture
def school(world: World) -> int:
    return world.agency("School of Rivers")


@pytest.fixture
def ana(world: World, school: int) -> int:
    user = world.user("Ana Ruiz", email=EMAIL, agency=school)
    world.set_password(user, PASSWORD)
    return user


@pytest.fixture
def browser(world: World, ana: int) -> FlaskClient:
    return world.client_of(ana)


def actions(world: World) -> list[str]:
    return world.read(lambda: [row.action for row in db.session.query(AuditEvent).order_by(AuditEvent.id)])


def test_an_app_counts_only_once_its_first_code_is_right(browser: FlaskClient, world: World) -> None:
    page = browser.get(f"{SECURITY}/app").text
    values = {"setup": hidden(page, "setup"), "code": "000000"}

    answer = send(browser, f"{SECURITY}/app", values, page=SECURITY)

    assert answer.status_code == 422
    assert secret_in(answer.text) == secret_in(page)
    assert world.read(lambda: db.session.query(AuthenticatorApp).count()) == 0


def test_the_page_shows_the_secret_as_picture_and_text_and_asks_nobody_else(browser: FlaskClient) -> None:
    answer = browser.get(f"{SECURITY}/app")

    assert len(secret_in(answer.text)) == 20
    assert 'src="data:image/svg+xml' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_secret_of_one_person_sets_nothing_up_for_another(browser: FlaskClient, world: World, school: int) -> None:
    ben = world.client_of(world.user("Ben", agency=school))
    page = ben.get(f"{SECURITY}/app").text
    values = {"setup": hidden(page, "setup"), "code": code_of(secret_in(page))}

    assert send(browser, f"{SECURITY}/app", values, page=SECURITY).status_code == 422
    assert world.read(lambda: db.session.query(AuthenticatorApp).count()) == 0


def test_a_secret_that_lay_open_for_an_hour_is_not_taken(browser: FlaskClient, world: World) -> None:
    page = browser.get(f"{SECURITY}/app").text
    with later(3700):
        send(browser, "/sign-in/again", {"password": PASSWORD}, page="/account")
        values = {"setup": hidden(page, "setup"), "code": code_of(secret_in(page))}
        answer = send(browser, f"{SECURITY}/app", values, page=SECURITY)

    assert answer.status_code == 422
    assert secret_in(answer.text) != secret_in(page)


def test_with_the_first_factor_come_ten_recovery_codes_once(browser: FlaskClient, world: World) -> None:
    _secret, codes = set_up_app(browser)

    assert len(set(codes)) == 10
    assert not any(code in browser.get(SECURITY).text for code in codes)
    assert "You have 10 recovery codes left" in browser.get(SECURITY).text


def test_loading_the_page_of_the_codes_again_makes_no_others(browser: FlaskClient, world: World) -> None:
    set_up_app(browser)
    made = send(browser, f"{SECURITY}/codes", page=SECURITY).headers["Location"]
    hashes = world.read(lambda: {row.code_hash for row in db.session.query(RecoveryCode)})

    first, second = browser.get(made), browser.get(made)

    assert len(codes_in(first.text)) == 10
    assert first.headers["Cache-Control"] == "no-store"
    assert codes_in(second.text) == []
    assert "They were shown once" in second.text
    assert world.read(lambda: {row.code_hash for row in db.session.query(RecoveryCode)}) == hashes


def test_what_waits_to_be_shown_is_kept_sealed(browser: FlaskClient, world: World) -> None:
    set_up_app(browser)
    answer = send(browser, f"{SECURITY}/codes", page=SECURITY)
    kept = world.read(lambda: repr([row.data for row in db.session.query(UserSession)]))

    codes = codes_after(browser, answer)

    assert "shown_once_codes" in kept
    assert not any(code in kept for code in codes)


def test_the_form_of_an_app_sent_twice_sets_it_up_once(browser: FlaskClient, world: World) -> None:
    page = browser.get(f"{SECURITY}/app").text
    values = {"setup": hidden(page, "setup"), "code": code_of(secret_in(page))}
    send(browser, f"{SECURITY}/app", values, page=SECURITY)

    again = send(browser, f"{SECURITY}/app", values, page=SECURITY)

    assert again.status_code == 303
    assert actions(world).count("second-factor.added") == 1
    assert len([one for one in mails(world) if one["values"].get("what") == "app-added"]) == 1


def test_from_the_codes_one_goes_on_to_ones_security(browser: FlaskClient) -> None:
    set_up_app(browser)

    page = browser.get(send(browser, f"{SECURITY}/codes", page=SECURITY).headers["Location"]).text

    assert re.search(rf'href="{SECURITY}"[^>]*>[^<]*I have them', page)


def test_a_new_set_of_codes_ends_the_old_one(app: Flask, browser: FlaskClient) -> None:
    _secret, old = set_up_app(browser)

    new = codes_after(browser, send(browser, f"{SECURITY}/codes", page=SECURITY))

    client = app.test_client()
    sign_in(client, EMAIL)
    refused = send(client, "/sign-in/recovery", {"code": old[0]}, page="/sign-in/code")
    taken = send(client, "/sign-in/recovery", {"code": new[0]}, page="/sign-in/code")
    assert len(new) == 10
    assert (refused.status_code, taken.status_code) == (422, 303)


def test_a_new_app_takes_the_place_of_the_old_one(app: Flask, browser: FlaskClient, world: World) -> None:
    old, _codes = set_up_app(browser)
    new, more = set_up_app(browser)

    client = app.test_client()
    sign_in(client, EMAIL)
    with later():
        refused = send(client, "/sign-in/code", {"code": code_of(old)}, page="/sign-in/code")
        taken = send(client, "/sign-in/code", {"code": code_of(new)}, page="/sign-in/code")

    assert more == []
    assert (refused.status_code, taken.status_code) == (422, 303)


def test_each_change_ends_the_other_sign_ins_and_is_told_and_noted(
    browser: FlaskClient, world: World, ana: int
) -> None:
    changes = (
        ("app-added", lambda: set_up_app(browser)),
        ("passkey-added", lambda: add_passkey(browser, Authenticator())),
        ("app-removed", lambda: send(browser, f"{SECURITY}/app/remove", page=SECURITY)),
    )
    for what, change in changes:
        other = world.client_of(ana)

        change()

        assert mails(world)[-1]["values"]["what"] == what
        assert other.get("/account").status_code == 303, what
        assert browser.get("/account").status_code == 200, what
    assert [one for one in actions(world) if one.startswith("second-factor")] == [
        "second-factor.added",
        "second-factor.added",
        "second-factor.removed",
    ]


def test_no_audit_event_holds_a_secret(browser: FlaskClient, world: World) -> None:
    _secret, codes = set_up_app(browser)

    details = world.read(lambda: repr([row.detail for row in db.session.query(AuditEvent)]))

    assert all(code not in details for code in codes)
    assert details.count("kind") == 1


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_mail_about_a_sign_in_can_be_written(app: Flask, world: World, school: int, language: str) -> None:
    from lms.mail import write_mail

    settings = app.extensions["lms"].settings
    kinds = ["app-added", "app-removed", "passkey-added", "passkey-removed", "codes-made", "code-used", "stopped"]
    bodies = set()
    for what in [*kinds, "reset"]:
        values = {"name": "Ana", "what": what, "left": 3, "needs_password": True}
        mail = write_mail("sign-in-changed", language, values, to=EMAIL, effect_key=what, settings=settings)
        bodies.add(mail.get_content())

    assert len(bodies) == 8
    assert all("Ana" in body and "/forgot" in body for body in bodies)


def test_removing_the_last_factor_takes_the_recovery_codes_with_it(
    app: Flask, browser: FlaskClient, world: World
) -> None:
    set_up_app(browser)

    send(browser, f"{SECURITY}/app/remove", page=SECURITY)

    assert world.read(lambda: db.session.query(RecoveryCode).count()) == 0
    assert sign_in(app.test_client(), EMAIL).headers["Location"] == "/home"


def change_password(browser: FlaskClient, old: str, new: str) -> int:
    values = {"current_password": old, "password": new, "password_again": new}
    return send(browser, "/account/password", values, page="/account").status_code


def test_a_password_alone_has_fifteen_characters_and_beside_a_factor_eight(browser: FlaskClient) -> None:
    alone = change_password(browser, PASSWORD, SHORT)
    set_up_app(browser)
    beside = change_password(browser, PASSWORD, SHORT)
    too_short = change_password(browser, SHORT, "kx9wren")

    assert (alone, beside, too_short) == (422, 303, 422)
    assert "At least 8 characters" in browser.get("/account/password").text


def test_the_last_factor_stays_until_a_short_password_is_replaced(browser: FlaskClient, world: World) -> None:
    set_up_app(browser)
    change_password(browser, PASSWORD, SHORT)

    refused = send(browser, f"{SECURITY}/app/remove", page=SECURITY)
    change_password(browser, SHORT, LONG)
    removed = send(browser, f"{SECURITY}/app/remove", page=SECURITY)

    assert refused.status_code == 409
    assert "your password is too short" in refused.text
    assert removed.status_code == 303


def test_another_address_counts_once_its_link_is_followed(browser: FlaskClient, world: World, ana: int) -> None:
    other = world.client_of(ana)
    asked = send(browser, "/account/email", {"email": "Ana.New@test.example"}, page="/account")
    before = world.read(lambda: db.session.get_one(User, ana).email)
    mail = mails(world)[-1]

    opened = browser.get(link_in(mail))
    done = send(browser, link_in(mail), page="/account")
    again = browser.get(link_in(mail))

    assert (asked.status_code, before, mail["to"]) == (200, EMAIL, "ana.new@test.example")
    assert opened.status_code == 200
    assert (done.status_code, again.status_code) == (303, 404)
    assert world.read(lambda: db.session.get_one(User, ana).email) == "ana.new@test.example"
    assert other.get("/account").status_code == 303
    told = mails(world)[-2:]
    assert [one["to"] for one in told] == [EMAIL, "ana.new@test.example"]
    assert "ana.new@" not in repr(told[0]["values"])


def test_a_link_for_a_new_address_serves_only_who_asked(browser: FlaskClient, world: World, school: int) -> None:
    ben = world.client_of(world.user("Ben", agency=school))
    send(browser, "/account/email", {"email": "new@test.example"}, page="/account")

    assert ben.get(link_in(mails(world)[-1])).status_code == 404
    assert send(ben, link_in(mails(world)[-1]), page="/account").status_code == 404


def test_an_address_that_has_an_account_is_not_taken_and_the_page_does_not_tell(
    browser: FlaskClient, world: World, school: int, ana: int
) -> None:
    world.user("Ben", email="ben@test.example", agency=school)

    known = send(browser, "/account/email", {"email": "ben@test.example"}, page="/account")
    mail = mails(world)[-1]
    free = send(browser, "/account/email", {"email": "free@test.example"}, page="/account")

    without_tokens = [re.sub(r'name="csrf_token" value="[^"]*"', "", one.text) for one in (known, free)]
    assert without_tokens[0] == without_tokens[1]
    assert (mail["to"], mail["template"]) == ("ben@test.example", "account-exists")
    assert world.read(lambda: db.session.get_one(User, ana).email) == EMAIL


def test_an_address_that_somebody_took_meanwhile_is_refused(
    browser: FlaskClient, world: World, school: int, ana: int
) -> None:
    send(browser, "/account/email", {"email": "wanted@test.example"}, page="/account")
    link = link_in(mails(world)[-1])
    world.user("Ben", email="wanted@test.example", agency=school)

    answer = send(browser, link, page="/account")

    assert answer.status_code == 409
    assert world.read(lambda: db.session.get_one(User, ana).email) == EMAIL


def test_links_to_the_old_address_end_with_it(app: Flask, browser: FlaskClient, world: World) -> None:
    send(app.test_client(), "/forgot", {"email": EMAIL}, page="/forgot")
    reset = link_in(mails(world)[-1])
    send(browser, "/account/email", {"email": "new@test.example"}, page="/account")

    send(browser, link_in(mails(world)[-1]), page="/account")

    assert app.test_client().get(reset).status_code == 404


@pytest.fixture
def admin(world: World, school: int) -> FlaskClient:
    user = world.user("Ada Admin", agency=school)
    world.grant(user, "agency-administrator", school)
    return world.client_of(user)


def test_an_administrator_resets_what_somebody_lost(
    app: Flask, browser: FlaskClient, admin: FlaskClient, world: World, ana: int
) -> None:
    set_up_app(browser)
    add_passkey(browser, Authenticator())
    page = admin.get(f"/people/{ana}").text

    answer = send(admin, f"/people/{ana}/second-factor/reset", {"reason": "Seen at the desk"}, page="/account")

    event = world.read(lambda: db.session.query(AuditEvent).filter_by(action="second-factor.reset").one())
    assert "app, 1 passkey" in page
    assert answer.status_code == 303
    assert (event.subject_id, event.reason) == (ana, "Seen at the desk")
    assert mails(world)[-1]["values"]["what"] == "reset"
    assert browser.get("/account").status_code == 303
    assert sign_in(app.test_client(), EMAIL).headers["Location"] == "/home"


def test_an_administrator_signs_somebody_out_everywhere(
    app: Flask, browser: FlaskClient, admin: FlaskClient, world: World, ana: int
) -> None:
    set_up_app(browser)
    half = app.test_client()
    sign_in(half, EMAIL)

    answer = send(admin, f"/people/{ana}/sign-ins/end", page="/account")

    assert answer.status_code == 303
    assert browser.get("/account").status_code == 303
    assert half.get("/sign-in/code").headers["Location"] == "/sign-in"
    assert actions(world)[-1] == "sign-in.ended"
    assert world.read(lambda: db.session.query(AuthenticatorApp).count()) == 1


def test_a_reset_asks_for_a_reason(browser: FlaskClient, admin: FlaskClient, ana: int) -> None:
    set_up_app(browser)

    answer = send(admin, f"/people/{ana}/second-factor/reset", {"reason": " "}, page="/account")

    assert answer.status_code == 422
    assert "Enter a reason." in answer.text


def test_a_password_that_was_short_beside_the_factor_ends_with_it(
    app: Flask, browser: FlaskClient, admin: FlaskClient, world: World, ana: int
) -> None:
    set_up_app(browser)
    change_password(browser, PASSWORD, SHORT)

    send(admin, f"/people/{ana}/second-factor/reset", {"reason": "Lost phone"}, page="/account")

    assert sign_in(app.test_client(), EMAIL, SHORT).status_code == 422
    assert mails(world)[-1]["values"]["needs_password"] is True


@pytest.mark.parametrize("role", ["state-administrator", "author"])
def test_nobody_resets_a_person_with_a_role_that_they_could_not_take_back(
    browser: FlaskClient, admin: FlaskClient, world: World, ana: int, role: str
) -> None:
    set_up_app(browser)
    world.grant(ana, role)

    answer = send(admin, f"/people/{ana}/second-factor/reset", {"reason": "x"}, page="/account")

    assert answer.status_code == 422
    assert world.read(lambda: db.session.query(AuthenticatorApp).count()) == 1


def test_nobody_resets_somebody_who_also_works_elsewhere_or_themselves(
    browser: FlaskClient, admin: FlaskClient, world: World, ana: int
) -> None:
    from datetime import date

    from lms.people.models import Membership

    set_up_app(browser)
    elsewhere = world.agency()
    place = Membership(user_id=ana, agency_id=elsewhere, discipline="schools", started_on=date(2020, 1, 1))
    world.write(lambda: db.session.add(place))
    own = world.read(lambda: db.session.query(User.id).filter_by(name="Ada Admin").scalar())

    assert send(admin, f"/people/{ana}/second-factor/reset", {"reason": "x"}, page="/account").status_code == 422
    assert send(admin, f"/people/{own}/second-factor/reset", {"reason": "x"}, page="/account").status_code == 422


def test_switching_an_account_off_ends_every_way_in(
    app: Flask, browser: FlaskClient, admin: FlaskClient, world: World, ana: int
) -> None:
    secret, codes = set_up_app(browser)
    half = app.test_client()
    sign_in(half, EMAIL)

    send(admin, f"/people/{ana}/disable", page="/account")

    with later():
        assert send(half, "/sign-in/code", {"code": code_of(secret)}).status_code == 422
        assert send(half, "/sign-in/recovery", {"code": codes[0]}).status_code == 422
    assert browser.get("/account").status_code == 303
    assert sign_in(app.test_client(), EMAIL).status_code == 422
    assert world.read(lambda: db.session.query(UserSession).filter_by(user_id=ana, ended_at=None).count()) == 0


@pytest.mark.sqlite_only
def test_the_command_resets_whom_no_administrator_can_help(
    app: Flask, browser: FlaskClient, world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up_app(browser)
    monkeypatch.setenv("LMS_DATABASE_URL", database_url)

    done = CliRunner().invoke(cli, ["reset-second-factor", EMAIL.upper()])
    again = CliRunner().invoke(cli, ["reset-second-factor", EMAIL])
    unknown = CliRunner().invoke(cli, ["reset-second-factor", "nobody@test.example"])

    assert done.exit_code == 0, done.output
    assert "the password alone" in done.output
    assert (again.exit_code, unknown.exit_code) == (1, 1)
    assert actions(world)[-1] == "second-factor.reset"
