"""Production refuses to start where the wall would not hold; the doctor says it in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, make_url, text

from lms.app import create_app
from lms.database import db
from lms.doctor import examine
from lms.settings import SettingsError, read_settings
from lms.wall.role import find_gap

pytestmark = pytest.mark.postgresql_only


def production(url: str, folder: Path) -> dict[str, object]:
    return {
        "env": "production",
        "database_url": url,
        "instance_path": str(folder),
        "secret_key": "a secret for tests only, 32 characters or more",
        "site_url": "https://training.example.gov",
        "trusted_hosts": "training.example.gov",
    }


@pytest.fixture
def other_role(database_urls: tuple[str, str], owner_engine: Engine) -> Iterator[str]:
    """A further role, as its address; a test makes of it what it needs."""
    url = make_url(database_urls[0])
    role = f"{url.database}_other"
    with owner_engine.begin() as owner:
        owner.execute(text(f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'x'"))
    yield url.set(username=role, password="x").render_as_string(hide_password=False)
    with owner_engine.begin() as owner:
        owner.execute(text(f'DROP OWNED BY "{role}"'))
        owner.execute(text(f'DROP ROLE "{role}"'))


def test_production_starts_with_a_role_that_the_wall_holds_for(database_url: str, app: Flask, tmp_path: Path) -> None:
    started = create_app(production(database_url, tmp_path))

    with started.app_context():
        assert db.session.execute(text("SELECT count(*) FROM lms_users")).scalar() == 0
        db.session.remove()
        db.engine.dispose()


def test_production_refuses_a_superuser(database_urls: tuple[str, str], app: Flask, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="superuser"):
        create_app(production(database_urls[0], tmp_path))


def test_production_refuses_a_role_that_row_level_security_does_not_bind(
    other_role: str, owner_engine: Engine, app: Flask, tmp_path: Path
) -> None:
    with owner_engine.begin() as owner:
        owner.execute(text(f'ALTER ROLE "{make_url(other_role).username}" BYPASSRLS'))

    with pytest.raises(SettingsError, match="BYPASSRLS"):
        create_app(production(other_role, tmp_path))


def test_production_refuses_the_owner_of_a_table(
    other_role: str, owner_engine: Engine, app: Flask, tmp_path: Path
) -> None:
    with owner_engine.connect() as owner:
        transaction = owner.begin()
        owner.execute(text(f'ALTER TABLE lms_users OWNER TO "{make_url(other_role).username}"'))
        owner.execute(text(f'SET LOCAL ROLE "{make_url(other_role).username}"'))
        gap = find_gap(owner)
        transaction.rollback()

    assert gap is not None
    assert "owns" in gap


def test_a_table_whose_security_was_switched_off_is_named(
    database_urls: tuple[str, str], owner_engine: Engine, app: Flask
) -> None:
    with owner_engine.connect() as owner:
        transaction = owner.begin()
        owner.execute(text("ALTER TABLE lms_responses DISABLE ROW LEVEL SECURITY"))
        owner.execute(text(f'SET LOCAL ROLE "{make_url(database_urls[1]).username}"'))
        gap = find_gap(owner)
        transaction.rollback()

    assert gap is not None
    assert "lms_responses" in gap


def test_the_doctor_says_who_counts_failed_tries(database_urls: tuple[str, str], app: Flask, tmp_path: Path) -> None:
    settings = replace(read_settings(production(database_urls[0], tmp_path)), redis_url="", web_workers=3)

    found = next(one for one in examine(settings) if one.what == "limits of tries")

    assert "each of 3 web processes for itself" in found.detail


def test_the_doctor_names_the_gap_and_in_production_calls_it_missing(
    database_urls: tuple[str, str], app: Flask, tmp_path: Path
) -> None:
    settings = read_settings(production(database_urls[0], tmp_path))

    found = {
        env: next(one for one in examine(replace(settings, env=env)) if one.what == "second wall")
        for env in ("production", "development")
    }
    behind = next(one for one in examine(replace(settings, database_url=database_urls[1])) if one.what == "second wall")

    assert not found["production"].is_ok
    assert found["development"].is_ok
    assert "superuser" in found["development"].detail
    assert (behind.is_ok, behind.detail) == (True, "holds")
