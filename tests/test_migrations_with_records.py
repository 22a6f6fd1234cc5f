"""Migrations of a database that is in use: every row of every table goes up and down; no rule or index is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Engine, MetaData, Table, create_engine, inspect, text
from sqlalchemy.types import JSON, Boolean, Date, DateTime, Integer, LargeBinary

from lms import schema
from lms.database import Model
from lms.people.names import license_key, sort_key
from tests.test_migrations import empty_url, engine_of, revisions, tables_of

__all__ = ["empty_url"]

ROWS = (1, 2, 3)
BEGIN = datetime(2026, 3, 14, 17, tzinfo=UTC)

WORDS: Mapping[tuple[str, str], str] = {
    ("lms_agencies", "kind"): "school",
    ("lms_certificates", "kind"): "team",
    ("lms_attempts", "role"): "final",
    ("lms_role_grants", "role"): "author",
    ("lms_course_versions", "change"): "revision",
    ("lms_external_trainings", "state"): "submitted",
}
"""Words where a rule of the first revision takes only some."""

REQUESTS = {"lms_join_requests": ["id", "user_id", "asked_at", "decided_at", "is_approved"]}


def value_of(table: Table, column: Column[Any], number: int) -> Any:
    """Something for a column in the row of this number. Ids and pointers are the number itself."""
    word = WORDS.get((table.name, column.name))
    if word is not None or column.name == "discipline":
        return word or "schools"
    kind = column.type
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, DateTime):
        return BEGIN + timedelta(days=number + ("expires" in column.name))
    if isinstance(kind, Date):
        return date(2026, 3, number + ("ended" in column.name))
    if isinstance(kind, JSON):
        return {"number": number}
    if isinstance(kind, LargeBinary):
        return bytes([number])
    if isinstance(kind, Integer):
        return number
    pointed = next((pointer.column.name for pointer in column.foreign_keys), column.name)
    return f"{number} {pointed}"[: getattr(kind, "length", None)]


@contextmanager
def reflected(url: str) -> Iterator[tuple[Engine, MetaData]]:
    engine = engine_of(url)
    tables = MetaData()
    tables.reflect(engine)
    try:
        yield engine, tables
    finally:
        engine.dispose()


def fill(url: str, only: Collection[str] = ()) -> None:
    """Some rows into every table (or `only` these), with a value in every column."""
    with reflected(url) as (engine, tables), engine.begin() as connection:
        for table in tables.sorted_tables:
            if table.name == schema.VERSION_TABLE or (only and table.name not in only):
                continue
            for number in ROWS:
                row = {column.name: value_of(table, column, number) for column in table.columns}
                connection.execute(table.insert().values(row))


def rows_of(url: str, names: Mapping[str, list[str]] | None = None) -> dict[str, list[Any]]:
    """Every row by table, in the columns named (by default all)."""
    found = {}
    with reflected(url) as (engine, tables), engine.connect() as connection:
        for table in tables.tables.values():
            columns = [column.name for column in table.columns] if names is None else names.get(table.name, [])
            if columns and table.name != schema.VERSION_TABLE:
                chosen = ", ".join(columns)
                rows = connection.exec_driver_sql(f"SELECT {chosen} FROM {table.name} ORDER BY 1, 2")
                found[table.name] = [tuple(row) for row in rows]
    return found


def columns_of(url: str) -> dict[str, list[str]]:
    with reflected(url) as (_, tables):
        return {table.name: [column.name for column in table.columns] for table in tables.tables.values()}


def rules_of(engine: Engine) -> tuple[dict[str, str], dict[str, str]]:
    """Check constraints and indexes by name, each as the engine says it."""
    looked = inspect(engine)
    checks = {
        f"{table}.{check['name']}": " ".join(check["sqltext"].split())
        for table in looked.get_table_names()
        for check in looked.get_check_constraints(table)
    }
    is_sqlite = engine.dialect.name == "sqlite"
    listed = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        if is_sqlite
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    with engine.connect() as connection:
        indexes = {name: " ".join(text.replace('"', "").split()) for name, text in connection.exec_driver_sql(listed)}
    return checks, {name: text for name, text in indexes.items() if schema.VERSION_TABLE not in name}


def test_every_row_goes_up_and_down_and_up_again(empty_url: str) -> None:
    first = revisions()[0]
    schema.upgrade(empty_url, first)
    fill(empty_url)
    before, columns = rows_of(empty_url), columns_of(empty_url)
    assert all(len(rows) == len(ROWS) for rows in before.values())

    schema.upgrade(empty_url)
    at_the_top = rows_of(empty_url, columns)
    schema.downgrade(empty_url, first)
    at_the_bottom = rows_of(empty_url)
    schema.upgrade(empty_url)

    assert at_the_top == before
    assert at_the_bottom == before
    assert rows_of(empty_url, columns) == before


def test_the_way_down_is_refused_where_records_would_be_lost(empty_url: str) -> None:
    schema.upgrade(empty_url, "20261125_certs")
    fill(empty_url, ("lms_users", "lms_courses", "lms_external_trainings"))
    before = rows_of(empty_url)

    with pytest.raises(RuntimeError, match="3 certifications and trainings"):
        schema.downgrade(empty_url, "20261125_batches")

    assert rows_of(empty_url) == before


def test_requests_to_join_by_a_work_address_keep_how_they_stand_on_the_way_up_and_down(empty_url: str) -> None:
    schema.upgrade(empty_url, "20261129_assign")
    engine = engine_of(empty_url)
    moments: dict[str, Any] = {"at": BEGIN.isoformat(" "), "yes": True, "no": False}
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO lms_agencies (id, name, kind, path, created_at) VALUES (1, 'A', 'school', '/1/', :at)",
            "INSERT INTO lms_users (id, name, search_text, language, wants_early_reminders, is_demo, created_at)"
            " VALUES (1, 'B', 'b', 'en', :yes, :no, :at)",
            "INSERT INTO lms_join_requests (id, user_id, agency_id, discipline, asked_at, decided_at, is_approved)"
            " VALUES (1, 1, 1, 'schools', :at, :at, :yes), (2, 1, 1, 'schools', :at, :at, :no),"
            " (3, 1, 1, 'schools', :at, NULL, NULL)",
        ):
            connection.execute(text(statement), moments)
    before = rows_of(empty_url, REQUESTS)

    schema.upgrade(empty_url, "20261129_agencies")
    with engine.connect() as connection:
        states = connection.scalars(text("SELECT state FROM lms_join_requests ORDER BY id")).all()
    schema.downgrade(empty_url, "20261129_assign")
    engine.dispose()

    assert states == ["approved", "refused", "waiting"]
    assert rows_of(empty_url, REQUESTS) == before


def test_migrations_lead_to_the_rules_and_indexes_of_the_models(empty_url: str, tmp_path: Path) -> None:
    schema.upgrade(empty_url)
    migrated = engine_of(empty_url)
    by_migrations = rules_of(migrated)
    if migrated.dialect.name == "sqlite":
        made = create_engine(f"sqlite:///{tmp_path / 'made.sqlite'}")
    else:
        schema.downgrade(empty_url, "base")
        made = create_engine(empty_url)

    Model.metadata.create_all(made)
    by_models = rules_of(made)
    made.dispose()
    migrated.dispose()

    for migrated_rules, made_rules in zip(by_migrations, by_models, strict=True):
        assert set(migrated_rules) ^ set(made_rules) == set()
        if isinstance(migrated_rules, dict):
            assert [name for name in made_rules if migrated_rules[name] != made_rules[name]] == []
    assert by_migrations == by_models


def test_a_row_of_ours_that_points_to_nothing_stops_a_migration_and_one_of_a_host_does_not(tmp_path: Path) -> None:
    path = tmp_path / "shared.sqlite"
    url, first = f"sqlite:///{path}", revisions()[0]
    with closing(sqlite3.connect(path)) as host, host:
        host.execute("CREATE TABLE pets (id INTEGER PRIMARY KEY)")
        host.execute("CREATE TABLE visits (pet_id INTEGER REFERENCES pets (id))")
        host.execute("INSERT INTO visits VALUES (7)")
    schema.upgrade(url, first)
    fill(url, ("lms_agencies",))
    with closing(sqlite3.connect(path)) as broken, broken:
        broken.execute("UPDATE lms_agencies SET parent_id = 99 WHERE id = 1")

    with pytest.raises(RuntimeError, match="1 rows that point to nothing"):
        schema.upgrade(url)


def numbered_once(url: str) -> set[str]:
    engine = engine_of(url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
        names = set(found.scalars())
    engine.dispose()
    return names


def rules_at(url: str) -> tuple[dict[str, str], dict[str, str]]:
    engine = engine_of(url)
    try:
        return rules_of(engine)
    finally:
        engine.dispose()


@pytest.mark.sqlite_only
def test_migrations_and_models_agree_on_which_tables_give_no_number_twice(empty_url: str) -> None:
    schema.upgrade(empty_url, "20261129_person_ways")
    rules = rules_at(empty_url)
    schema.upgrade(empty_url)
    said = {table.name for table in Model.metadata.sorted_tables if table.dialect_options["sqlite"]["autoincrement"]}

    assert numbered_once(empty_url) == said
    assert "lms_users" in said
    schema.downgrade(empty_url, "20261129_person_ways")
    assert numbered_once(empty_url) == set()
    assert rules_at(empty_url) == rules


@pytest.mark.sqlite_only
def test_no_step_back_to_there_lets_a_number_be_given_twice(empty_url: str) -> None:
    schema.upgrade(empty_url)
    said = numbered_once(empty_url)
    later = revisions()[revisions().index("20261129_once") :]

    for before in reversed(later[:-1]):
        schema.downgrade(empty_url, before)

        assert numbered_once(empty_url) == said & tables_of(empty_url), before


@pytest.mark.sqlite_only
def test_a_number_that_the_audit_or_a_merge_tells_of_is_not_given_again_after_the_upgrade(empty_url: str) -> None:
    schema.upgrade(empty_url, "20261129_person_ways")
    engine = engine_of(empty_url)
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO lms_users (id, name, search_text, language, wants_early_reminders, is_demo, created_at)"
            " VALUES (1, 'A', 'a', 'en', 1, 0, :at), (2, 'B', 'b', 'en', 1, 0, :at)",
            "INSERT INTO lms_audit_events (at, action, subject_kind, subject_id, detail)"
            " VALUES (:at, 'person.import-undone', 'user', 20, '{}')",
            "INSERT INTO lms_merges (kept_id, gone_id, merged_by_id, merged_at, reason, counts, undo_until)"
            " VALUES (1, 2, 1, :at, 'r', '{}', :at)",
            "INSERT INTO lms_merge_moves (merge_id, table_name, row_id, column_name)"
            " VALUES (1, 'lms_passkeys', 7, 'user_id')",
        ):
            connection.execute(text(statement), {"at": BEGIN.isoformat(" ")} if ":at" in statement else {})

    schema.upgrade(empty_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO lms_users (name, search_text, language, wants_early_reminders, is_demo, created_at)"
            " VALUES ('C', 'c', 'en', 1, 0, '2026-03-14')"
        )
        new = connection.exec_driver_sql("SELECT id FROM lms_users WHERE name = 'C'").scalar()
        passkeys = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'lms_passkeys'").scalar()
    engine.dispose()

    assert new == 21
    assert passkeys == 7


def test_licenses_of_before_are_found_by_their_numbers_after_the_upgrade(empty_url: str) -> None:
    schema.upgrade(empty_url, "20261130_stories")
    engine = engine_of(empty_url)
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO lms_users (id, name, search_text, language, wants_early_reminders, is_demo, created_at)"
            " VALUES (1, 'A', 'a', 'en', true, false, '2026-03-14 00:00:00+00:00')",
            "INSERT INTO lms_licenses (user_id, board, state, number, is_printed, added_at)"
            " VALUES (1, 'missouri-nursing', 'MO', 'rn-12 3.4/5', false, '2026-03-14 00:00:00+00:00')",
        ):
            connection.execute(text(statement))

    schema.upgrade(empty_url)
    with engine.begin() as connection:
        keys = list(connection.execute(text("SELECT number, number_key FROM lms_licenses")))
    engine.dispose()

    assert [tuple(row) for row in keys] == [("rn-12 3.4/5", license_key("rn-12 3.4/5"))]


def test_people_of_before_stand_by_their_last_names_after_the_upgrade(empty_url: str) -> None:
    schema.upgrade(empty_url, "20261130_arrivals")
    engine = engine_of(empty_url)
    names = ["Tasha Brown", "García López, María", "Martin King, Jr.", "Juan de la Cruz", "Cher", "Ana O’Brien-Smith"]
    with engine.begin() as connection:
        insert = text(
            "INSERT INTO lms_users (name, search_text, language, wants_early_reminders, is_demo, created_at)"
            " VALUES (:name, 'a', 'en', true, false, '2026-03-14 00:00:00+00:00')"
        )
        connection.execute(insert, [{"name": name} for name in names])

    schema.upgrade(empty_url)
    with engine.begin() as connection:
        keys = [tuple(row) for row in connection.execute(text("SELECT name, sort_key FROM lms_users ORDER BY id"))]
    engine.dispose()

    assert keys == [(name, sort_key(name)) for name in names]
