"""The list of what was done: only the viewer's agencies, newest first, narrowed by person, agency, action and time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lms.access import Permission, visible_agencies
from lms.clock import utc_now
from lms.database import db
from lms.people.audit import PAGE_SIZE, AuditFilter, list_events, note
from lms.people.models import User
from lms.people.viewer import Grant, Viewer
from tests.support.world import World


@pytest.fixture
def agencies(world: World) -> tuple[int, int]:
    one, two = world.agency("One"), world.agency("Two")
    person = world.user("Ann")

    def deeds() -> None:
        note("role.granted", "user", person, actor_id=None, agency_id=one)
        note("agency.changed", "agency", one, actor_id=person, agency_id=one)
        note("agency.changed", "agency", two, actor_id=None, agency_id=two)
        note("password.changed", "user", person, actor_id=person)

    world.write(deeds)
    return one, two


def listed(world: World, path: str | None, wanted: AuditFilter | None = None) -> list[tuple[str, int | None]]:
    viewer = Viewer(0, "V", None, "en", grants=(Grant("agency-administrator", 0, path),))
    page = world.read(
        lambda: list_events(
            visible_agencies(viewer, Permission.SEE_AUDIT), wanted or AuditFilter(), is_everywhere=path is None
        )
    )
    return [(event.action, event.agency_id) for event in page.events]


def test_an_administrator_sees_their_agencies_events_only(world: World, agencies: tuple[int, int]) -> None:
    one, two = agencies

    assert listed(world, f"/{one}/") == [("agency.changed", one), ("role.granted", one)]
    assert listed(world, f"/{two}/") == [("agency.changed", two)]


def test_events_without_an_agency_are_for_who_sees_everything(world: World, agencies: tuple[int, int]) -> None:
    assert ("password.changed", None) in listed(world, None)


def test_filters_narrow_by_person_agency_action_and_time(world: World, agencies: tuple[int, int]) -> None:
    one, two = agencies
    later = utc_now() + timedelta(minutes=1)

    ann = world.read(lambda: db.session.query(User.id).scalar())
    assert listed(world, None, AuditFilter(person_id=ann)) == [
        ("password.changed", None),
        ("agency.changed", one),
        ("role.granted", one),
    ]
    assert listed(world, None, AuditFilter(under=f"/{two}/")) == [("agency.changed", two)]
    assert listed(world, None, AuditFilter(action="role")) == [("role.granted", one)]
    assert listed(world, None, AuditFilter(action="agency.changed")) == [
        ("agency.changed", two),
        ("agency.changed", one),
    ]
    assert listed(world, None, AuditFilter(since=later)) == []
    assert len(listed(world, None, AuditFilter(until=later))) == 4


def test_a_long_list_goes_on_where_the_page_ended_with_the_same_queries(world: World, count_queries) -> None:  # type: ignore[no-untyped-def]
    agency, person = world.agency(), world.user()

    def deeds() -> None:
        for number in range(PAGE_SIZE + 5):
            note("agency.changed", "agency", agency, actor_id=person, agency_id=agency, number=number)

    world.write(deeds)
    viewer = Viewer(0, "V", None, "en", grants=(Grant("agency-administrator", 0, f"/{agency}/"),))
    scope_of = visible_agencies(viewer, Permission.SEE_AUDIT)
    count_queries.statements.clear()

    first = world.read(lambda: list_events(scope_of, AuditFilter(), is_everywhere=False))
    assert count_queries.count == 3
    second = world.read(lambda: list_events(scope_of, AuditFilter(), is_everywhere=False, before=first.next_before))

    assert len(first.events) == PAGE_SIZE
    assert [event.detail["number"] for event in second.events] == [4, 3, 2, 1, 0]
    assert second.next_before is None
