"""The database: our `Model`, the session, UTC columns, constraint names, and how SQLite and PostgreSQL are set up."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import JSON, BigInteger, CursorResult, DateTime, Engine, Integer, MetaData, String, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

from lms.clock import local_day

T = TypeVar("T")

TABLE_PREFIX = "lms_"
"""Every table begins with it, so that a host application's own tables never collide with ours."""

VERSION_TABLE = "lms_alembic_version"
"""Where Alembic notes which migration the database is at."""

BUSY_SECONDS = 30
"""How long a SQLite connection waits for the write lock before the person is asked to try again."""

RETRIES = 4
"""How often a whole write transaction is run again after a deadlock or serialization failure."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC. A naive one is refused: it would mean a different moment on each server."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BigId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite only numbers rows by itself in an INTEGER column."""

NUMBERED_ONCE = {"sqlite_autoincrement": True}
"""Of tables whose rows can go, while the audit, what undoes something, mails and files still tell of them by number:
SQLite, which else gives the highest number again once it is free, then gives none twice, as PostgreSQL never does."""

primary_key = Annotated[int, mapped_column(BigId, primary_key=True)]
short_text = Annotated[str, mapped_column(String(64))]
line_text = Annotated[str, mapped_column(String(320))]
moment = Annotated[datetime, mapped_column(UtcDateTime())]
json_value = Annotated[Any, mapped_column(JSON())]

DIALECT_INSERTS: dict[str, Callable[[Any], Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """The base of every table. Tables are named `lms_<plural>` by each class; every constraint has a name."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {int: BigId, datetime: UtcDateTime(), dict[str, Any]: JSON(), list[Any]: JSON()}


class LmsSession(FlaskSession):
    """Reads through a read-only transaction until `writing()` opens the one that may write."""

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **options: Any) -> Engine | Connection:
        if bind is not None:
            return bind if self.info.get("writing") or not isinstance(bind, Engine) else read_only_engine(bind)
        engine: Engine | None = self.info.get("engine")
        if engine is None:
            # There is one database: the look through binds that Flask-SQLAlchemy makes for each statement is made once.
            engine = self.info["engine"] = db.engine
        return engine if self.info.get("writing") else read_only_engine(engine)


def read_only_engine(engine: Engine) -> Engine:
    """The same engine and pool, whose transactions cannot write."""
    reader: Engine | None = engine.__dict__.get("_lms_reader")
    if reader is None:
        options: dict[str, Any] = {"lms_read_only": True}
        if engine.dialect.name == "postgresql":
            options["postgresql_readonly"] = True
        reader = engine.execution_options(**options)
        engine.__dict__["_lms_reader"] = reader
    return reader


db = SQLAlchemy(
    metadata=Model.metadata,
    session_options={"class_": LmsSession, "expire_on_commit": False, "autoflush": True},
)


def engine_options(url: str) -> dict[str, Any]:
    """What `create_engine` is given for an address (see design: measured lock behaviour of SQLite)."""
    # Parameters are names and answers of people: no error shows them.
    dumps = {
        "json_serializer": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
        "hide_parameters": True,
    }
    if make_url(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS, "isolation_level": None}, **dumps}
    return {
        "pool_pre_ping": True,
        "pool_size": 8,
        "max_overflow": 8,
        "pool_timeout": 5,
        "connect_args": {
            "connect_timeout": 5,
            # Compiling took 3 of the 5 seconds of a report, and never pays for a page.
            "options": "-c jit=off -c statement_timeout=30000 -c lock_timeout=10000"
            " -c idle_in_transaction_session_timeout=60000",
        },
        **dumps,
    }


def prepare_engine(engine: Engine) -> None:
    """SQLite: WAL, full sync, foreign keys, and BEGIN IMMEDIATE for every transaction that may write."""
    if engine.dialect.name != "sqlite" or engine.__dict__.get("_lms_prepared"):
        return
    engine.__dict__["_lms_prepared"] = True

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.create_function("lms_last_day", 2, last_day_in_zone, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        is_read_only = connection.get_execution_options().get("lms_read_only", False)
        # Straight to the driver, past what SQLAlchemy does around a statement: every request begins here. The one that
        # may have to wait for the lock goes through SQLAlchemy, whose errors are the ones that are understood above.
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA query_only={'ON' if is_read_only else 'OFF'}")
        if is_read_only:
            driver.execute("BEGIN DEFERRED")
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def last_day_in_zone(ends_at: str | None, zone: str) -> str | None:
    """For SQLite, which knows no zones: the last day on which something counted that ends at a stored moment."""
    if ends_at is None:
        return None
    moment = datetime.fromisoformat(ends_at).replace(tzinfo=UTC) - timedelta(microseconds=1)
    return local_day(moment, zone).isoformat()


def insert_into(model: type[Model]) -> Any:
    """INSERT for the engine in use, with `on_conflict_do_nothing` and `on_conflict_do_update`, which both know."""
    return DIALECT_INSERTS[dialect_name()](model)


def dialect_name() -> str:
    """`sqlite` or `postgresql`: the engine in use."""
    return str(db.engine.dialect.name)


def count_changed(statement: Any) -> int:
    """Run an UPDATE or DELETE in the present transaction; the number of rows that it changed. (Not for an INSERT: its
    row count is unknown on PostgreSQL, ask it to return a column instead.)"""
    return int(cast("CursorResult[Any]", db.session.execute(statement)).rowcount)


@contextmanager
def writing() -> Iterator[Any]:
    """The one place where a transaction that may write is opened and committed.

    Ends the reading transaction first and forgets what was read, so that every check inside sees the present state.
    Yields the session; commits at the end, rolls back on any error. Services never commit.
    """
    session = db.session()
    session.rollback()
    session.expire_all()
    session.info["writing"] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["writing"] = False


def is_passing_trouble(error: DBAPIError) -> bool:
    """Whether running the whole transaction again may succeed: deadlock, serialization failure, lock not got, or
    another transaction inserted the same unique thing first (the next run sees it and says so in words)."""
    state = getattr(error.orig, "sqlstate", None)
    return state in {"40001", "40P01", "55P03", "23505"} or "database is locked" in str(error.orig)


def run_transaction(step: Callable[[], T]) -> T:
    """Run `step` in a write transaction; after passing trouble run the whole step again, a bounded number of times."""
    for tries_left in range(RETRIES, -1, -1):
        try:
            with writing():
                return step()
        except (OperationalError, IntegrityError) as error:
            if not tries_left or not is_passing_trouble(error) or "database is locked" in str(error.orig):
                raise
            time.sleep(random.uniform(0.01, 0.05) * (RETRIES - tries_left + 1))  # noqa: S311 - spreading, not secrecy
    raise AssertionError("unreachable")
