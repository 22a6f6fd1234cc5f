"""Policies are accepted before anything else, once for each version; what one was in the middle of is not lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from lms.app import create_app
from lms.cli import cli
from lms.database import db
from lms.people import policies, signins
from lms.people.person_models import PolicyAcceptance
from lms.resources import data_folder
from lms.settings import SettingsError
from tests.support.visits import accept_policies, send
from tests.support.world import World

TEXT = "---\ntitle: Terms\nversion: '{version}'\ndate: 2027-01-02\n---\n\nThe {version} text.\n"


@pytest.fixture
def newcomer(world: World) -> int:
    """Somebody who has accepted nothing yet."""
    user = world.user("New Comer")
    world.write(lambda: db.session.execute(delete(PolicyAcceptance).where(PolicyAcceptance.user_id == user)))
    return user


def browser_of(app: Flask, world: World, user: int) -> FlaskClient:
    """Just signed in: the session knows of nothing that was accepted."""
    client = app.test_client()
    client.set_cookie("lms", "s." + world.write(lambda: signins.begin_session(user, hours=12, agent="test")))
    return client


def rows_of(world: World, user: int) -> list[PolicyAcceptance]:
    return world.read(lambda: policies.acceptances_of(user))


@pytest.fixture
def own_folder(tmp_path: Path, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployer's own texts, in version 2027."""
    for name in ("terms", "privacy"):
        (tmp_path / f"{name}.en.md").write_text(TEXT.format(version="2027"), encoding="utf-8")
    found = policies.in_force(str(tmp_path))
    monkeypatch.setattr("lms.web.policies.present", lambda: found)
    return tmp_path


def test_who_has_accepted_nothing_reads_both_texts_before_anything_else(
    app: Flask, world: World, newcomer: int
) -> None:
    client = browser_of(app, world, newcomer)

    answer = client.get("/catalog/", follow_redirects=False), client.get("/home?a=1")
    page = client.get(answer[1].headers["Location"]).text

    assert answer[1].headers["Location"] == "/policies/accept?next=/home?a%3D1"
    assert "Terms of use" in page
    assert "Privacy notice" in page
    assert "data-quick-exit" in page, "quick exit is there as on every page"


def test_accepting_leads_on_and_notes_who_which_text_and_when(app: Flask, world: World, newcomer: int) -> None:
    client = browser_of(app, world, newcomer)

    answer = accept_policies(client, "/certificates")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/certificates")
    assert client.get("/certificates").status_code == 200
    rows = rows_of(world, newcomer)
    shown = policies.in_force()
    assert {(row.policy, row.version, row.text_hash, row.is_by_itself) for row in rows} == {
        (name, version, getattr(shown.find(name, "en"), "text_hash", ""), False)
        for name, version in shown.versions.items()
    }


def test_the_text_that_was_shown_is_the_one_that_is_noted(app: Flask, world: World, newcomer: int) -> None:
    client = browser_of(app, world, newcomer)
    send(client, "/language?to=/home", {"lang": "es"}, page="/policies/accept")

    accept_policies(client)

    assert {row.language for row in rows_of(world, newcomer)} == {"es"}


def test_nothing_is_accepted_without_the_tick(app: Flask, world: World, newcomer: int) -> None:
    client = browser_of(app, world, newcomer)

    answer = send(client, "/policies/accept", {}, page="/policies/accept")

    assert answer.status_code == 422
    assert "I have read this and accept it: Tick the box to go on." in answer.text
    assert rows_of(world, newcomer) == []


def test_a_text_that_changed_while_the_page_was_open_is_not_accepted_unread(
    app: Flask, world: World, newcomer: int
) -> None:
    client = browser_of(app, world, newcomer)

    answer = send(
        client, "/policies/accept", {"agrees": "y", "text-terms": "0" * 64, "text-privacy": "0" * 64},
        page="/policies/accept",
    )  # fmt: skip

    assert answer.status_code == 409
    assert rows_of(world, newcomer) == []


def test_who_accepts_nothing_can_still_sign_out_and_read_public_pages(app: Flask, world: World, newcomer: int) -> None:
    client = browser_of(app, world, newcomer)

    assert client.get("/verify").status_code == 200
    assert client.get("/help").status_code == 200
    assert client.get("/sign-out").status_code == 200
    assert send(client, "/sign-out", page="/sign-out").status_code == 303


def test_a_new_version_is_asked_for_again_and_only_once(
    own_folder: Path, app: Flask, world: World, newcomer: int
) -> None:
    user = world.user()
    client = world.client_of(user)

    first = client.get("/home")
    accept_policies(client)

    assert first.status_code == 303
    assert "Two texts have changed" in browser_of(app, world, world.user()).get("/policies/accept").text
    assert client.get("/home").status_code == 200
    assert len(rows_of(world, user)) == 4


def test_what_one_was_in_the_middle_of_is_saved_although_a_new_version_has_come(
    own_folder: Path, app: Flask, world: World
) -> None:
    user = world.user("Before")
    client = world.client_of(user)
    page = client.get("/policies/accept").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', page)
    assert token

    answer = client.post(
        "/account", data={"csrf_token": token[1], "name": "After", "certificate_name": "", "language": "en"}
    )

    assert answer.headers["Location"] == "/account"
    assert world.read(lambda: db.session.scalars(select(PolicyAcceptance.id)).all()) != []


def test_a_session_asks_the_database_once(app: Flask, world: World, newcomer: int, count_queries) -> None:
    client = browser_of(app, world, newcomer)
    accept_policies(client)
    client.get("/certificates")
    count_queries.statements.clear()

    client.get("/certificates")

    assert [one for one in count_queries.statements if "policy_acceptances" in one] == []


def test_demo_accounts_have_accepted_when_they_are_made(world: World) -> None:
    user = world.user()

    assert {row.is_by_itself for row in rows_of(world, user)} == {True}


@pytest.mark.parametrize("name", ["terms", "privacy"])
def test_each_policy_can_be_read_by_anybody_in_either_language(client: FlaskClient, name: str) -> None:
    english = client.get(f"/policies/{name}").text
    send(client, "/language?to=/", {"lang": "es"})
    spanish = client.get(f"/policies/{name}").text

    assert "Version 1" in english
    assert 'lang="es"' in spanish
    assert client.get("/policies/other").status_code == 404


@pytest.mark.parametrize(
    "content", ["no head", "---\ntitle: T\n---\nx", "---\ntitle: T\nversion: '1'\ndate: soon\n---\nx", "---\n[\n---\nx"]
)
def test_a_policy_that_cannot_be_read_is_said_at_the_start(tmp_path: Path, content: str) -> None:
    for name in ("terms", "privacy"):
        (tmp_path / f"{name}.en.md").write_text(content, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"terms\.en\.md"):
        create_app({"instance_path": str(tmp_path / "instance"), "secret_key": "x" * 40, "policies": str(tmp_path)})


def test_languages_of_one_policy_have_one_version(tmp_path: Path) -> None:
    for name in ("terms", "privacy"):
        (tmp_path / f"{name}.en.md").write_text(TEXT.format(version="1"), encoding="utf-8")
        (tmp_path / f"{name}.es.md").write_text(TEXT.format(version="2"), encoding="utf-8")

    with pytest.raises(SettingsError, match="different versions"):
        policies.in_force(str(tmp_path))


def test_the_shipped_texts_have_one_version_and_the_same_parts_in_both_languages() -> None:
    found = policies.in_force()

    for name in found.versions:
        english, spanish = found.find(name, "en"), found.find(name, "es")
        assert english is not None
        assert spanish is not None
        assert spanish.language == "es"
        assert english.html.count("<h2") == spanish.html.count("<h2")
        assert english.html.count("<li") == spanish.html.count("<li")


def test_other_words_under_the_same_version_are_asked_for_again(
    tmp_path: Path, app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = world.user()
    shipped = policies.in_force()
    for name in ("terms", "privacy"):
        for language in ("en", "es"):
            text = (data_folder("templates") / "policies" / f"{name}.{language}.md").read_text(encoding="utf-8")
            own = text if name == "terms" else text.replace("# ", "# Our own ")
            (tmp_path / f"{name}.{language}.md").write_text(own, encoding="utf-8")
    found = policies.in_force(str(tmp_path))
    monkeypatch.setattr("lms.web.policies.present", lambda: found)
    client = browser_of(app, world, user)

    page = client.get("/home", follow_redirects=True).text
    answer = accept_policies(client)

    assert found.versions == shipped.versions
    assert "Our own" in page
    assert "Terms of use</h2>" not in page
    assert "accept it, you can sign out" in page
    assert "read it again" in client.get(answer.headers["Location"]).text
    assert client.get("/certificates").status_code == 200
    assert len(rows_of(world, user)) == 3


def test_what_was_accepted_leads_to_a_text_only_while_that_text_is_in_force(app: Flask, world: World) -> None:
    user = world.user()
    world.write(
        lambda: (
            db.session.query(PolicyAcceptance).filter_by(user_id=user, policy="terms").update({"text_hash": "0" * 64})
        )
    )
    client = world.client_of(user)

    page = client.get("/account/data").text
    accepted = page[page.index("What you accepted") :]

    assert 'href="/policies/privacy"' in accepted
    assert 'href="/policies/terms"' not in accepted
    assert "no longer in force" in accepted


def test_the_privacy_link_at_the_foot_leads_to_the_text_in_force(own_folder: Path, client: FlaskClient) -> None:
    page = client.get("/privacy").text

    assert "The 2027 text." in page
    assert "One cookie" in page


def test_one_text_without_the_other_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "terms.en.md").write_text(TEXT.format(version="1"), encoding="utf-8")

    ran = CliRunner(
        env={"LMS_ENV": "development", "LMS_INSTANCE_PATH": str(tmp_path), "LMS_POLICIES": str(tmp_path)}
    ).invoke(cli, ["run"])

    assert ran.exit_code == 1
    assert ran.output.startswith("Error: LMS_POLICIES")
    assert "needs both terms.en.md and privacy.en.md" in ran.output
