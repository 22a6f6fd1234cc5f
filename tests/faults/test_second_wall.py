"""A query that forgot its filter, and a connection that goes back to the pool, show nobody of another agency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from lms.access import Permission, Viewer, sight_of
from lms.database import Model, db, run_transaction
from lms.people.models import User
from lms.people.signins import load_viewer
from lms.wall.policies import POLICIES
from lms.wall.sight import NOBODY, SYSTEM, looking_as, standing_as
from lms.web.guards import needs, public
from tests.support.world import World

pytestmark = pytest.mark.postgresql_only


@dataclass(frozen=True, slots=True)
class Site:
    """Two agencies with a person and an administrator each."""

    world: World
    ana: int
    admin_of_ana: int
    ben: int
    admin_of_ben: int


@pytest.fixture
def site(world: World) -> Site:
    one, other = world.agency("One"), world.agency("Other")
    people = [world.user(name, agency=agency) for name, agency in (("Ana", one), ("Ben", other))]
    admins = [world.user(name, agency=agency) for name, agency in (("Admin of Ana", one), ("Admin of Ben", other))]
    for admin, agency in zip(admins, (one, other), strict=True):
        world.grant(admin, "agency-administrator", agency)
    return Site(world, people[0], admins[0], people[1], admins[1])


@pytest.fixture
def careless_view(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The page of people, as somebody would write it who forgot whose people they are; notes who served it."""
    served: list[int] = []

    @needs(Permission.SEE_PEOPLE)
    def show_everybody() -> Any:
        found = sorted(db.session.scalars(select(User.name)))
        # What was told in a transaction that commits would stay if it were told to the connection.
        run_transaction(lambda: served.append(db.session.scalar(select(func.pg_backend_pid())) or 0))
        return jsonify(found)

    monkeypatch.setitem(app.view_functions, "people.show_people", show_everybody)
    return served


def names(client: FlaskClient) -> list[str]:
    found: list[str] = client.get("/people").get_json()
    return found


def test_a_view_that_forgot_its_filter_shows_nobody_of_another_agency(site: Site, careless_view: list[int]) -> None:
    assert names(site.world.client_of(site.admin_of_ana)) == ["Admin of Ana", "Ana"]
    assert names(site.world.client_of(site.admin_of_ben)) == ["Admin of Ben", "Ben"]


def test_after_a_write_the_same_request_sees_no_more_than_before(site: Site, app: Flask) -> None:
    def read_write_read() -> list[int]:
        before = db.session.scalars(select(User.id)).all()
        run_transaction(lambda: None)
        after = db.session.scalars(select(User.id)).all()
        return [len(before), len(after)]

    assert seen_by(app, site.ana, read_write_read) == [1, 1]


def test_a_pooled_connection_keeps_nothing_of_the_request_before(
    site: Site, careless_view: list[int], app: Flask
) -> None:
    state = site.world.user("State")
    site.world.grant(state, "state-administrator")
    client = site.world.client_of(state)
    with app.app_context():
        db.engine.dispose()
    assert len(names(client)) == 5

    with app.app_context(), db.engine.connect() as connection:
        served_by = connection.execute(select(func.pg_backend_pid())).scalar()
        told = connection.execute(text("SELECT current_setting('lms.mode', true), current_setting('lms.people', true)"))
        assert [value or "" for value in told.one()] == ["", ""]
        assert connection.execute(select(func.count()).select_from(User)).scalar() == 0
    assert served_by in careless_view


def test_a_transaction_of_which_nobody_said_who_looks_sees_no_row_of_any_table(site: Site, app: Flask) -> None:
    with standing_as(NOBODY), app.app_context():
        counts = {
            name: db.session.scalar(select(func.count()).select_from(Model.metadata.tables[name])) for name in POLICIES
        }

    assert counts == dict.fromkeys(POLICIES, 0)


def test_a_stranger_sees_no_row_of_any_table(site: Site, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one whose cookie was looked up, with everything in sight, a moment before in the same transaction."""

    @public
    def count_everything() -> Any:
        return jsonify(
            {
                name: db.session.scalar(select(func.count()).select_from(Model.metadata.tables[name]))
                for name in POLICIES
            }
        )

    monkeypatch.setitem(app.view_functions, "operations.show_health", count_everything)
    client = app.test_client()
    client.set_cookie("lms", "s.a-token-that-is-nobodys")

    assert client.get("/healthz").get_json() == dict.fromkeys(POLICIES, 0)
    assert app.test_client().get("/healthz").get_json() == dict.fromkeys(POLICIES, 0)


def test_no_setting_outlives_a_failed_statement(site: Site, app: Flask) -> None:
    with standing_as(NOBODY), app.app_context():
        with pytest.raises(Exception, match="no_such"), looking_as(sight_of(viewer(site.admin_of_ana))):
            db.session.execute(text("SELECT * FROM no_such_table"))

        assert db.session.scalars(select(User.id)).all() == []


def viewer(user: int) -> Viewer:
    with looking_as(SYSTEM):
        found = load_viewer(user)
    assert found is not None
    return found


def seen_by(app: Flask, user: int, step: Callable[[], Any]) -> Any:
    with app.app_context(), looking_as(sight_of(viewer(user))):
        return step()
