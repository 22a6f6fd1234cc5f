"""The LMS inside a host application: mounted below a prefix, nothing collides, the host says who is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms import LMS, HostPerson
from lms.cli import cli
from lms.clock import utc_now
from lms.database import db, writing
from lms.people import identities
from lms.people.accounts import create_administrator
from lms.people.models import Agency, Membership, RoleGrant, User
from tests.host import make_host
from tests.support.world import World, form_token

ANA = HostPerson(
    subject="u-17",
    name="Ana Ruiz",
    email="ana@example.org",
    email_verified=True,
    language="en",
    agency_code="KC-GEN",
    discipline="healthcare",
    roles=["nurse-educator"],
)


@pytest.fixture
def people() -> dict[str, HostPerson]:
    return {"ana": ANA}


@pytest.fixture
def mounted(
    app: Flask, database_url: str, tmp_path: Path, people: dict[str, HostPerson]
) -> Iterator[tuple[Flask, LMS]]:
    """On the tables of the tests, which `app` empties afterwards: the second wall stands below a host too."""
    settings = {
        "database_url": database_url,
        "secret_key": "the LMS's own secret, 32 characters or more",
        "instance_path": str(tmp_path / "lms"),
        "host_roles": "nurse-educator=agency-administrator",
    }
    host, lms = make_host(tmp_path, people, settings)
    assert lms.inner is not None
    with lms.inner.app_context(), writing():
        db.session.add(Agency(name="General", code="KC-GEN", kind="hospital", path="/1/", created_at=utc_now()))
    World(lms.inner).publish("tiny")
    yield host, lms
    with lms.inner.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def browser(mounted: tuple[Flask, LMS]) -> FlaskClient:
    browser = mounted[0].test_client()
    browser.get("/host-sign-in/ana")
    return browser


def test_the_host_keeps_its_own_pages_sign_in_database_and_static_files(browser: FlaskClient) -> None:
    browser.get("/training/home")

    assert browser.get("/").get_data(as_text=True) == "Host page of ana, 0 notes"
    with browser.get("/static/app.css") as sheet:
        assert sheet.get_data(as_text=True).startswith("host {")
    with browser.session_transaction() as kept:
        assert kept["basket"] == "kept"


def test_the_person_whom_the_host_hands_over_is_signed_in(browser: FlaskClient) -> None:
    page = browser.get("/training/home")

    assert page.status_code == 200
    assert "Ana Ruiz" in page.get_data(as_text=True)


def test_who_is_signed_in_at_the_host_is_not_asked_to_sign_in(browser: FlaskClient) -> None:
    answer = browser.get("/training/sign-in")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/training/home")


def test_nobody_of_the_host_is_nobody_here(mounted: tuple[Flask, LMS]) -> None:
    page = mounted[0].test_client().get("/training/home")

    assert page.status_code in (303, 401, 403)


PAGES = (
    *("/catalog", "/courses/tiny", "/home", "/certificates", "/transcript", "/account", "/cohorts", "/cohorts/new"),
    *("/people", "/people/invite", "/people/invitations", "/agencies", "/audit", "/help", "/privacy", "/verify"),
    *("/reports", "/reports/expiring", "/reports/in-progress", "/no-such-page"),
)


def test_every_address_on_every_page_lies_below_the_prefix(browser: FlaskClient) -> None:
    outside = {
        page: sorted(one for one in addresses if not one.startswith("/training/"))
        for page in PAGES
        if (addresses := addresses_on(browser, f"/training{page}"))
    }

    assert set(outside) == set(PAGES)
    assert not any(outside.values()), outside


def test_the_stylesheet_of_a_page_is_our_own(browser: FlaskClient) -> None:
    sheet = next(one for one in addresses_on(browser, "/training/catalog") if ".css" in one)

    answer = browser.get(sheet)

    assert answer.status_code == 200
    assert "@layer" in answer.get_data(as_text=True)


def addresses_on(browser: FlaskClient, page: str) -> set[str]:
    html = browser.get(page).get_data(as_text=True)
    return set(re.findall(r'(?:href|src|action)="(/[^"]*)"', html))


def test_a_learner_enrolls_below_the_prefix_and_the_hosts_form_tokens_do_not_stand_in_the_way(
    browser: FlaskClient,
) -> None:
    token = form_token(browser, "/training/courses/tiny")

    answer = browser.post("/training/courses/tiny/enroll", data={"csrf_token": token})

    assert answer.status_code == 303
    assert answer.location.startswith("/training/learn/tiny")
    assert browser.get(answer.location, follow_redirects=True).status_code == 200


def test_a_form_without_our_token_is_still_refused(browser: FlaskClient) -> None:
    assert browser.post("/training/courses/tiny/enroll").status_code == 400


def test_a_form_that_one_person_opened_is_not_sent_for_the_next_one(
    browser: FlaskClient, people: dict[str, HostPerson]
) -> None:
    people["ben"] = replace(ANA, subject="u-18", name="Ben Cole", email="ben@example.org")
    token = form_token(browser, "/training/courses/tiny")
    browser.get("/host-sign-in/ben")

    answer = browser.post("/training/courses/tiny/enroll", data={"csrf_token": token})

    assert answer.status_code == 400
    assert "Ben Cole" in browser.get("/training/home").get_data(as_text=True)


def test_the_hosts_roles_count_only_through_the_mapping(
    mounted: tuple[Flask, LMS], browser: FlaskClient, people: dict[str, HostPerson]
) -> None:
    inner = mounted[1].inner
    assert inner is not None
    browser.get("/training/home")
    with inner.app_context():
        given = db.session.scalars(select(RoleGrant.role).where(RoleGrant.revoked_at.is_(None))).all()

    people["ana"] = replace(ANA, roles=["janitor"])
    browser.get("/training/home")
    with inner.app_context():
        left = db.session.scalars(select(RoleGrant.role).where(RoleGrant.revoked_at.is_(None))).all()

    assert given == ["agency-administrator"]
    assert left == []


def test_an_administrator_made_on_the_command_line_stays_one(mounted: tuple[Flask, LMS], browser: FlaskClient) -> None:
    inner = mounted[1].inner
    assert inner is not None
    browser.get("/training/home")
    with inner.app_context(), writing():
        create_administrator(email="ana@example.org", name="Ana", password_hash="x", now=utc_now())

    browser.get("/training/home")

    with inner.app_context():
        held = db.session.scalars(select(RoleGrant.role).where(RoleGrant.revoked_at.is_(None))).all()
    assert sorted(held) == ["agency-administrator", "state-administrator"]


def test_a_place_begins_on_the_local_day_also_in_the_evening(mounted: tuple[Flask, LMS], browser: FlaskClient) -> None:
    inner = mounted[1].inner
    assert inner is not None

    with time_machine.travel("2026-11-25T02:00:00Z"):  # 24 November, eight in the evening in Chicago
        browser.get("/host-sign-in/ana")
        browser.get("/training/home")

    with inner.app_context():
        assert db.session.scalars(select(Membership.started_on)).all() == [date(2026, 11, 24)]


@pytest.mark.parametrize("name", ["Ana Ruiz " * 40, "Ana\n  Ruiz\x07", ""], ids=["long", "control", "empty"])
def test_a_name_that_is_kept_otherwise_is_not_written_again_at_each_request(
    mounted: tuple[Flask, LMS], browser: FlaskClient, people: dict[str, HostPerson], name: str
) -> None:
    inner = mounted[1].inner
    assert inner is not None
    people["ana"] = replace(ANA, name=name)
    browser.get("/training/home")

    with inner.app_context():
        user_id = identities.find_person("host", ANA.subject)
        assert user_id is not None
        rules = identities.read_role_rules("nurse-educator=agency-administrator")
        assert not identities.needs_update(user_id, people["ana"], rules)
        kept = db.session.scalars(select(User.name)).one()
    assert kept.strip()
    assert kept.isprintable()


def test_an_unverified_e_mail_joins_no_account(mounted: tuple[Flask, LMS], people: dict[str, HostPerson]) -> None:
    inner = mounted[1].inner
    assert inner is not None
    own = World(inner).user("The real Ben", email="ben@example.org")
    people["ben"] = HostPerson(subject="u-18", name="Not Ben", email="ben@example.org", email_verified=False)
    browser = mounted[0].test_client()
    browser.get("/host-sign-in/ben")

    browser.get("/training/home")

    with inner.app_context():
        made = db.session.scalars(select(User).where(User.name == "Not Ben")).one()
        assert made.id != own
        assert made.email is None


def test_a_person_is_matched_by_subject_when_the_name_changes(
    mounted: tuple[Flask, LMS], browser: FlaskClient, people: dict[str, HostPerson]
) -> None:
    browser.get("/training/home")
    people["ana"] = replace(ANA, name="Ana Ruiz-Lopez")

    page = browser.get("/training/home").get_data(as_text=True)

    inner = mounted[1].inner
    assert inner is not None
    with inner.app_context():
        assert db.session.scalars(select(User.name)).all() == ["Ana Ruiz-Lopez"]
    assert "Ana Ruiz-Lopez" in page


@pytest.mark.sqlite_only
@pytest.mark.parametrize("is_named", [True, False], ids=["folder named to the host too", "folder of the host"])
def test_the_commands_of_readme_make_the_database_that_the_host_uses(
    is_named: bool, tmp_path: Path, tiny_course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "instance" / "lms"
    commands = CliRunner(env={"LMS_INSTANCE_PATH": str(folder), "LMS_DATABASE_URL": ""})
    done = [commands.invoke(cli, words) for words in (["db", "upgrade"], ["publish", str(tiny_course)])]
    monkeypatch.setenv("LMS_DATABASE_URL", "")
    if is_named:
        monkeypatch.setenv("LMS_INSTANCE_PATH", str(folder))
        host = Flask("host", instance_path=str(tmp_path / "elsewhere"))
    else:
        monkeypatch.delenv("LMS_INSTANCE_PATH", raising=False)
        host = Flask("host", instance_path=str(tmp_path / "instance"))
    lms = LMS(host, url_prefix="/training", user_loader=lambda: ANA)

    page = host.test_client().get("/training/courses/tiny")

    assert [result.exit_code for result in done] == [0, 0], done[-1].output
    assert page.status_code == 200
    assert lms.inner is not None
    with lms.inner.app_context():
        db.session.remove()
        db.engine.dispose()


def test_the_prefix_of_the_whole_site_is_refused() -> None:
    with pytest.raises(ValueError, match="prefix"):
        LMS(Flask("host"), url_prefix="/")


def test_importing_the_course_language_loads_no_flask() -> None:
    import subprocess
    import sys

    code = "import sys, lms.courseware.read; sys.exit('flask' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
