"""Databases for tests: a fresh PostgreSQL database per worker, and emptying one between tests."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine, create_engine, make_url, text

import lms.schema  # noqa: F401 - every table is known
from lms.database import Model, engine_options, prepare_engine
from lms.people.audit_models import FIXED, sqlite_guards
from lms.wall.policies import raise_wall
from lms.wall.role import grant_to_application

STANDARD = "postgresql://postgres@127.0.0.1:5432/postgres"


def postgresql_address() -> str | None:
    """The server to test against: LMS_TEST_DATABASE_URL, or the standard local port; None where neither answers."""
    address = os.environ.get("LMS_TEST_DATABASE_URL", STANDARD).replace("+psycopg", "")
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return None
    return address


@contextmanager
def fresh_database(address: str, worker: str) -> Iterator[str]:
    """A database of its own on that server, dropped at the end."""
    name = f"lms_test_{worker}_{os.getpid()}"
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
    url = make_url(address).set(drivername="postgresql+psycopg", database=name)
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        with psycopg.connect(address, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def walled_database(address: str, worker: str) -> Iterator[tuple[str, str]]:
    """The same, as two addresses: its owner's, and that of a role for the application, for whom the wall holds."""
    with fresh_database(address, worker) as owner:
        url = make_url(owner)
        role, password = f"{url.database}_app", secrets.token_hex(16)
        with psycopg.connect(address, autocommit=True) as server:
            server.execute(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{password}'")
        try:
            yield owner, url.set(username=role, password=password).render_as_string(hide_password=False)
        finally:
            with psycopg.connect(address, autocommit=True) as server:
                # What the role was given goes with the database.
                server.execute(f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)')
                server.execute(f'DROP ROLE "{role}"')


def make_tables(owner_url: str, application_url: str) -> Engine:
    """All tables, the wall, and what the application's role needs; returns the owner's engine."""
    engine = create_engine(owner_url, **engine_options(owner_url))
    prepare_engine(engine)
    with engine.begin() as connection:
        Model.metadata.create_all(connection)
        raise_wall(connection)
        grant_to_application(connection, application_url)
    return engine


EMPTYING = text("""
DO $$
DECLARE
    one record;
    is_used boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'lms\\_%' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', one.tablename) INTO is_used;
        IF is_used THEN
            EXECUTE format('DELETE FROM %I', one.tablename);
        END IF;
    END LOOP;
    FOR one IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', one.sequencename);
    END LOOP;
END $$
""")
"""Empties what has rows. Neither keys nor triggers look meanwhile. TRUNCATE would make hundreds of files anew each time."""


USED = text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'lms\\_%' AND pg_relation_size(oid) > 0")
"""Tables with pages: they are given back, so that rows of the next test lie in the order in which they are written."""


def empty(engine: Engine) -> None:
    """Remove every row of every table of ours; the audit's guards stand aside for it, which only the owner can do."""
    tables = [table.name for table in reversed(Model.metadata.sorted_tables)]
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(EMPTYING)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            used = connection.scalars(USED).all()
            if used:
                connection.execute(text(f"VACUUM {', '.join(used)}"))
        return
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA query_only=OFF")
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.execute("BEGIN IMMEDIATE")
        guards = {name: sql for table in FIXED for name, sql in sqlite_guards(table).items()}
        for name in guards:
            cursor.execute(f"DROP TRIGGER {name}")
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("DELETE FROM sqlite_sequence")
        for sql in guards.values():
            cursor.execute(sql)
        cursor.execute("COMMIT")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()
    finally:
        raw.close()
