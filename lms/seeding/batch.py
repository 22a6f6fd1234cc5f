"""Rows of many tables, noted down with their ids and written together: COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Table, func, insert, select, text

from lms.assessment.models import Attempt
from lms.catalog.versions import CurrentVersion
from lms.certification.facts import AwardSite
from lms.certification.models import Certificate
from lms.database import db, writing
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import Agency, Membership, User

Rows = dict[Any, list[dict[str, Any]]]


@dataclass(slots=True)
class Seed:
    """What all batches share. `next_ids` numbers rows here, so that one row may refer to another before it is sent."""

    now: datetime
    site: AwardSite
    versions: list[CurrentVersion]
    chance: random.Random
    next_ids: dict[Any, int]
    agencies: list[tuple[int, str, str]] = field(default_factory=list)
    rows: Rows = field(default_factory=dict)

    def add(self, model: Any, **values: Any) -> int:
        """Note down a row; returns its id."""
        number = self.next_ids[model]
        self.next_ids[model] = number + 1
        self.rows.setdefault(model, []).append({"id": number, **values})
        return number

    def ago(self, least_days: float, most_days: float) -> datetime:
        return self.now - timedelta(days=self.chance.uniform(least_days, most_days))


MODELS = (Agency, User, Membership, Enrollment, ModuleProgress, Attempt, Certificate)
"""In the order in which they refer to each other."""


def next_ids() -> dict[Any, int]:
    return {model: (db.session.scalar(select(func.max(model.id))) or 0) + 1 for model in MODELS}


def send(state: Seed) -> None:
    """Write what was noted down in one transaction: COPY on PostgreSQL, executemany on SQLite."""
    with writing():
        connection = db.session.connection()
        write = partial(_copy, connection) if connection.dialect.name == "postgresql" else partial(_insert, connection)
        for model in MODELS:
            rows = state.rows.pop(model, [])
            if rows:
                write(model.__table__, rows)


def _insert(connection: Any, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(insert(table), rows)


def _copy(connection: Any, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """By way of a table of this transaction: PostgreSQL refuses COPY into one with row-level security."""
    names = tuple(rows[0])
    with connection.connection.driver_connection.cursor() as cursor:
        columns = ", ".join(f'"{name}"' for name in names)
        select = f"SELECT {columns} FROM"
        cursor.execute(f"CREATE TEMPORARY TABLE seeded ON COMMIT DROP AS {select} {table.name} LIMIT 0")
        with cursor.copy(f"COPY seeded ({columns}) FROM STDIN") as copy:
            for values in _plain_values(rows, names):
                copy.write_row(values)
        cursor.execute(f"INSERT INTO {table.name} ({columns}) {select} seeded")
        cursor.execute("DROP TABLE seeded")


def _plain_values(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> Iterator[list[Any]]:
    for row in rows:
        values = (row[name] for name in names)
        yield [json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value for value in values]


def settle_tables() -> None:
    """Let numbering go on after the rows that were numbered here, and the planner know how many there are."""
    if db.session.get_bind().dialect.name == "postgresql":
        for model in MODELS:
            name = model.__tablename__
            db.session.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")  # noqa: S608
            )
    db.session.execute(text("ANALYZE"))
