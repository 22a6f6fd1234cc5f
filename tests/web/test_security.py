"""Headers on every answer, what a route may widen, and hosts that are not ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.app import create_app
from lms.web.guards import public
from lms.web.security import content_policy, widen
from tests.support.world import World

pytestmark = pytest.mark.sqlite_only

SECRET = "a secret for tests only, 32 characters or more"


def make_app(folder: Path, **settings: object) -> Flask:
    return create_app({"instance_path": str(folder), "secret_key": SECRET, **settings})


@pytest.mark.parametrize("address", ["/", "/help", "/exit", "/nothing-here", "/home", "/static/no-such-file.css"])
def test_every_answer_carries_the_headers(client: FlaskClient, address: str) -> None:
    headers = client.get(address).headers

    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "media-src 'self'; frame-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_a_method_that_an_address_does_not_take_is_refused_with_those_it_takes(client: FlaskClient) -> None:
    answer = client.delete("/healthz")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_pages_of_a_signed_in_person_are_stored_nowhere(world: World, client: FlaskClient) -> None:
    as_stranger = client.get("/help").headers["Cache-Control"]
    world.sign_in(client, world.user(agency=world.agency()))

    as_person = client.get("/help").headers["Cache-Control"]

    assert as_stranger == "private, no-cache"
    assert as_person == "no-store"


def test_https_only_is_promised_where_the_site_is_https(tmp_path: Path) -> None:
    app = make_app(tmp_path, site_url="https://training.example", trusted_hosts="training.example")

    answer = app.test_client().get("/privacy", base_url="https://training.example")

    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")


def test_another_host_name_is_refused_in_plain_text(tmp_path: Path) -> None:
    app = make_app(tmp_path, trusted_hosts="training.example")

    ours = app.test_client().get("/privacy", headers={"Host": "training.example"})
    strange = app.test_client().get("/privacy", headers={"Host": "evil.example"})

    assert ours.status_code == 200
    assert strange.status_code == 400
    assert "evil" not in strange.text
    assert strange.headers["X-Content-Type-Options"] == "nosniff"


def test_a_route_widens_one_directive_for_its_own_answer_only(tmp_path: Path) -> None:
    app = make_app(tmp_path)

    @public
    def launch() -> str:
        widen("form-action", "https://login.example")
        widen("frame-ancestors", "https://lms.example:8443")
        return "launched"

    app.add_url_rule("/test-launch", "test_launch", launch)
    client = app.test_client()

    widened = client.get("/test-launch").headers
    usual = client.get("/privacy").headers

    assert "form-action 'self' https://login.example;" in widened["Content-Security-Policy"]
    assert "frame-ancestors https://lms.example:8443" in widened["Content-Security-Policy"]
    assert "X-Frame-Options" not in widened
    assert usual["Content-Security-Policy"] == content_policy()


@pytest.mark.parametrize(
    ("directive", "source"),
    [
        ("script-src", "https://cdn.example"),
        ("style-src", "'unsafe-inline'"),
        ("default-src", "*"),
        ("form-action", "*"),
        ("form-action", "http://plain.example"),
        ("form-action", "https://a.example; script-src *"),
        ("frame-ancestors", "https://a.example/path"),
        ("frame-src", "data:"),
    ],
)
def test_nothing_else_can_be_widened(tmp_path: Path, directive: str, source: str) -> None:
    app = make_app(tmp_path)

    with app.test_request_context("/"), pytest.raises(ValueError, match=r"may not be widened|is not an origin"):
        widen(directive, source)
