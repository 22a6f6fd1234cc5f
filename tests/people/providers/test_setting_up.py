"""Setting a provider up: what is refused, and with which sentence; and asking no address of our own network."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.database import db
from lms.people.providers import fetching, oidc, setting_up
from lms.people.providers.models import IdentityProvider
from lms.people.providers.problems import ProviderProblem
from lms.settings import Settings
from tests.support.visits import send
from tests.support.world import World

DEVELOPMENT = Settings()
PRODUCTION = replace(Settings(), env="production")


class Answers:
    """A server on loopback that answers what a test puts into it."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []
        answers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answers.asked.append(self.path)
                body = answers.pages.get(self.path)
                if self.path == "/moved":
                    self.send_response(302)
                    self.send_header("Location", "/plain")
                else:
                    self.send_response(200 if body is not None else 404)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def say(self, **changed: Any) -> None:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            **changed,
        }
        found = {name: value for name, value in found.items() if value is not None}
        self.pages[oidc.WELL_KNOWN] = json.dumps(found).encode()
        self.pages.setdefault("/jwks", json.dumps({"keys": [{"kty": "RSA", "n": "x", "e": "AQAB"}]}).encode())


@pytest.fixture
def answers() -> Iterator[Answers]:
    found = Answers()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def problem_with(answers: Answers, **changed: Any) -> str:
    answers.say(**changed)
    with pytest.raises(ProviderProblem) as caught:
        oidc.discover(answers.issuer, DEVELOPMENT)
    return caught.value.message


def test_a_provider_that_answers_as_it_should_is_taken(answers: Answers) -> None:
    answers.say()

    discovery, keys = oidc.discover(answers.issuer, DEVELOPMENT)

    assert discovery["issuer"] == answers.issuer
    assert len(keys["keys"]) == 1


def test_a_provider_that_calls_itself_otherwise_is_refused(answers: Answers) -> None:
    assert problem_with(answers, issuer=f"{answers.issuer}/") == oidc.WRONG_ISSUER


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_a_document_without_an_endpoint_is_refused(answers: Answers, name: str) -> None:
    assert problem_with(answers, **{name: None}) == oidc.NO_ENDPOINT


def test_an_endpoint_that_is_not_encrypted_is_refused(answers: Answers) -> None:
    assert problem_with(answers, token_endpoint="http://login.example/token") == fetching.NOT_HTTPS


def test_a_provider_without_a_fit_algorithm_is_refused(answers: Answers) -> None:
    assert problem_with(answers, id_token_signing_alg_values_supported=["HS256"]) == oidc.NO_ALGORITHM


def test_a_provider_without_pkce_or_codes_is_refused(answers: Answers) -> None:
    assert problem_with(answers, code_challenge_methods_supported=["plain"]) == oidc.NO_PKCE
    assert problem_with(answers, response_types_supported=["id_token"]) == oidc.NO_CODE


def test_private_keys_and_keys_for_encryption_are_no_keys(answers: Answers) -> None:
    keys = [{"kty": "RSA", "d": "x"}, {"kty": "RSA", "use": "enc"}, {"kty": "oct", "k": "x"}, "x"]
    answers.pages["/jwks"] = json.dumps({"keys": keys}).encode()

    assert problem_with(answers) == oidc.NO_KEYS


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(answers: Answers, body: bytes) -> None:
    answers.pages["/plain"] = body

    with pytest.raises(ProviderProblem) as caught:
        fetching.fetch_json(f"{answers.issuer}/plain", DEVELOPMENT)

    assert caught.value.message == fetching.NOT_READABLE


def test_an_answer_that_is_too_large_is_not_read_to_its_end(answers: Answers) -> None:
    answers.pages["/plain"] = b"{" + b" " * (fetching.MOST_BYTES + 1) + b"}"

    with pytest.raises(ProviderProblem) as caught:
        fetching.fetch_json(f"{answers.issuer}/plain", DEVELOPMENT)

    assert caught.value.message == fetching.TOO_LARGE


def test_a_redirect_is_not_followed(answers: Answers) -> None:
    answers.pages["/plain"] = b"{}"

    with pytest.raises(ProviderProblem) as caught:
        fetching.fetch_json(f"{answers.issuer}/moved", DEVELOPMENT)

    assert caught.value.message == fetching.STATUS
    assert answers.asked == ["/moved"]


@pytest.mark.parametrize(
    "address",
    [
        "http://login.example/x",
        "ftp://login.example/x",
        "file:///etc/passwd",
        "https://user@login.example/x",
        "https:///x",
        "https://[::1",
        "",
        "x",
    ],
)
def test_an_address_that_is_not_https_is_not_asked(address: str) -> None:
    with pytest.raises(ProviderProblem) as caught:
        fetching.check_address(address, DEVELOPMENT)

    assert caught.value.message == fetching.NOT_HTTPS


INSIDE = (
    *("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("[::1]", "[fd00::1]", "[fe80::1]", "[::ffff:10.0.0.1]", "[::]"),
    *("[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::1]", "[::127.0.0.1]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]"),
)


@pytest.mark.parametrize("host", INSIDE)
def test_in_production_no_address_inside_a_network_is_asked(host: str) -> None:
    with pytest.raises(ProviderProblem) as caught:
        fetching.check_address(f"https://{host}/x", PRODUCTION)

    assert caught.value.message == fetching.NOT_PUBLIC


def test_a_setting_lets_providers_lie_inside_the_network() -> None:
    inside = replace(PRODUCTION, provider_private_addresses=True)

    assert fetching.check_address("https://10.0.0.1/x", inside) == "https://10.0.0.1/x"


def test_a_name_that_leads_inside_after_it_was_looked_up_is_refused_at_the_connection(answers: Answers) -> None:
    """Rebinding: the look at the name sees nothing wrong, the connection's own address does."""
    answers.pages["/plain"] = b"{}"
    adapter = fetching.GuardedAdapter(PRODUCTION)
    pool = adapter.poolmanager.connection_from_url(answers.issuer)

    with pytest.raises(ProviderProblem):
        pool.urlopen("GET", "/plain", retries=False)

    assert answers.asked == []
    adapter.close()


@pytest.fixture
def chief(world: World) -> tuple[FlaskClient, int]:
    agency = world.agency("Cedar County")
    user = world.user("Chief", agency=agency)
    world.grant(user, "agency-administrator", agency)
    return world.client_of(user), agency


SEALED = "kept and sealed and never shown"
VALUES = {
    "name": "County account",
    "client_id": "x",
    "scopes": "openid email",
    "subject_claim": "sub",
    "secret": SEALED,
}


def add(chief: tuple[FlaskClient, int], issuer: str, **more: str) -> Any:
    client, agency = chief
    return send(
        client, f"/agencies/{agency}/sign-in/oidc", {**VALUES, "issuer": issuer, "discipline": "", **more}, page="/home"
    )


def test_an_administrator_adds_a_provider_and_its_secret_is_sealed(
    chief: tuple[FlaskClient, int], answers: Answers, world: World, app: Flask
) -> None:
    answers.say()

    added = add(chief, answers.issuer, discipline_words="Registered Nurse = healthcare")

    row = world.read(lambda: db.session.query(IdentityProvider).one())
    page = chief[0].get(added.headers["Location"]).text
    assert added.status_code == 303
    assert row.enabled_at is None
    assert row.discipline_words == {"registered nurse": "healthcare"}
    assert SEALED.encode() not in (row.sealed_secret or b"")
    assert setting_up.client_of(row, app.extensions["lms"].settings.secret_key, "").secret == SEALED
    assert "http://localhost/sign-in/oidc" in page
    assert SEALED not in chief[0].get(f"/agencies/{chief[1]}/sign-in/{row.id}/edit").text


def test_a_provider_that_is_silent_is_said_so_beside_its_address(chief: tuple[FlaskClient, int]) -> None:
    refused = add(chief, "http://127.0.0.1:9")

    assert refused.status_code == 422
    assert "does not answer at 127.0.0.1" in refused.text


def test_an_issuer_and_a_claim_too_long_for_a_persons_row_are_refused(
    chief: tuple[FlaskClient, int], answers: Answers
) -> None:
    issuer = f"{answers.issuer}/{'x' * 150}"
    answers.say(issuer=issuer)
    answers.pages[f"/{'x' * 150}{oidc.WELL_KNOWN}"] = answers.pages[oidc.WELL_KNOWN]

    assert "too long together" in add(chief, issuer, subject_claim="y" * 60).text


def test_words_for_disciplines_that_mean_nothing_are_refused(chief: tuple[FlaskClient, int], answers: Answers) -> None:
    answers.say()

    assert "does not end in one of our disciplines" in add(chief, answers.issuer, discipline_words="RN = nurse").text


def test_the_self_test_says_what_is_wrong_now(chief: tuple[FlaskClient, int], answers: Answers, world: World) -> None:
    answers.say()
    add(chief, answers.issuer)
    number = world.read(lambda: db.session.query(IdentityProvider).one()).id
    test = f"/agencies/{chief[1]}/sign-in/{number}/test"

    well = send(chief[0], test, page="/home").text
    answers.say(issuer="https://other.example")
    ill = send(chief[0], test, page="/home").text

    assert "The provider answers as it should" in well
    assert "calls itself https://other.example" in ill


def test_what_nobody_has_signed_in_with_cannot_be_required(
    chief: tuple[FlaskClient, int], answers: Answers, world: World
) -> None:
    answers.say()
    add(chief, answers.issuer)
    number = world.read(lambda: db.session.query(IdentityProvider).one()).id
    base = f"/agencies/{chief[1]}/sign-in/{number}"
    send(chief[0], f"{base}/switch", {"on": "1"}, page="/home")

    refused = send(chief[0], f"{base}/require", page="/home")

    assert refused.status_code == 409
    assert "Nobody has signed in with it yet" in refused.text
