"""Requests that no page of ours sends (faults 43 to 47): refused in a sentence, never an error of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.web.guards import MOST_BYTES_ATTRIBUTE
from tests.support.visits import mails, send
from tests.support.world import World, form_token

HUGE_NUMBERS = (2**63, 10**18 * 99, 10**40)
HOSTILE_TEXTS = (
    "%ff%fe",
    "%ed%a0%80",
    "'",
    '"><script>',
    "%25",
    "../../etc/passwd",
    "\u202e",
    "-1",
    "1e400",
    str(2**70),
)

FILTERS = ("q", "agency", "discipline", "status", "county", "course", "after", "before", "page", "sort", "lang", "next")


@pytest.fixture
def state_admin(world: World) -> FlaskClient:
    user = world.user("State")
    world.grant(user, "state-administrator")
    world.grant(user, "author")
    return world.client_of(user)


def reading_rules(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in ("static", "static_files.send_static"):
            yield rule.rule


def changing_rules(app: Flask) -> Iterator[tuple[str, str]]:
    """Addresses that change something, with the method."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}):
            if rule.endpoint != "accounts.sign_out":
                yield rule.rule, method


def filled(rule: str, number: object, text: str) -> str:
    """A rule with each part replaced: `<int:agency_id>` by the number, `<slug>` by the text."""
    parts = []
    for part in rule.split("<"):
        kind, closed, rest = part.partition(">")
        value = str(number) if kind.startswith("int") else text
        parts.append(value + rest if closed else part)
    return "".join(parts)


def test_a_nul_byte_in_an_address_a_filter_or_a_form_is_refused(app: Flask, state_admin: FlaskClient) -> None:
    for rule in reading_rules(app):
        assert state_admin.get(f"{filled(rule, 1, 'a')}?q=a%00b").status_code == 400, rule
        if "<" in rule and "<int" not in rule:
            assert state_admin.get(filled(rule, 1, "a%00b")).status_code in (400, 404), rule

    answer = send(state_admin, "/account", {"name": "A\x00na", "language": "en"}, page="/account")
    assert answer.status_code == 400


def test_a_nul_byte_in_the_second_of_two_values_or_in_a_name_is_refused(state_admin: FlaskClient) -> None:
    assert state_admin.get("/people?q=a&q=%00").status_code == 400
    assert state_admin.get("/people?%00=a").status_code == 400


def test_a_number_that_no_row_could_have_is_an_address_where_nothing_is(app: Flask, state_admin: FlaskClient) -> None:
    for rule in reading_rules(app):
        if "<int" in rule:
            for number in HUGE_NUMBERS:
                assert state_admin.get(filled(rule, number, "a")).status_code == 404, rule


@pytest.mark.parametrize("turn", range(0, len(HOSTILE_TEXTS), 3))
def test_hostile_texts_in_any_address_or_filter_are_never_an_error_of_ours(
    app: Flask, state_admin: FlaskClient, turn: int
) -> None:
    texts = HOSTILE_TEXTS[turn:] + HOSTILE_TEXTS[:turn]
    query = "&".join(f"{name}={texts[number % len(texts)]}" for number, name in enumerate(FILTERS))

    for rule in reading_rules(app):
        status = state_admin.get(f"{filled(rule, 1, texts[0].replace('/', ''))}?{query}").status_code
        assert status < 500 or rule == "/readyz", f"{rule}: {status}"


def test_a_body_of_ten_megabytes_is_refused(state_admin: FlaskClient) -> None:
    token = form_token(state_admin, "/account")

    answer = state_admin.post("/account", data={"csrf_token": token, "name": "x" * 10_000_000})

    assert answer.status_code == 413
    assert "larger than this page takes" in answer.text


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"a":' * 100_000, '{"values": {"q": "\\ud800"}, "sequence": 1}', "{", "null", "NaN"]
)
def test_json_that_is_deep_broken_or_unreadable_is_refused(state_admin: FlaskClient, body: str) -> None:
    token = form_token(state_admin, "/account")

    answer = state_admin.put(
        "/attempts/1/responses/q",
        data=body,
        headers={"X-CSRFToken": token, "Content-Type": "application/json", "Accept": "application/json"},
    )

    assert answer.status_code == 400
    assert json.loads(answer.text)["status"] == 400


def test_a_form_with_thousands_of_fields_is_refused(state_admin: FlaskClient) -> None:
    fields = {f"f{number}": "x" for number in range(2100)}

    answer = state_admin.post("/account", data=fields, content_type="multipart/form-data")

    assert answer.status_code == 413


def test_links_in_mails_are_of_the_site_whatever_host_was_asked(client: FlaskClient, world: World) -> None:
    world.user(email="ana@test.example")

    send(client, "/forgot", {"email": "ana@test.example"}, host="evil.example")

    assert "evil.example" not in json.dumps(mails(world))


def test_whatever_is_sent_to_an_address_that_changes_something_is_never_an_error_of_ours(
    app: Flask, world: World, state_admin: FlaskClient
) -> None:
    """A NUL, bytes that are no text, JSON too deep or of no form, where the form of every address would be."""
    user = world.user("Another State")
    world.grant(user, "state-administrator")
    form = "application/x-www-form-urlencoded"

    for rule, method in changing_rules(app):
        client = world.client_of(user)  # some of these end the sign-in
        token = form_token(client, "/account")
        for body, kind in (
            (f"csrf_token={token}&name=a%00b&reason=%00", form),
            (f"csrf_token={token}&name=%ed%a0%80&reason=%ff&email=%fe&code=%ff", form),
            ("[" * 50_000, "application/json"),
            ('{"name": {"a": [1]}, "email": 5, "reason": null}', "application/json"),
        ):
            answer = client.open(
                filled(rule, 1, "a"), method=method, data=body, content_type=kind, headers={"X-CSRFToken": token}
            )
            assert answer.status_code < 500, f"{method} {rule}: {answer.status_code}"
            assert "%00" not in body or answer.status_code == 400, f"{method} {rule}: {answer.status_code}"


def test_a_number_that_no_row_could_have_changes_nothing_anywhere(app: Flask, state_admin: FlaskClient) -> None:
    token = form_token(state_admin, "/account")

    for rule, method in changing_rules(app):
        if "<int" in rule:
            for number in HUGE_NUMBERS:
                answer = state_admin.open(filled(rule, number, "a"), method=method, data={"csrf_token": token})
                # 405 where the address exists for reading too: the number is no row's there either.
                assert answer.status_code in (404, 405), f"{method} {rule}"


def test_ten_megabytes_are_refused_at_every_address_that_takes_no_files(app: Flask, state_admin: FlaskClient) -> None:
    token = form_token(state_admin, "/account")
    taken = []

    for rule, method in changing_rules(app):
        answer = state_admin.open(
            filled(rule, 1, "a"), method=method, data={"csrf_token": token, "x": "x" * 10_000_000}
        )
        if answer.status_code != 413:
            taken.append((rule, answer.status_code))

    views = {rule.rule: app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules()}
    assert [one for one in taken if not getattr(views[one[0]], MOST_BYTES_ATTRIBUTE, 0)] == []
    assert all(status < 500 for _rule, status in taken)
