"""What asks for a recent proof of who one is, and what a role asks for before it holds."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from lms.database import db
from lms.people.models import RoleGrant, UserSession
from lms.people.person_models import PolicyAcceptance
from lms.web.guards import FRESH_ATTRIBUTE
from tests.support.authenticator import Authenticator
from tests.support.factors import (
    SECURITY,
    add_passkey,
    code_of,
    codes_after,
    hidden,
    later,
    options,
    secret_in,
    set_up_app,
)
from tests.support.visits import PASSWORD, accept_policies, send, sign_in
from tests.support.world import World

AGAIN = "/sign-in/again"
QUARTER = 15 * 60 + 1

FRESH = {
    "account_email.ask_for_change",
    "account_passkeys.add_passkey",
    "account_passkeys.offer_new",
    "account_passkeys.remove_passkey",
    "account_providers.remove_sign_in",
    "account_security.remove_app",
    "account_security.renew_codes",
    "account_security.set_up_app",
    "accounts.end_other_sessions",
    "accounts.end_session",
    "arriving.link_account",
    "audit.export_audit",
    "batches.fetch_file",
    "bundles.ask_certificates",
    "clee.export_roster",
    "domains.add_domain",
    "domains.change_joining",
    "domains.remove_domain",
    "import_files.export_missing",
    "import_files.export_staff",
    "join_codes.make_code",
    "join_requests.decide",
    "merging.merge",
    "merging.undo",
    "person_address.invite_person",
    "person_factors.end_sign_ins",
    "person_factors.reset_factors",
    "places.disable_account",
    "places.enable_account",
    "printing.fetch_key",
    "privacy.decide",
    "privacy.own",
    "providers.add_oidc",
    "providers.change_oidc",
    "providers.require_provider",
    "providers.switch_provider",
    "provisioning.list_tokens",
    "overdue.export_overdue",
    "provisioning.revoke_token",
    "records.make_own_record",
    "records.make_record",
    "reporting.export_expiring",
    "reporting.export_in_progress",
    "role_list.change_last_day",
    "roles.grant_role",
    "roles.revoke_role",
    "saml.add_saml",
    "saml.change_saml",
    "staff.change_many",
    "staff.write_list",
}
"""Roles, exports of people, whole records, one's own ways in, who comes in, switching people off."""


@pytest.fixture
def school(world: World) -> int:
    return world.agency("School of Rivers")


@pytest.fixture
def admin(world: World, school: int) -> int:
    user = world.user("Ada Admin", email="ada@test.example", agency=school)
    world.set_password(user, PASSWORD)
    world.grant(user, "agency-administrator", school)
    return user


@pytest.fixture
def teacher(world: World, school: int) -> int:
    return world.user("Tom Teacher", agency=school)


@pytest.fixture
def strict(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site requires second factors, as in production."""
    runtime = app.extensions["lms"]
    strict = replace(runtime.settings, require_second_factor=True)
    monkeypatch.setattr(runtime, "settings", strict)
    monkeypatch.setattr(app.session_interface, "_settings", strict)


def kept_in(page: str) -> str:
    found = re.search(r'name="kept"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.sqlite_only
def test_just_these_pages_ask_for_a_recent_proof(app: Flask) -> None:
    marked = {name for name, view in app.view_functions.items() if getattr(view, FRESH_ATTRIBUTE, False)}

    assert marked == FRESH


def test_looking_at_who_asks_to_join_asks_for_nothing_and_deciding_does(world: World, admin: int) -> None:
    client = world.client_of(admin)

    with later(QUARTER):
        seen = client.get("/people/requests")
        decided = send(client, "/people/requests", {"decision": "approve"}, page="/people/requests")

    assert seen.status_code == 200
    assert decided.status_code == 401
    assert 'name="password"' in decided.text


def test_a_list_of_who_is_overdue_leaves_the_site_only_after_the_question(world: World, admin: int) -> None:
    client = world.client_of(admin)

    with later(QUARTER):
        sent = client.get("/reports/overdue.csv")

    assert sent.headers["Location"] == f"{AGAIN}?next=/reports/overdue.csv"


def test_within_a_quarter_of_an_hour_nobody_is_asked_again(world: World, admin: int, teacher: int) -> None:
    client = world.client_of(admin)

    with later(14 * 60):
        assert client.get(f"/people/{teacher}/roles").status_code == 200


def test_later_a_page_asks_for_the_password_and_leads_back(world: World, admin: int, teacher: int) -> None:
    client = world.client_of(admin)

    with later(QUARTER):
        sent = client.get(f"/people/{teacher}/roles")
        page = client.get(sent.headers["Location"])
        back = send(client, AGAIN, {"password": PASSWORD, "next": f"/people/{teacher}/roles"}, page=AGAIN)
        then = client.get(back.headers["Location"])

    assert sent.headers["Location"] == f"{AGAIN}?next=/people/{teacher}/roles"
    assert 'name="password"' in page.text
    assert 'name="code"' not in page.text
    assert back.status_code == 303
    assert then.status_code == 200


def test_what_was_entered_is_kept_over_the_question(world: World, admin: int, teacher: int, school: int) -> None:
    client = world.client_of(admin)
    values = {"role": "coordinator", "agency_id": str(school)}

    with later(QUARTER):
        asked = send(client, f"/people/{teacher}/roles", values, page="/account")
        again = send(client, AGAIN, {"password": PASSWORD, "kept": kept_in(asked.text)}, page="/account")
        entries = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', again.text))
        done = client.post(f"/people/{teacher}/roles", data=entries)

    assert asked.status_code == 401
    assert entries.items() >= values.items()
    assert f'action="/people/{teacher}/roles"' in again.text
    assert done.status_code == 303
    assert world.read(lambda: db.session.query(RoleGrant).filter_by(user_id=teacher).count()) == 1


def test_a_change_without_entries_is_offered_again_too(world: World, admin: int) -> None:
    client = world.client_of(admin)
    world.client_of(admin)

    with later(QUARTER):
        asked = send(client, "/account/sessions/end-others", page="/account")
        again = send(client, AGAIN, {"password": PASSWORD, "kept": kept_in(asked.text)}, page="/account")

    assert asked.status_code == 401
    assert 'action="/account/sessions/end-others"' in again.text


def test_a_wrong_password_is_no_proof(world: World, admin: int, teacher: int) -> None:
    client = world.client_of(admin)

    with later(QUARTER):
        answer = send(client, AGAIN, {"password": "something else entirely"}, page=AGAIN)

        assert answer.status_code == 422
        assert client.get(f"/people/{teacher}/roles").status_code == 303


def test_guessing_at_an_open_screen_is_limited(world: World, admin: int) -> None:
    client = world.client_of(admin)

    statuses = [send(client, AGAIN, {"password": f"wrong {n}"}, page="/account").status_code for n in range(12)]

    assert statuses == [422] * 10 + [429] * 2


def test_with_an_app_the_password_alone_is_no_proof(world: World, admin: int, teacher: int) -> None:
    client = world.client_of(admin)
    secret, codes = set_up_app(client)

    with later(QUARTER):
        alone = send(client, AGAIN, {"password": PASSWORD}, page=AGAIN)
        wrong = send(client, AGAIN, {"password": PASSWORD, "code": "000000"}, page=AGAIN)
        both = send(client, AGAIN, {"password": PASSWORD, "code": code_of(secret)}, page=AGAIN)
        page = client.get(f"/people/{teacher}/roles")
    with later(3 * QUARTER):
        recovery = send(client, AGAIN, {"password": PASSWORD, "code": codes[0]}, page=AGAIN)

    assert [one.status_code for one in (alone, wrong, both, page, recovery)] == [422, 422, 303, 200, 303]


def test_a_passkey_is_a_proof(world: World, admin: int, teacher: int) -> None:
    client, device = world.client_of(admin), Authenticator()
    add_passkey(client, device)

    with later(QUARTER):
        found = options(client, f"{AGAIN}/passkey/options", AGAIN)
        values = {"ticket": found["ticket"], "credential": device.get(found["options"]), "next": "/people"}
        answer = send(client, f"{AGAIN}/passkey", values, page=AGAIN)

        assert (answer.status_code, answer.headers["Location"]) == (303, "/people")
        assert client.get(f"/people/{teacher}/roles").status_code == 200


def test_a_passkey_of_somebody_else_is_none(world: World, admin: int, teacher: int) -> None:
    client, toms = world.client_of(admin), Authenticator()
    add_passkey(world.client_of(teacher), toms)
    add_passkey(client, Authenticator())

    found = options(client, f"{AGAIN}/passkey/options", AGAIN)
    values = {"ticket": found["ticket"], "credential": toms.get(found["options"])}

    assert send(client, f"{AGAIN}/passkey", values, page=AGAIN).status_code == 422


def test_the_session_has_a_new_token_afterwards_and_the_old_one_opens_nothing(
    app: Flask, world: World, admin: int
) -> None:
    client = world.client_of(admin)
    before = client.get_cookie("lms")
    assert before is not None

    send(client, AGAIN, {"password": PASSWORD}, page=AGAIN)

    thief = app.test_client()
    thief.set_cookie("lms", before.value)
    assert thief.get("/account").status_code == 303
    assert client.get("/account").status_code == 200
    assert world.read(lambda: db.session.query(UserSession).filter_by(ended_at=None).count()) == 1


def test_a_file_is_offered_by_a_page_instead_of_leaving_the_browser_at_the_question(world: World, admin: int) -> None:
    client = world.client_of(admin)

    with later(QUARTER):
        answer = send(client, AGAIN, {"password": PASSWORD, "next": "/reports/expiring.csv?agency=1"}, page=AGAIN)

    assert answer.status_code == 200
    assert 'href="/reports/expiring.csv?agency=1"' in answer.text


def test_a_script_is_refused_with_a_status(world: World, admin: int, teacher: int) -> None:
    client = world.client_of(admin)

    with later(QUARTER):
        answer = client.get(f"/people/{teacher}/roles", headers={"Accept": "application/json"})

    assert answer.status_code == 403
    assert "prove" in answer.get_json()["title"]


def test_an_address_elsewhere_is_not_followed_after_the_question(world: World, admin: int) -> None:
    client = world.client_of(admin)

    answer = send(client, AGAIN, {"password": PASSWORD, "next": "https://evil.example/"}, page=AGAIN)

    assert answer.headers["Location"] == "/home"


def test_the_switch_of_language_keeps_the_entries(world: World, admin: int, teacher: int) -> None:
    client = world.client_of(admin)

    with later(QUARTER):
        asked = send(client, f"/people/{teacher}/roles", {"role": "coordinator"}, page="/account")
        kept = kept_in(asked.text)
        switched = send(client, f"{AGAIN}?lang=es", {"kept": kept}, page="/account")

    assert switched.status_code == 200
    assert '<html lang="es"' in switched.text
    assert f'value="{kept}"' in switched.text


@pytest.mark.usefixtures("strict")
class TestWhereASecondFactorIsRequired:
    """What `LMS_REQUIRE_SECOND_FACTOR` does, which is on in production."""

    @pytest.mark.parametrize("address", ["/home", "/people", "/reports", "/account", "/audit", "/certificates"])
    def test_an_administrator_without_one_is_led_to_set_it_up(self, world: World, admin: int, address: str) -> None:
        answer = world.client_of(admin).get(address)

        assert (answer.status_code, answer.headers["Location"]) == (303, SECURITY)

    def test_the_page_says_why(self, client: FlaskClient, admin: int) -> None:
        sign_in(client, "ada@test.example")

        page = client.get("/home", follow_redirects=True).text

        assert "First a second factor" in page
        assert 'aria-label="Main"' not in page, "a menu whose links lead back here"
        assert 'href="/people"' not in page

    def test_nothing_is_changed_before_and_what_was_entered_is_not_lost(
        self, world: World, admin: int, teacher: int
    ) -> None:
        answer = send(world.client_of(admin), f"/people/{teacher}/roles", {"role": "coordinator"}, page=SECURITY)

        assert answer.status_code == 403
        assert 'name="role" value="coordinator"' in answer.text

    @pytest.mark.parametrize("role", ["author", "state-administrator"])
    def test_authors_and_the_state_are_asked_too(self, world: World, teacher: int, role: str) -> None:
        world.grant(teacher, role)

        assert world.client_of(teacher).get("/home").headers["Location"] == SECURITY

    @pytest.mark.parametrize("role", ["coordinator", None])
    def test_learners_and_coordinators_are_not(self, world: World, teacher: int, school: int, role: str | None) -> None:
        if role:
            world.grant(teacher, role, school)

        assert world.client_of(teacher).get("/home").status_code == 200

    def test_with_the_app_set_up_the_role_holds_at_the_next_click(self, world: World, admin: int) -> None:
        client = world.client_of(admin)

        _secret, codes = set_up_app(client)

        assert len(codes) == 10
        assert client.get("/people").status_code == 200

    def test_after_setting_it_up_one_goes_on_to_what_one_wanted(self, world: World, admin: int) -> None:
        client = world.client_of(admin)
        client.get("/people?q=ana")
        page = client.get(f"{SECURITY}/app").text
        secret = secret_in(page)
        values = {"setup": hidden(page, "setup"), "code": code_of(secret)}
        answer = send(client, f"{SECURITY}/app", values, page=SECURITY)

        page = client.get(answer.headers["Location"]).text

        assert re.search(r'href="/people\?q=ana"[^>]*>[^<]*I have them', page)

    def test_who_has_accepted_nothing_yet_accepts_first_and_then_sets_it_up(
        self, app: Flask, world: World, admin: int
    ) -> None:
        world.write(lambda: db.session.execute(delete(PolicyAcceptance).where(PolicyAcceptance.user_id == admin)))
        client = app.test_client()
        sign_in(client, "ada@test.example")

        led = client.get("/home", follow_redirects=True)
        accepted = accept_policies(client, SECURITY)

        assert led.request.path == "/policies/accept"
        assert accepted.headers["Location"] == SECURITY
        assert client.get(SECURITY).status_code == 200
        set_up_app(client)
        assert client.get("/people").status_code == 200

    def test_with_a_passkey_too(self, world: World, admin: int) -> None:
        client = world.client_of(admin)

        answer = add_passkey(client, Authenticator())

        assert len(codes_after(client, answer)) == 10
        assert client.get("/people").status_code == 200

    def test_a_sign_in_with_both_steps_has_the_role(self, app: Flask, world: World, admin: int) -> None:
        secret, _codes = set_up_app(world.client_of(admin))
        client = app.test_client()
        sign_in(client, "ada@test.example")

        with later():
            send(client, "/sign-in/code", {"code": code_of(secret)}, page="/sign-in/code")

            assert client.get("/people").status_code == 200

    def test_a_sign_in_from_before_the_factor_was_asked_for_proves_it(self, world: World, admin: int) -> None:
        client, device = world.client_of(admin), Authenticator()
        add_passkey(client, device)
        world.write(lambda: db.session.query(UserSession).update({"is_two_factor": False}))
        led = client.get("/people")
        page = client.get(SECURITY).text
        found = options(client, f"{AGAIN}/passkey/options", AGAIN)
        send(
            client,
            f"{AGAIN}/passkey",
            {"ticket": found["ticket"], "credential": device.get(found["options"])},
            page=AGAIN,
        )

        assert led.headers["Location"] == SECURITY
        assert "You have one already" in page
        assert client.get("/people").status_code == 200

    def test_a_role_given_to_somebody_who_is_signed_in_waits_for_the_factor(
        self, world: World, teacher: int, school: int
    ) -> None:
        client = world.client_of(teacher)
        assert client.get("/home").status_code == 200

        world.grant(teacher, "agency-administrator", school)

        assert client.get("/people").headers["Location"] == SECURITY

    def test_public_pages_show_such_a_person_nothing_of_the_role(self, world: World, admin: int) -> None:
        page = world.client_of(admin).get("/catalog").text

        assert 'href="/people"' not in page
        assert 'href="/reports"' not in page

    def test_the_last_factor_cannot_be_removed(self, world: World, admin: int) -> None:
        client = world.client_of(admin)
        set_up_app(client)

        refused = send(client, f"{SECURITY}/app/remove", page=SECURITY)

        assert refused.status_code == 409
        assert "Your role asks for a second factor" in refused.text
        assert client.get("/people").status_code == 200

    def test_one_of_two_can(self, world: World, admin: int) -> None:
        client = world.client_of(admin)
        set_up_app(client)
        add_passkey(client, Authenticator())

        assert send(client, f"{SECURITY}/app/remove", page=SECURITY).status_code == 303
        assert client.get("/people").status_code == 200

    def test_signing_out_is_possible_all_the_while(self, world: World, admin: int) -> None:
        assert send(world.client_of(admin), "/sign-out", page=SECURITY).status_code == 303
