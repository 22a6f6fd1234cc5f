"""Migrations: the newest one equals the models, and each goes up, down and up again on both engines."""

from __future__ import annotations

import os
import re
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from lms import schema
from lms.database import prepare_engine
from tests.support.databases import fresh_database, postgresql_address


@pytest.fixture
def empty_url(engine_kind: str, tmp_path: Path) -> Iterator[str]:
    if engine_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'migrated.sqlite'}"
        return
    address = postgresql_address()
    if address is None:
        pytest.skip("no PostgreSQL answers: set LMS_TEST_DATABASE_URL or start one on its standard port")
    with fresh_database(address, f"migrations_{uuid.uuid4().hex[:8]}") as url:
        yield url


def engine_of(url: str):
    engine = create_engine(url, connect_args={"isolation_level": None} if url.startswith("sqlite") else {})
    prepare_engine(engine)
    return engine


def tables_of(url: str) -> set[str]:
    engine = engine_of(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def revisions() -> list[str]:
    script = ScriptDirectory.from_config(schema.alembic_config())
    return [one.revision for one in reversed(list(script.walk_revisions()))]


def test_the_newest_migration_equals_the_models(empty_url: str) -> None:
    schema.upgrade(empty_url)
    engine = engine_of(empty_url)

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"version_table": schema.VERSION_TABLE, "compare_type": True, "target_metadata": schema.metadata},
        )
        differences = compare_metadata(context, schema.metadata)
    engine.dispose()

    assert differences == []


@pytest.mark.sqlite_only
def test_the_migrations_build_the_same_triggers_as_the_program_says(empty_url: str, tmp_path: Path) -> None:
    schema.upgrade(empty_url)
    engine, said = engine_of(empty_url), engine_of(f"sqlite:///{tmp_path / 'said.sqlite'}")
    schema.metadata.create_all(said)

    built = []
    for one in (engine, said):
        with one.connect() as connection:
            built.append(
                connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            )
        one.dispose()

    assert sorted(built[0]) == sorted(built[1])
    assert len(built[0]) == 7


def test_each_revision_goes_up_down_and_up_again(empty_url: str) -> None:
    for before, revision in zip(["base", *revisions()], revisions(), strict=False):
        schema.upgrade(empty_url, revision)
        schema.downgrade(empty_url, before)
        schema.upgrade(empty_url, revision)

    assert {table.name for table in schema.metadata.sorted_tables} <= tables_of(empty_url)


def test_going_all_the_way_down_leaves_no_table_of_ours(empty_url: str) -> None:
    schema.upgrade(empty_url)

    schema.downgrade(empty_url, "base")

    assert tables_of(empty_url) - {schema.VERSION_TABLE} == set()


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    schema.upgrade(empty_url)
    before = tables_of(empty_url)

    schema.upgrade(empty_url)

    assert tables_of(empty_url) == before


def test_a_migration_that_fails_midway_leaves_the_database_as_it_was(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.upgrade(empty_url)
    before = tables_of(empty_url)

    def fail_midway(config: Config, revision: str) -> None:
        config.attributes["connection"].exec_driver_sql("CREATE TABLE lms_half_made (id INTEGER)")
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", fail_midway)
    with pytest.raises(RuntimeError, match="power"):
        schema.upgrade(empty_url)

    assert tables_of(empty_url) == before


def test_two_that_migrate_at_once_go_one_after_the_other(empty_url: str) -> None:
    together, errors = threading.Barrier(2), []

    def migrate() -> None:
        together.wait()
        try:
            schema.upgrade(empty_url)
        except Exception as error:  # what a thread raises would be lost
            errors.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert {table.name for table in schema.metadata.sorted_tables} <= tables_of(empty_url)


@pytest.mark.postgresql_only
def test_an_address_without_a_driver_is_spoken_to_by_the_one_there_is(empty_url: str) -> None:
    schema.upgrade(empty_url.replace("postgresql+psycopg://", "postgresql://"))

    assert "lms_users" in tables_of(empty_url)


def test_file_names_begin_with_their_day() -> None:
    names = os.listdir(schema.data_folder("migrations") / "versions")

    assert [
        name for name in names if name.endswith(".py") and not re.match(r"\d{4}_\d{2}_\d{2}_[a-z0-9_]+\.py$", name)
    ] == []


def test_every_table_and_constraint_of_ours_has_our_prefix_and_a_name() -> None:
    nameless = [
        f"{table.name}: {constraint}"
        for table in schema.metadata.sorted_tables
        for constraint in table.constraints
        if constraint.name is None
    ]

    assert all(table.name.startswith("lms_") for table in schema.metadata.sorted_tables)
    assert nameless == []
