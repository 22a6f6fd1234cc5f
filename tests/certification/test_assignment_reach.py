"""Whom assignments reach where agencies are archived, brought back or moved, and from which day on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from lms.access import Permission, Viewer
from lms.certification.assigned import assigned_to, here_for, overdue_among, people_to_ask
from lms.certification.assignment_lists import people_of
from lms.certification.assignment_reminders import assignments_due
from lms.clock import local_day, utc_now
from lms.database import db
from lms.people import agencies
from lms.people.agency_models import AgencyArrival
from lms.people.models import Agency, User
from lms.reporting.digests import Digest, load_digest
from tests.certification.test_assignments import DAY, ZONE, assign, days, noon, on, place, standing
from tests.conftest import QueryCount
from tests.reporting.records import add_course, administrator
from tests.support.world import World


@pytest.fixture
def state(world: World) -> int:
    return world.agency("State")


@pytest.fixture
def maker(world: World, state: int) -> int:
    return world.user("Maker")


@pytest.fixture
def course(world: World) -> int:
    return add_course(world, "one")


def archive(world: World, agency: int, day: date) -> None:
    """As if it had been done on a day."""

    def step() -> None:
        agencies.archive_agency(agency, actor_id=None)
        db.session.execute(update(Agency).where(Agency.id == agency).values(archived_at=noon(day)))

    world.write(step)


def restore(world: World, agency: int, day: date) -> None:
    world.write(lambda: agencies.restore_agency(agency, day=day, actor_id=None))


def move(world: World, agency: int, parent: int | None, day: date) -> None:
    world.write(lambda: agencies.move_agency(agency, parent, day=day, actor_id=None))


def looked_at(world: World, agency: int, look: Callable[[Viewer], object]) -> object:
    return world.read(lambda: look(administrator(agency)))


# --- archived -------------------------------------------------------------------------------------------------------


def test_an_archived_agency_asks_nothing_of_anybody(world: World, state: int, maker: int, course: int) -> None:
    school = world.agency("School", parent=state)
    gone, both = world.user(agency=school), world.user(agency=school)
    place(world, both, state, DAY - days(100))
    assign(world, state, course, maker=maker, due_days=10)

    before = [standing(world, user, DAY + days(11)) for user in (gone, both)]
    archive(world, school, DAY + days(12))

    assert before == [("overdue", DAY + days(10))] * 2
    assert [standing(world, user, DAY + days(13)) for user in (gone, both)] == [None, ("overdue", DAY + days(10))]


def test_who_works_only_in_an_archived_agency_is_in_no_list_no_digest_and_gets_no_reminder(
    world: World, state: int, maker: int, course: int
) -> None:
    today = local_day(utc_now(), ZONE)
    school = world.agency("School", parent=state)
    user = world.user("Kim Park", agency=school)
    assignment = assign(world, state, course, maker=maker, due_days=10, day=today - days(30))
    world.write(lambda: db.session.execute(update(User).values(password_hash="x", email_verified_at=utc_now())))

    def counted() -> list[object]:
        as_of = on(today)
        return [
            looked_at(world, state, lambda one: user in db.session.scalars(overdue_among(one, as_of)).all()),
            looked_at(world, state, lambda one: user in [row.user_id for row in people_of(one, assignment, as_of)[1]]),
            looked_at(world, state, lambda one: "Kim Park" in str(load_digest(one, as_of.now, ZONE).overdue_lines)),
            world.read(lambda: user in [one.user_id for one in assignments_due(as_of.now, ZONE, 0)[0]]),
        ]

    before = counted()
    archive(world, school, today - days(1))

    assert before == [True] * 4
    assert counted() == [False] * 4


def test_a_place_in_an_archived_agency_does_not_make_a_later_one_an_old_one(
    world: World, state: int, maker: int, course: int
) -> None:
    school = world.agency("School", parent=state)
    follows, later = world.user(agency=school), world.user(agency=school)
    assign(world, state, course, maker=maker, due_days=30)
    archive(world, school, DAY + days(50))
    place(world, follows, state, DAY + days(50))
    place(world, later, state, DAY + days(70))

    found = [standing(world, user, DAY + days(75)) for user in (follows, later)]

    assert found == [("overdue", DAY + days(30)), ("due", DAY + days(100))]


def test_who_comes_back_with_their_agency_has_the_number_of_days_anew_but_a_slip_changes_nothing(
    world: World, state: int, maker: int, course: int
) -> None:
    long, short = world.agency("Long", parent=state), world.agency("Short", parent=state)
    users = world.user(agency=long), world.user(agency=short)
    assign(world, state, course, maker=maker, due_days=30)
    assign(world, long, add_course(world, "own"), maker=maker, due_days=30)
    archive(world, long, DAY + days(50))
    world.write(lambda: agencies.archive_agency(short, actor_id=None))

    restore(world, long, DAY + days(90))
    restore(world, short, DAY + days(90))

    lines = world.read(lambda: standing_lines(users[0]))
    assert lines == [("due", DAY + days(120))] * 2
    assert standing(world, users[1], DAY + days(90)) == ("overdue", DAY + days(30))


def standing_lines(user: int) -> list[tuple[str, date]]:
    return [(one.state, one.due_on) for one in assigned_to(user, on(DAY + days(90)))]


# --- moved ----------------------------------------------------------------------------------------------------------


def test_who_comes_below_an_assigning_agency_with_their_own_has_the_number_of_days_from_then(
    world: World, state: int, maker: int, course: int
) -> None:
    district = world.agency("District")
    school = world.agency("School", parent=district)
    user = world.user(agency=school)
    assign(world, state, course, maker=maker, due_days=30, due_on=DAY + days(40))
    moved = DAY + days(200)

    move(world, district, state, moved)

    assert standing(world, user, moved) == ("due", moved + days(30))
    assert standing(world, user, moved + days(31)) == ("overdue", moved + days(30))


def test_a_move_below_the_same_assigning_agency_changes_no_due_day(
    world: World, state: int, maker: int, course: int
) -> None:
    first, second = world.agency("First", parent=state), world.agency("Second", parent=state)
    school = world.agency("School", parent=first)
    user = world.user(agency=school)
    assign(world, state, course, maker=maker, due_days=30)
    assign(world, second, add_course(world, "two"), maker=maker, due_days=30)

    move(world, school, second, DAY + days(60))

    found = world.read(lambda: dict(standing_by_course(user, DAY + days(60))))
    assert found == {"one": ("overdue", DAY + days(30)), "two": ("due", DAY + days(90))}


def standing_by_course(user: int, day: date) -> list[tuple[str, tuple[str, date]]]:
    return [(one.slug, (one.state, one.due_on)) for one in assigned_to(user, on(day))]


def test_who_leaves_with_their_agency_and_comes_back_begins_anew(
    world: World, state: int, maker: int, course: int
) -> None:
    other, school = world.agency("Other"), world.agency("School", parent=state)
    user = world.user(agency=school)
    assign(world, state, course, maker=maker, due_days=30)

    move(world, school, other, DAY + days(50))
    away = standing(world, user, DAY + days(55))
    move(world, school, state, DAY + days(60))

    assert away is None
    assert standing(world, user, DAY + days(61)) == ("due", DAY + days(90))


def test_who_was_in_reach_by_another_place_all_along_gains_no_days_by_a_move(
    world: World, state: int, maker: int, course: int
) -> None:
    elsewhere = world.agency("Elsewhere")
    user = world.user()
    place(world, user, elsewhere, DAY - days(500))
    place(world, user, state, DAY - days(400))
    assign(world, state, course, maker=maker, due_days=30)

    move(world, elsewhere, state, DAY + days(50))

    assert standing(world, user, DAY + days(50)) == ("overdue", DAY + days(30))


def test_a_place_that_ended_before_its_agency_came_here_is_no_time_here(
    world: World, state: int, maker: int, course: int
) -> None:
    elsewhere, user = world.agency("Elsewhere"), world.user()
    place(world, user, elsewhere, DAY - days(500), DAY + days(20))
    place(world, user, state, DAY + days(20))
    assign(world, state, course, maker=maker, due_days=30)

    move(world, elsewhere, state, DAY + days(50))

    assert standing(world, user, DAY + days(49)) == ("due", DAY + days(50))


def test_rows_are_kept_only_for_those_who_lie_above_now(world: World, state: int) -> None:
    top, district = world.agency("Top"), world.agency("District")
    school = world.agency("School", parent=district)

    move(world, district, state, DAY)
    move(world, district, top, DAY + timedelta(days=1))

    rows = world.read(
        lambda: db.session.execute(
            select(AgencyArrival.agency_id, AgencyArrival.above_id, AgencyArrival.since_on)
        ).all()
    )
    assert sorted(map(tuple, rows)) == [
        (district, top, DAY + timedelta(days=1)),
        (school, top, DAY + timedelta(days=1)),
    ]


# --- how much it costs ----------------------------------------------------------------------------------------------


def test_counts_and_names_come_of_one_statement_also_where_nobody_stands_so(
    world: World, state: int, maker: int, course: int, count_queries: QueryCount
) -> None:
    today = local_day(utc_now(), ZONE)
    for _ in range(3):
        world.user(agency=state)
    assignment = assign(world, state, course, maker=maker, due_days=10, day=today - days(30))
    as_of = on(today)

    count_queries.statements.clear()
    late, waived = (
        looked_at(world, state, lambda one, which=which: people_of(one, assignment, as_of, state=which))
        for which in ("overdue", "waived")
    )
    asked = [one for one in count_queries.statements if "lms_assigned_people" in one]
    digest = looked_at(world, state, lambda one: load_digest(one, as_of.now, ZONE))

    assert len(asked) == 2
    assert isinstance(late, tuple)
    assert isinstance(waived, tuple)
    assert isinstance(digest, Digest)
    assert [(counted.by_state["overdue"], len(people)) for counted, people, _next in (late, waived)] == [(3, 3), (3, 0)]
    assert (digest.overdue, len(digest.overdue_lines)) == (3, 3)
    assert len([one for one in count_queries.statements if "lms_assigned_people" in one]) == 3


def test_people_are_looked_for_first_only_where_a_viewer_reaches_a_small_part(world: World, state: int) -> None:
    district = world.agency("District", parent=state)
    for _ in range(2):
        world.agency("School", parent=district)
    alone = world.agency("Alone")

    def asks_everybody(*agencies_of: int) -> bool:
        viewer = administrator(*agencies_of)
        here = here_for(viewer, Permission.SEE_PEOPLE, DAY)
        return people_to_ask(viewer, here, Permission.SEE_PEOPLE) is None

    found = world.read(lambda: [asks_everybody(*who) for who in ((), (state,), (district,), (alone,), (state, alone))])

    assert found == [True, True, False, False, True]
