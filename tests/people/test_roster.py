"""Lists of people: only those in scope, found as one expects, paged without gaps, in a fixed number of queries."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.access import Permission, scope, visible_agencies
from lms.database import db
from lms.people.finding import UNPLACED, RosterFilter
from lms.people.memberships import end_membership, start_membership
from lms.people.models import Membership, User
from lms.people.roster import BY_LAST_NAME, BY_NAME, list_people, make_cursor, read_cursor
from lms.people.signins import load_viewer
from lms.people.viewer import Grant, Viewer
from tests.support.world import World

DAY = date(2026, 11, 23)


def viewer_over(*paths: str | None) -> Viewer:
    return Viewer(0, "V", None, "en", grants=tuple(Grant("agency-administrator", 0, path) for path in paths))


def names(world: World, viewer: Viewer, wanted: RosterFilter | None = None, **more: object) -> list[str]:
    everywhere = scope(viewer, Permission.SEE_PEOPLE) is None
    wanted = wanted or RosterFilter(is_everywhere=everywhere)
    return world.read(
        lambda: [
            row.name
            for row in list_people(visible_agencies(viewer, Permission.SEE_PEOPLE), wanted, day=DAY, **more).rows
        ]
    )


@pytest.fixture
def two_agencies(world: World) -> tuple[int, int]:
    one, two = world.agency("One"), world.agency("Two")
    world.user("José Núñez", email="jn@one.example", agency=one, discipline="schools")
    world.user("Ann Lee", email="ann@one.example", agency=one)
    world.user("Zoe Other", email="zoe@two.example", agency=two)
    return one, two


def test_only_people_in_scope_are_listed_by_name(world: World, two_agencies: tuple[int, int]) -> None:
    one, two = two_agencies

    assert names(world, viewer_over(f"/{one}/")) == ["Ann Lee", "José Núñez"]
    assert names(world, viewer_over(f"/{two}/")) == ["Zoe Other"]
    assert names(world, viewer_over()) == []


@pytest.mark.parametrize("search", ["jose", "JOSÉ", "nunez", "núñez jo", "jn@one", "  José   Núñez "])
def test_a_name_is_found_with_or_without_accents_and_in_any_order(
    world: World, two_agencies: tuple[int, int], search: str
) -> None:
    viewer = viewer_over(f"/{two_agencies[0]}/")

    assert names(world, viewer, RosterFilter(search=search)) == ["José Núñez"]


@pytest.mark.parametrize("search", ["%", "_", "jose' OR 1=1 --", "nobody", "\\"])
def test_signs_in_a_search_mean_themselves(world: World, two_agencies: tuple[int, int], search: str) -> None:
    assert names(world, viewer_over(f"/{two_agencies[0]}/"), RosterFilter(search=search)) == []


def test_a_person_is_found_by_the_name_they_have_now(world: World) -> None:
    agency = world.agency()
    user = world.user("Old Name", agency=agency)

    world.write(lambda: setattr(db.session.get_one(User, user), "name", "Nuevo Apellido"))

    assert names(world, viewer_over(f"/{agency}/"), RosterFilter(search="apellido")) == ["Nuevo Apellido"]


def test_a_roster_is_in_order_of_last_names_or_of_names_as_they_are_written(world: World) -> None:
    agency = world.agency()
    for name in (
        "Zoe Brown",
        "Ann Brown Smith",
        "García López, María",
        "Juan de la Cruz",
        "Ben BROWN",
        "Ángel Álvarez",
    ):
        world.user(name, agency=agency)
    viewer = viewer_over(f"/{agency}/")

    assert names(world, viewer, RosterFilter(), order=BY_LAST_NAME) == [
        "Ángel Álvarez",
        "Ben BROWN",
        "Zoe Brown",
        "Juan de la Cruz",
        "García López, María",
        "Ann Brown Smith",
    ]
    assert names(world, viewer, RosterFilter(), order=BY_NAME)[:3] == ["Ángel Álvarez", "Ann Brown Smith", "Ben BROWN"]


def test_a_person_stands_by_the_last_name_they_have_now(world: World) -> None:
    agency = world.agency()
    user = world.user("Ann Zeller", agency=agency)
    world.user("Ben Miller", agency=agency)

    world.write(lambda: setattr(db.session.get_one(User, user), "name", "Ann Baker"))

    found = names(world, viewer_over(f"/{agency}/"), RosterFilter(), order=BY_LAST_NAME)
    assert found == ["Ann Baker", "Ben Miller"]


def test_filters_narrow_to_a_subtree_and_a_discipline(world: World, two_agencies: tuple[int, int]) -> None:
    everybody = viewer_over(None)

    assert names(world, everybody, RosterFilter(under=f"/{two_agencies[1]}/")) == ["Zoe Other"]
    assert names(world, everybody, RosterFilter(discipline="schools")) == ["José Núñez"]


def test_who_has_left_is_listed_apart(world: World, two_agencies: tuple[int, int]) -> None:
    viewer = viewer_over(f"/{two_agencies[0]}/")
    ann = world.read(lambda: db.session.query(Membership.id).join(User).filter(User.name == "Ann Lee").scalar())
    world.write(lambda: end_membership(ann, day=DAY, actor_id=None))

    assert names(world, viewer) == ["José Núñez"]
    assert names(world, viewer, RosterFilter(status="past")) == ["Ann Lee"]


def test_a_place_ends_on_the_first_day_on_which_it_does_not_hold(world: World) -> None:
    agency = world.agency()
    world.user("Ann Lee", agency=agency)
    place = world.read(lambda: db.session.query(Membership.id).scalar())
    world.write(lambda: end_membership(place, day=DAY + timedelta(days=1), actor_id=None))

    assert names(world, viewer_over(f"/{agency}/")) == ["Ann Lee"]


def test_another_agencys_places_of_the_same_person_are_not_shown(world: World) -> None:
    mine, other = world.agency("Mine"), world.agency("Theirs")
    user = world.user("Both", agency=mine)
    world.write(lambda: start_membership(user, other, "schools", day=date(2020, 1, 1), actor_id=None))

    page = world.read(
        lambda: list_people(visible_agencies(viewer_over(f"/{mine}/"), Permission.SEE_PEOPLE), RosterFilter(), day=DAY)
    )

    assert [place.agency_name for place in page.rows[0].places] == ["Mine"]


def test_people_without_an_agency_are_found_by_who_sees_everybody_only(world: World) -> None:
    agency = world.agency()
    world.user("Placed", agency=agency)
    world.user("Unplaced")

    assert names(world, viewer_over(None), RosterFilter(status=UNPLACED, is_everywhere=True)) == ["Unplaced"]
    assert names(world, viewer_over(f"/{agency}/"), RosterFilter(status=UNPLACED)) == ["Placed"]


@pytest.mark.parametrize("order", [BY_NAME, BY_LAST_NAME])
def test_pages_follow_one_another_without_gap_or_repetition_and_back(world: World, order: str) -> None:
    agency = world.agency()
    for number in range(7):
        world.user(f"Same {number // 3} Name", agency=agency)
    scope_of = visible_agencies(viewer_over(f"/{agency}/"), Permission.SEE_PEOPLE)

    def page(**cursor: str | None):  # type: ignore[no-untyped-def]
        return world.read(lambda: list_people(scope_of, RosterFilter(), day=DAY, size=3, order=order, **cursor))

    first = page()
    second = page(after=first.next_cursor)
    third = page(after=second.next_cursor)
    back = page(before=third.previous_cursor)

    seen = [row.user_id for one in (first, second, third) for row in one.rows]
    assert len(seen) == len(set(seen)) == 7
    assert first.previous_cursor is None
    assert third.next_cursor is None
    assert [row.user_id for row in back.rows] == [row.user_id for row in second.rows]
    assert first.total == 7


@pytest.mark.parametrize("cursor", ["", "x", "!!!!", "W10", "WyJhIl0", make_cursor("a", 2**70), "ñ", "eyJhIjoxfQ"])
def test_a_mangled_cursor_shows_the_first_page(cursor: str) -> None:
    assert read_cursor(cursor) is None


def test_a_list_costs_the_same_queries_for_two_people_and_for_forty(world: World, count_queries) -> None:  # type: ignore[no-untyped-def]
    agency = world.agency()
    viewer = viewer_over(f"/{agency}/")
    counts = []
    for size in (2, 40):
        for _ in range(size):
            world.user(agency=agency)
        count_queries.statements.clear()
        names(world, viewer)
        counts.append(count_queries.count)

    assert counts == [3, 3]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parents=st.lists(st.integers(-1, 4), min_size=5, max_size=5),
    people=st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=8),
    over=st.sets(st.integers(0, 4), max_size=2),
)
def test_every_row_lies_within_the_viewers_agencies(
    context: Flask, world: World, parents: list[int], people: list[tuple[int, bool]], over: set[int]
) -> None:
    made: list[int] = []
    for number, parent in enumerate(parents):
        made.append(world.agency(parent=made[parent] if 0 <= parent < number else None))
    for where, _ in people:
        world.user(agency=made[where])
    viewer_id = world.user()
    for where in over:
        world.grant(viewer_id, "agency-administrator", made[where])
    viewer = load_viewer(viewer_id)
    db.session.rollback()

    for status in ("current", "past", "disabled"):
        page = list_people(visible_agencies(viewer, Permission.SEE_PEOPLE), RosterFilter(status=status), day=DAY)

        for row in page.rows:
            places = db.session.query(Membership).filter_by(user_id=row.user_id).all()
            assert any(
                place.agency.path.startswith(grant.agency_path or "-") for place in places for grant in viewer.grants
            )
