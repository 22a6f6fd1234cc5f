"""The tree of agencies: it never has a loop, and a subtree is always a prefix of paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.counties import counties
from lms.database import db
from lms.errors import Conflict, Invalid, NotFound
from lms.people import agencies
from lms.people.models import Agency, AuditEvent
from tests.support.days import site_day
from tests.support.world import World

T = TypeVar("T")


def path_of(world: World, agency_id: int) -> str:
    return world.read(lambda: db.session.get_one(Agency, agency_id).path)


def refused(world: World, error: type[Exception], step: Callable[[], object]) -> None:
    with pytest.raises(error):
        world.write(step)


def test_a_new_agency_lies_below_its_parent(world: World) -> None:
    state = world.agency("State", kind="state")

    made = world.write(
        lambda: agencies.create_agency(name="  Oak   School ", kind="school", parent_id=state, actor_id=None)
    )

    assert made.path == f"/{state}/{made.id}/"
    assert made.name == "Oak School"


def test_a_county_must_be_one_of_missouri(world: World) -> None:
    def step() -> None:
        agencies.create_agency(name="One", kind="other", parent_id=None, county_fips="99999", actor_id=None)

    refused(world, Invalid, step)


def test_there_are_115_counties_and_two_are_st_louis() -> None:
    names = counties()

    assert len(names) == 115
    assert names["29510"] == "St. Louis City"
    assert names["29189"] == "St. Louis County"


def test_two_agencies_side_by_side_cannot_have_one_name(world: World) -> None:
    state = world.agency("State")
    world.agency("Peña School", parent=state)

    refused(
        world,
        Invalid,
        lambda: agencies.create_agency(name="PENA school", kind="school", parent_id=state, actor_id=None),
    )


def test_a_code_is_given_once(world: World) -> None:
    world.write(lambda: agencies.create_agency(name="A", kind="other", parent_id=None, code="X", actor_id=None))

    refused(
        world,
        Invalid,
        lambda: agencies.create_agency(name="B", kind="other", parent_id=None, code="X", actor_id=None),
    )


def test_moving_takes_everything_below_along(world: World) -> None:
    one, two = world.agency("One"), world.agency("Two")
    district = world.agency("District", parent=one)
    school = world.agency("School", parent=district)

    world.write(lambda: agencies.move_agency(district, two, day=site_day(), actor_id=None))

    assert path_of(world, district) == f"/{two}/{district}/"
    assert path_of(world, school) == f"/{two}/{district}/{school}/"


def test_an_agency_cannot_be_put_below_itself(world: World) -> None:
    top = world.agency("Top")
    below = world.agency("Below", parent=top)

    refused(world, Invalid, lambda: agencies.move_agency(top, below, day=site_day(), actor_id=None))
    refused(world, Invalid, lambda: agencies.move_agency(top, top, day=site_day(), actor_id=None))


def test_a_path_that_only_begins_with_the_same_digits_does_not_move(world: World) -> None:
    made = [world.agency(f"A{number}") for number in range(12)]
    first, eleventh = made[0], made[10]

    world.write(lambda: agencies.move_agency(first, made[1], day=site_day(), actor_id=None))

    assert path_of(world, eleventh) == f"/{eleventh}/"


def test_an_agency_in_use_below_keeps_the_one_above_from_being_archived(world: World) -> None:
    top = world.agency("Top")
    below = world.agency("Below", parent=top)

    refused(world, Conflict, lambda: agencies.archive_agency(top, actor_id=None))
    world.write(lambda: agencies.archive_agency(below, actor_id=None))
    world.write(lambda: agencies.archive_agency(top, actor_id=None))

    refused(world, Conflict, lambda: agencies.restore_agency(below, day=site_day(), actor_id=None))


def test_nothing_is_added_below_an_archived_agency(world: World) -> None:
    top = world.agency("Top")
    world.write(lambda: agencies.archive_agency(top, actor_id=None))

    refused(world, Conflict, lambda: agencies.create_agency(name="New", kind="other", parent_id=top, actor_id=None))


def test_an_agency_that_does_not_exist_is_not_found(world: World) -> None:
    refused(world, NotFound, lambda: agencies.move_agency(999, None, day=site_day(), actor_id=None))


def test_what_an_agency_was_called_stays_in_the_audit(world: World) -> None:
    agency = world.agency("Old name")

    world.write(
        lambda: agencies.change_agency(
            agency, name="New name", kind="other", county_fips=None, code=None, actor_id=None
        )
    )

    events = world.read(lambda: db.session.query(AuditEvent).filter_by(action="agency.changed").all())
    assert events[0].detail["changes"]["name"] == ["Old name", "New name"]


def test_changing_nothing_notes_nothing(world: World) -> None:
    agency = world.write(
        lambda: agencies.create_agency(name="Same", kind="other", parent_id=None, code="S", actor_id=None)
    )

    world.write(
        lambda: agencies.change_agency(agency.id, name="Same", kind="other", county_fips=None, code="S", actor_id=None)
    )

    assert world.read(lambda: db.session.query(AuditEvent).filter_by(action="agency.changed").count()) == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 7), st.integers(-1, 7)), max_size=15))
def test_after_any_moves_each_path_is_its_parents_with_its_own_id(
    context: Flask, world: World, moves: list[tuple[int, int]]
) -> None:
    made = [world.agency() for _ in range(8)]

    for who, where in moves:
        try:
            world.write(
                lambda who=who, where=where: agencies.move_agency(
                    made[who], None if where < 0 else made[where], day=site_day(), actor_id=None
                )
            )
        except Invalid:
            continue

    db.session.expire_all()
    found = {agency.id: agency for agency in db.session.query(Agency)}
    for agency in found.values():
        above = found[agency.parent_id].path if agency.parent_id else "/"
        assert agency.path == f"{above}{agency.id}/"
