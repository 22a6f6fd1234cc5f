"""Fixtures for all tests: the app on SQLite and on PostgreSQL, and a world of people to put into it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, event

from lms.app import create_app
from lms.database import db
from lms.wall.sight import SYSTEM, standing_as
from tests.support.databases import empty, make_tables, postgresql_address, walled_database
from tests.support.world import World

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if not os.environ.get("CI"):
    settings.load_profile("untimed")  # in CI Hypothesis has a profile of its own, which measures no time either


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `engine_kind` (so: for `app`) runs on each engine; `@pytest.mark.sqlite_only` on one."""
    if "engine_kind" in metafunc.fixturenames:
        kinds = ["sqlite"]
        if metafunc.definition.get_closest_marker("sqlite_only") is None:
            kinds.append("postgresql")
        if metafunc.definition.get_closest_marker("postgresql_only") is not None:
            kinds = ["postgresql"]
        metafunc.parametrize("engine_kind", kinds, scope="session")


@pytest.fixture(scope="session", autouse=True)
def test_sight() -> Iterator[None]:
    """What a test does by itself, outside of requests, sees everything; requests see what their viewer may."""
    with standing_as(SYSTEM):
        yield


@pytest.fixture(scope="session")
def database_urls(engine_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The owner's address, and the application's: on PostgreSQL another role, for whom the second wall holds."""
    if engine_kind == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('database') / 'test.sqlite'}"
        yield url, url
        return
    address = postgresql_address()
    if address is None:
        pytest.skip("no PostgreSQL answers: set LMS_TEST_DATABASE_URL or start one on its standard port")
    with walled_database(address, os.environ.get("PYTEST_XDIST_WORKER", "main")) as urls:
        yield urls


@pytest.fixture(scope="session")
def database_url(database_urls: tuple[str, str]) -> str:
    return database_urls[1]


@pytest.fixture(scope="session")
def owner_engine(database_urls: tuple[str, str]) -> Iterator[Engine]:
    """The tables, through their owner's eyes: who makes and empties them."""
    engine = make_tables(*database_urls)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def built_app(database_url: str, owner_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_app(
        {
            "database_url": database_url,
            "instance_path": str(tmp_path_factory.mktemp("instance")),
            "secret_key": "a secret for tests only, 32 characters or more",
            "site_url": "http://localhost",
            "demo": True,
        }
    )
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(built_app: Flask, owner_engine: Engine) -> Iterator[Flask]:
    """The application on an empty database."""
    yield built_app
    with built_app.app_context():
        db.session.remove()
    empty(owner_engine)
    limiter = built_app.extensions.get("limiter")
    for one in limiter or ():
        one.reset()


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """An application context around the test, for services called without HTTP."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def world(app: Flask) -> World:
    """Factories: agencies, people, roles, courses; each call commits."""
    return World(app)


@pytest.fixture
def tiny_course() -> Path:
    return Path(__file__).parent / "courses" / "tiny"


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A Redis to test against, database 15: LMS_TEST_REDIS_URL, or the standard local port."""
    url = os.environ.get("LMS_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
    try:
        Redis.from_url(url, socket_connect_timeout=2).ping()
    except RedisError:
        pytest.skip("no Redis answers: set LMS_TEST_REDIS_URL or start one on its standard port")
    return url


NOT_COUNTED = ("BEGIN", "PRAGMA", "COMMIT", "ROLLBACK", "SELECT set_config(")


class QueryCount:
    """Statements seen since it was made; `statements` lists them."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    @property
    def count(self) -> int:
        # Telling PostgreSQL who looks belongs to beginning a transaction, like BEGIN itself; SQLite has nothing to tell.
        return len([one for one in self.statements if not one.startswith(NOT_COUNTED)])


@pytest.fixture
def count_queries(app: Flask) -> Iterator[QueryCount]:
    """Counts the statements of everything that the test does from here on; reset with `.statements.clear()`."""
    counter = QueryCount()

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        counter.statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield counter
    event.remove(engine, "before_cursor_execute", note)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--strict-no-skips", action="store_true", help="a skipped test fails the run (CI)")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and config.getoption("--strict-no-skips"):
        terminalreporter.section("skipped tests fail CI", red=True)
        for report in skipped:
            terminalreporter.line(f"{report.nodeid}: {report.longrepr}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and session.config.getoption("--strict-no-skips"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
