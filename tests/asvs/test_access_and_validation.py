"""What the tables of ASVS say of code and pages as a whole, on access, entries, files and logs."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lms.access import POLICY
from lms.app import create_app
from lms.people.models import ROLES
from lms.web.guards import public
from lms.web.sessions import DatabaseSessions
from tests.support.visits import send
from tests.support.world import World

SOURCE = Path(__file__).parents[2] / "lms"


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Every call in the program: its file, itself, what is called (`module.name` or `name`)."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield str(path.relative_to(SOURCE)), node, ast.unparse(node.func)


def files_that_call(*names: str) -> set[str]:
    return {file for file, _call, name in calls() if name in names}


def test_no_text_is_run_as_code_or_as_a_template() -> None:
    assert files_that_call("eval", "exec", "compile", "__import__", "render_template_string") == set()


def test_no_program_is_called_through_a_shell() -> None:
    shells = [
        file
        for file, call, name in calls()
        if name in ("os.system", "os.popen") or any(one.arg == "shell" for one in call.keywords)
    ]

    assert shells == []


def test_nothing_is_unpickled_but_what_our_own_child_wrote_and_no_yaml_makes_objects() -> None:
    assert files_that_call("pickle.load", "pickle.loads") <= {"certification/pressroom.py"}
    assert files_that_call("yaml.load", "yaml.unsafe_load", "yaml.full_load", "marshal.loads") == set()


def test_no_statement_for_the_database_is_put_together_from_texts() -> None:
    """`text(…)` takes constants only; what is built (triggers, policies) is built from names of ours, without entries."""
    built = {
        file
        for file, call, name in calls()
        if name.rpartition(".")[2] in ("text", "exec_driver_sql", "execute", "executescript", "DDL")
        and call.args
        and isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
    }

    assert built <= {"database.py", "seeding/batch.py", "wall/role.py"}, "they name tables and settings of ours"


def answer_of_a_bug(app: Flask) -> TestResponse:
    @public
    def fail() -> str:
        raise RuntimeError("SELECT secret FROM lms_users -- ana@test.example")

    endpoint = "catalog.show_catalog"
    before = app.view_functions[endpoint]
    app.view_functions[endpoint] = fail
    try:
        rule = next(rule.rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
        return app.test_client().get(rule)
    finally:
        app.view_functions[endpoint] = before


def test_a_bug_shows_an_apology_with_a_reference_and_nothing_of_itself(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("lms"), "propagate", True)

    with caplog.at_level(logging.ERROR):
        answer = answer_of_a_bug(app)

    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert all(
        word not in answer.text for word in ("Traceback", "RuntimeError", "SELECT", "ana@test.example", "lms_users")
    )
    reference = caplog.records[0].args[0]  # type: ignore[index]
    assert str(reference) in answer.text


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger("lms"), "propagate", True)
    caplog.set_level(logging.INFO, "lms.web")
    return caplog


def test_whoever_reaches_for_what_is_not_theirs_is_logged_by_number(
    world: World, refusals: pytest.LogCaptureFixture
) -> None:
    admin, other = world.user("Ada Min"), world.agency()
    world.grant(admin, "agency-administrator", world.agency())
    client = world.client_of(admin)

    client.get(f"/agencies/{other}")
    client.get("/credit")

    texts = [record.getMessage() for record in refusals.records if record.name == "lms.web"]
    assert f"refused with 404: agencies.show_agency for person {admin}" in texts
    assert f"refused with 403: credit.list_approvals for person {admin}" in texts
    assert "Ada" not in str(texts)


def test_unreadable_entries_stale_tokens_and_too_many_tries_are_logged(
    app: Flask, client: FlaskClient, refusals: pytest.LogCaptureFixture
) -> None:
    client.get("/catalog?q=%00")
    client.post("/sign-in", data={"email": "ana@test.example", "password": "x", "csrf_token": "forged"})
    for _ in range(40):
        send(client, "/sign-in", {"email": "ana@test.example", "password": "wrong wrong wrong"})

    texts = " ".join(record.getMessage() for record in refusals.records if record.name == "lms.web")
    assert all(f"refused with {why}: " in texts for why in ("400", "form token", "429"))
    assert "ana@" not in texts


def test_every_role_of_the_database_is_in_the_one_table_and_no_other() -> None:
    assert set(POLICY) - {"learner"} == set(ROLES)


def changing(app: Flask) -> list[tuple[str, str]]:
    """Addresses that change something, each part filled with 1, and their methods."""
    found = []
    for rule in app.url_map.iter_rules():
        address = "/".join("1" if part.startswith("<") else part for part in rule.rule.split("/"))
        found += [(address, method) for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}]
    return sorted(found)


WITHOUT_COOKIE = ("/scim/", "/saml/answers")
"""A directory shows a token of its own; a provider's answer carries signatures and the id of our own request."""


def test_nothing_changes_without_the_form_token(app: Flask, world: World) -> None:
    user = world.user("State")
    world.grant(user, "state-administrator")
    world.grant(user, "author")
    client = world.client_of(user)

    answers = {
        (address, method): client.open(address, method=method, data={"name": "x"}).status_code
        for address, method in changing(app)
        if not address.startswith(WITHOUT_COOKIE)
    }

    assert len(answers) > 50
    assert {one: status for one, status in answers.items() if status != 400} == {}


def test_no_script_puts_text_into_a_page_as_markup_or_takes_messages() -> None:
    risky = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", '"message"')
    found = {
        path.name: word
        for path in (SOURCE / "static").glob("*.js")
        for word in risky
        if word in path.read_text(encoding="utf-8")
    }

    assert list((SOURCE / "static").glob("*.js"))
    assert found == {"progress.js": "innerHTML"}, "it takes over a part of the same page as our server drew it"


def test_the_cookie_of_a_site_on_https_is_for_its_host_alone_and_no_script(tmp_path: Path) -> None:
    app = create_app(
        {
            "instance_path": str(tmp_path),
            "secret_key": "a secret for tests only, 32 characters or more",
            "site_url": "https://training.example",
            "trusted_hosts": "training.example",
        }
    )
    sessions = app.session_interface
    assert isinstance(sessions, DatabaseSessions)
    answer = app.response_class()

    with app.test_request_context(base_url="https://training.example"):
        sessions._set(answer, "value", 60)

    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name == "__Host-lms=value"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
    assert not any(one.startswith("Domain") for one in attributes)


def test_every_page_says_what_it_is_and_in_which_letters(app: Flask, world: World) -> None:
    user = world.user("State")
    world.grant(user, "state-administrator")
    client, found = world.client_of(user), {}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            answer = client.get(rule.rule)
            kind = answer.headers.get("Content-Type", "")
            if answer.status_code == 200 and (not kind or (kind.startswith("text/") and "charset=utf-8" not in kind)):
                found[rule.rule] = kind
            answer.close()

    assert found == {}


def test_other_sites_read_public_badges_and_nothing_else(app: Flask, client: FlaskClient) -> None:
    opened = {file for file, call, _name in calls() if "Access-Control-Allow-Origin" in ast.unparse(call)}
    answer = client.get("/catalog", headers={"Origin": "https://elsewhere.example"})

    assert opened <= {"web/badges.py"}
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(("proxies", "seen"), [(0, "10.0.0.9"), (1, "192.0.2.7")])
def test_what_a_caller_says_of_where_it_comes_from_is_not_believed(tmp_path: Path, proxies: int, seen: str) -> None:
    """The last so many entries are the proxies' own; what the caller wrote before them counts for nothing."""
    app = create_app(
        {
            "instance_path": str(tmp_path),
            "secret_key": "a secret for tests only, 32 characters or more",
            "trusted_proxies": proxies,
        }
    )

    @public
    def who() -> str:
        return str(request.remote_addr)

    app.add_url_rule("/test-who", "test_who", who)
    forged = {"X-Forwarded-For": "203.0.113.5, 192.0.2.7", "X-Real-IP": "203.0.113.5"}
    answer = app.test_client().get("/test-who", headers=forged, environ_base={"REMOTE_ADDR": "10.0.0.9"})

    assert answer.text == seen


BUILT_PATTERNS = {
    "certification/evidence_files.py", "courseware/budget.py", "courseware/checks/law.py", "courseware/checks/words.py", "courseware/questions/numeric.py",
    "people/importing/unpacking.py", "web/shared.py",
}  # fmt: skip
"""They put constants of their own together."""


def test_no_entry_is_put_into_a_pattern_without_being_escaped() -> None:
    built = {
        (file, ast.unparse(call.args[0]))
        for file, call, name in calls()
        if name.startswith("re.") and name != "re.escape" and call.args and not isinstance(call.args[0], ast.Constant)
    }

    assert [one for one in built if one[0] not in BUILT_PATTERNS and "re.escape(" not in one[1]] == []
