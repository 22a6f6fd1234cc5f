"""Every route × every role, with agency A's ids. A route without a policy or without a row in the table fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from lms.access import Permission
from lms.database import db
from lms.web.guards import policy_of
from tests.access_bodies import BODIES
from tests.access_table import TABLE
from tests.support.databases import empty
from tests.support.scene import ROLES, Scene, Snapshot

pytestmark = pytest.mark.xdist_group("access")

DAY_PARTS = ("month", "day", "year")
READING = [(endpoint, method) for endpoint, method in TABLE if method == "GET"]
CHANGING = [(endpoint, method) for endpoint, method in TABLE if method != "GET"]

ENTRIES = (
    *("agency_id", "seat_id", "template_id", "parent_id", "place", "role", "discipline", "county_fips", "kind", "code"),
    *("email", "name", "certificate_name", "language", "password", "password_again", "current_password", "kept"),
    *("slug", "title_en", "title_es", "rows", "seen", "step", "row0-courses", "row0-count", "row0-min_percent"),
    *("disciplines", "cross_modules", "valid_months", "freshness_months", "opens_months", "grace_days", "refresher"),
    *("board", "state", "number", "is_printed", "course_id", "type", "approval_number", "provider_number", "statement"),
    *("body", "category", "topic", "columns", "since", "minutes-legal-studies", "minutes-implicit-bias"),
    *("credential", "ticket", "setup"),
    *("next", "to", "lang", "remark", "reason", "max_uses", "days", "sequence", "idempotency_key", "t-single", "sure"),
    *("purpose", "is_sure", "decision", "agrees", "text-terms", "q"),
    *("purpose", "issuer", "client_id", "secret", "scopes", "subject_claim", "agency_claim", "discipline_claim"),
    *("discipline_words", "needs_domain", "metadata_xml", "domain", "joining", "decision", "mailbox", "provider", "on"),
    *("off", "SAMLResponse", "RelayState"),
    *("purpose", "what", "audience", "people", "due_days", "digest", "digest_agency_id", "decision"),
    *(
        f"{day}-{part}"
        for day in (
            "day",
            "since",
            "until",
            "started_on",
            "starts_on",
            "ready_by",
            "met_on",
            "expires_on",
            "valid_from",
            "valid_until",
            "last_day",
            "due_on",
            "until_on",
            "wished_on",
        )
        for part in DAY_PARTS
    ),
)
"""Every name that a form of ours has."""


@pytest.fixture(scope="module")
def scene(built_app: Flask, owner_engine: Engine) -> Iterator[Scene]:
    built_app.config["WTF_CSRF_ENABLED"] = False
    yield Scene(built_app)
    built_app.config["WTF_CSRF_ENABLED"] = True
    with built_app.app_context():
        db.session.remove()
    empty(owner_engine)


@pytest.fixture(scope="module")
def snapshot(scene: Scene) -> Snapshot:
    return Snapshot(scene.app)


def routes(app: Flask) -> set[tuple[str, str]]:
    return {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


@pytest.mark.sqlite_only
def test_every_view_has_a_policy(app: Flask) -> None:
    without = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if policy_of(view) not in ("public", "signed-in", *Permission)
    ]

    assert without == ["static"] or without == []


@pytest.mark.sqlite_only
def test_every_route_has_a_row_in_the_table(app: Flask) -> None:
    missing = sorted(routes(app) - set(TABLE) - {("static", "GET")})
    vanished = sorted(set(TABLE) - routes(app))

    assert not missing, f"add rows to tests/access_table.py for {missing}"
    assert not vanished, f"take rows out of tests/access_table.py for {vanished}"


@pytest.mark.parametrize(("endpoint", "method"), READING, ids=[endpoint for endpoint, _ in READING])
def test_reading(scene: Scene, endpoint: str, method: str) -> None:
    answers = {role: scene.call(role, endpoint, method, {}) for role in ROLES}

    assert answers == expected(endpoint, method)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("endpoint", [endpoint for endpoint, _ in READING])
def test_who_asks_with_head_is_answered_as_with_get(scene: Scene, endpoint: str) -> None:
    """Watchdogs and link checkers ask so: they must not be taken for somebody who sent a form."""
    for role in ("stranger", "state"):
        assert scene.call(role, endpoint, "HEAD", {}) == scene.call(role, endpoint, "GET", {}), role


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("endpoint", "method"), CHANGING, ids=[f"{endpoint} {method}" for endpoint, method in CHANGING]
)
def test_changing(scene: Scene, snapshot: Snapshot, endpoint: str, method: str) -> None:
    answers = {}
    for role in ROLES:
        answers[role] = scene.call(role, endpoint, method, BODIES.get((endpoint, method), {}))
        if answers[role] not in (401, 403, 404, 405):
            snapshot.restore()

    assert answers == expected(endpoint, method)


@pytest.mark.parametrize("endpoint", [endpoint for endpoint, _ in READING])
def test_no_page_of_agency_b_names_anything_of_agency_a(scene: Scene, endpoint: str) -> None:
    if policy_of(scene.app.view_functions[endpoint]) == "public":
        return

    page = scene.client_of("admin_b").get(scene.address(endpoint)).get_data().decode("utf-8", "replace")

    assert [name for name in scene.names_of_a if name in page] == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("text", ["9" * 30, "-1", "\u202e'\"><script>", "é" * 5000, "1e400", "0"])
@pytest.mark.parametrize(
    ("endpoint", "method"), CHANGING, ids=[f"{endpoint} {method}" for endpoint, method in CHANGING]
)
def test_hostile_entries_are_never_an_error_of_ours(
    scene: Scene, snapshot: Snapshot, endpoint: str, method: str, text: str
) -> None:
    for role in ("state", "owner"):
        status = scene.call(role, endpoint, method, dict.fromkeys(ENTRIES, text))
        snapshot.restore()
        assert status < 500


def expected(endpoint: str, method: str) -> dict[str, int]:
    return dict(zip(ROLES, map(int, TABLE[endpoint, method].split()), strict=True))


def test_a_view_without_a_policy_is_refused_to_everybody(client: FlaskClient, app: Flask) -> None:
    """The wall itself: whoever forgets to declare who may call a view gets a view that nobody can call."""
    view = app.view_functions["people.show_people"]
    app.view_functions["people.show_people"] = lambda: "no policy"

    answer = client.get("/people")

    app.view_functions["people.show_people"] = view
    assert answer.status_code == 303
