"""Databases for tests: a fresh PostgreSQL database per worker, and emptying one between tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine, make_url, text

from lms.database import Model

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


def empty(engine: Engine) -> None:
    """Remove every row of every table of ours."""
    tables = [table.name for table in reversed(Model.metadata.sorted_tables)]
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE"))
        return
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA query_only=OFF")
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.execute("BEGIN IMMEDIATE")
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("COMMIT")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()
    finally:
        raw.close()
