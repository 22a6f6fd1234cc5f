"""What is assigned to whom, until when, and what is overdue: the one definition, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.access import Viewer
from lms.certification import assignment_lists
from lms.certification.assigned import Assigned, assigned_to, one_for_each, overdue_among
from lms.certification.assignment_lists import list_assignments, touched_by
from lms.certification.assignment_rules import AsOf
from lms.certification.assignments import due_day
from lms.certification.models import Certification
from lms.certification.training_models import ExternalTraining
from lms.clock import utc_now
from lms.database import db
from lms.errors import Conflict, Invalid
from lms.learning import exceptions
from lms.learning.assignment_models import AssignedPerson, Assignment
from lms.learning.assignments import Draft, change_assignment, draft_of, end_assignment, make_assignment
from lms.people.models import Agency, AuditEvent, Membership
from lms.people.signins import load_viewer
from tests.reporting.records import add_course, administrator, award, enroll
from tests.support.world import World

ZONE = "America/Chicago"
DAY = date(2026, 3, 1)
"""On which assignments of these tests begin."""


def days(number: int) -> timedelta:
    return timedelta(days=number)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 18, tzinfo=UTC)


def on(day: date) -> AsOf:
    return AsOf.at(noon(day), ZONE)


def assign(
    world: World,
    agency: int,
    course: int | None,
    *,
    maker: int,
    due_days: int = 30,
    due_on: date | None = None,
    discipline: str | None = None,
    people: frozenset[int] = frozenset(),
    certification: int | None = None,
    day: date = DAY,
) -> int:
    audience = "people" if people else "discipline" if discipline else "everybody"
    draft = Draft(agency, course, certification, audience, discipline, due_on, due_days, people)
    return world.write(lambda: make_assignment(draft, day=day, now=noon(day), actor_id=maker).id)


def place(world: World, user: int, agency: int, since: date, until: date | None = None, **more: str) -> None:
    discipline = more.get("discipline", "healthcare")
    world.write(
        lambda: db.session.add(
            Membership(user_id=user, agency_id=agency, discipline=discipline, started_on=since, ended_on=until)
        )
    )


def standing(world: World, user: int, day: date) -> tuple[str, date] | None:
    """State and due day of the only thing assigned to somebody."""
    lines = world.read(lambda: assigned_to(user, on(day)))
    assert len(lines) <= 1
    return (lines[0].state, lines[0].due_on) if lines else None


@pytest.fixture
def agency(world: World) -> int:
    return world.agency("District")


@pytest.fixture
def maker(world: World, agency: int) -> int:
    return world.user("Maker")


@pytest.fixture
def course(world: World) -> int:
    return add_course(world, "one")


# --- whom it reaches, and since when --------------------------------------------------------------------------------


def test_it_is_due_so_many_days_after_it_began_and_overdue_the_day_after(
    world: World, agency: int, maker: int, course: int
) -> None:
    user = world.user(agency=agency)
    assign(world, agency, course, maker=maker, due_days=30)

    due = DAY + days(30)

    assert standing(world, user, DAY) == ("due", due)
    assert standing(world, user, due) == ("due", due)
    assert standing(world, user, due + days(1)) == ("overdue", due)


def test_it_costs_one_row_however_many_it_reaches(world: World, agency: int, maker: int, course: int) -> None:
    for _ in range(20):
        world.user(agency=agency)

    assign(world, agency, course, maker=maker)

    assert world.read(lambda: db.session.scalar(select(func.count()).select_from(Assignment))) == 1
    assert world.read(lambda: db.session.scalar(select(func.count()).select_from(AssignedPerson))) == 0


def test_somebody_new_is_in_reach_from_the_day_their_place_begins(
    world: World, agency: int, maker: int, course: int
) -> None:
    user, begins = world.user(), DAY + days(100)
    assign(world, agency, course, maker=maker, due_days=30)
    place(world, user, agency, begins)

    assert standing(world, user, begins - days(1)) is None
    assert standing(world, user, begins) == ("due", begins + days(30))


def test_who_comes_after_a_fixed_day_has_the_number_of_days(world: World, agency: int, maker: int, course: int) -> None:
    there, early, late = world.user(agency=agency), world.user(), world.user()
    fixed = DAY + days(60)
    assign(world, agency, course, maker=maker, due_days=30, due_on=fixed)
    place(world, early, agency, DAY + days(5))
    place(world, late, agency, DAY + days(50))

    found = [standing(world, user, DAY + days(55)) for user in (there, early, late)]

    assert found == [("due", fixed), ("due", fixed), ("due", DAY + days(80))]


def test_places_that_follow_each_other_are_one_time_and_a_gap_begins_anew(
    world: World, agency: int, maker: int, course: int
) -> None:
    school = world.agency("School", parent=agency)
    moved, returned = world.user(), world.user()
    assign(world, agency, course, maker=maker, due_days=30)
    for user, gap in ((moved, 0), (returned, 1)):
        place(world, user, agency, DAY - days(400), DAY + days(20))
        place(world, user, school, DAY + days(20 + gap))

    found = [standing(world, user, DAY + days(31)) for user in (moved, returned)]

    assert found == [("overdue", DAY + days(30)), ("due", DAY + days(51))]


def test_it_reaches_the_subtree_and_the_discipline_and_nobody_else(
    world: World, agency: int, maker: int, course: int
) -> None:
    school, other = world.agency("School", parent=agency), world.agency("Elsewhere")
    teacher = world.user(agency=school, discipline="schools")
    nurse = world.user(agency=school, discipline="healthcare")
    stranger = world.user(agency=other, discipline="schools")
    assign(world, agency, course, maker=maker, discipline="schools")

    assert standing(world, teacher, DAY) is not None
    assert [standing(world, user, DAY) for user in (nurse, stranger)] == [None, None]


def test_named_people_are_reached_only_while_they_work_there(
    world: World, agency: int, maker: int, course: int
) -> None:
    named, beside = world.user(), world.user(agency=agency)
    place(world, named, agency, DAY - days(10), DAY + days(10))
    assign(world, agency, course, maker=maker, people=frozenset({named}))

    assert standing(world, named, DAY + days(9)) == ("due", DAY + days(30))
    assert standing(world, named, DAY + days(10)) is None
    assert standing(world, beside, DAY) is None


# --- what one holds -------------------------------------------------------------------------------------------------


def test_what_is_held_is_not_overdue_and_what_lapsed_is_due_again_on_its_last_day(
    world: World, agency: int, maker: int, course: int
) -> None:
    user = world.user(agency=agency)
    last = DAY + days(200)
    ends_at = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1, hours=5)  # midnight in Chicago
    world.write(lambda: award(user, course, valid_from=noon(DAY - days(9)), expires_at=ends_at))
    assign(world, agency, course, maker=maker, due_days=30)

    assert [standing(world, user, day) for day in (DAY + days(40), last)] == [
        ("held", DAY + days(30)),
        ("held", DAY + days(30)),
    ]
    assert standing(world, user, last + days(1)) == ("overdue", last)


def test_a_revoked_certificate_is_due_again_on_the_day_of_its_revocation(
    world: World, agency: int, maker: int, course: int
) -> None:
    user, revoked = world.user(agency=agency), DAY + days(100)

    def step() -> None:
        one = award(user, course, valid_from=noon(DAY), expires_at=None)
        one.revoked_at, one.revoked_reason = noon(revoked), "a test"

    world.write(step)
    assign(world, agency, course, maker=maker, due_days=30)

    assert standing(world, user, revoked) == ("due", revoked)
    assert standing(world, user, revoked + days(1)) == ("overdue", revoked)


def test_training_elsewhere_that_counts_as_it_and_a_course_without_certificate_are_held(
    world: World, agency: int, maker: int, course: int
) -> None:
    elsewhere, plain = world.user(agency=agency), world.user(agency=agency)

    def step() -> None:
        enroll(plain, course, noon(DAY), completed_at=noon(DAY))
        db.session.add(
            ExternalTraining(
                user_id=elsewhere,
                title="T",
                provider="P",
                completed_on=DAY,
                contact_minutes=60,
                course_id=course,
                valid_until=DAY + days(50),
                state="approved",
                submitted_at=noon(DAY),
                entered_by_id=elsewhere,
                decided_at=noon(DAY),
                decided_by_id=maker,
                decided_reason="seen",
            )
        )

    world.write(step)
    assign(world, agency, course, maker=maker, due_days=10)

    assert standing(world, elsewhere, DAY + days(50)) == ("held", DAY + days(10))
    assert standing(world, elsewhere, DAY + days(51)) == ("overdue", DAY + days(50))
    assert standing(world, plain, DAY + days(51)) == ("held", DAY + days(10))


def test_a_certification_is_held_by_its_certificate_and_not_by_that_of_a_course(
    world: World, agency: int, maker: int, course: int
) -> None:
    user = world.user(agency=agency)

    def make() -> int:
        one = Certification(slug="first-aid", created_at=utc_now())
        db.session.add(one)
        db.session.flush()
        return one.id

    number = world.write(make)
    world.write(lambda: award(user, course, valid_from=noon(DAY), expires_at=None))
    assign(world, agency, None, certification=number, maker=maker, due_days=10)

    assert standing(world, user, DAY + days(11)) == ("overdue", DAY + days(10))


# --- exceptions, change, end ----------------------------------------------------------------------------------------


def give(world: World, assignment: int, user: int, kind: str, until: date | None, maker: int) -> int:
    return world.write(
        lambda: (
            exceptions.give_exception(
                db.session.get_one(Assignment, assignment), user, kind, until, "a reason", now=noon(DAY), actor_id=maker
            ).id
        )
    )


def test_an_extension_moves_the_due_day_and_undoing_it_moves_it_back(
    world: World, agency: int, maker: int, course: int
) -> None:
    user = world.user(agency=agency)
    number = assign(world, agency, course, maker=maker, due_days=30)
    given = give(world, number, user, "extension", DAY + days(60), maker)

    during = standing(world, user, DAY + days(31))
    world.write(lambda: exceptions.undo_exception(given, "a slip", now=noon(DAY), actor_id=maker))

    assert during == ("due", DAY + days(60))
    assert standing(world, user, DAY + days(31)) == ("overdue", DAY + days(30))


def test_a_second_extension_takes_the_place_of_the_first(world: World, agency: int, maker: int, course: int) -> None:
    user = world.user(agency=agency)
    number = assign(world, agency, course, maker=maker)
    for until in (60, 50):
        give(world, number, user, "extension", DAY + days(until), maker)

    assert standing(world, user, DAY) == ("due", DAY + days(50))


def test_after_a_waiver_one_has_the_number_of_days_again(world: World, agency: int, maker: int, course: int) -> None:
    user, forever = world.user(agency=agency), world.user(agency=agency)
    number = assign(world, agency, course, maker=maker, due_days=30)
    give(world, number, user, "waiver", DAY + days(90), maker)
    give(world, number, forever, "waiver", None, maker)

    assert standing(world, user, DAY + days(90)) == ("waived", DAY + days(30))
    assert standing(world, user, DAY + days(91)) == ("due", DAY + days(121))
    assert standing(world, forever, DAY + days(999)) == ("waived", DAY + days(30))


def test_tomorrow_can_be_asked_for_in_the_evening_when_it_is_tomorrow_in_greenwich(
    world: World, agency: int, maker: int, course: int
) -> None:
    user, day = world.user(agency=agency), DAY + days(40)
    number = assign(world, agency, course, maker=maker, due_days=30)
    evening = datetime(day.year, day.month, day.day + 1, 1, tzinfo=UTC)
    as_of = AsOf.at(evening, ZONE)

    asked = world.write(
        lambda: (
            exceptions.ask_for_time(
                number, user, day + days(1), "ill", due_on=DAY + days(30), day=as_of.day, now=evening
            ).id
        )
    )

    assert (as_of.day, asked > 0) == (day, True)


def test_nobody_gives_themselves_more_time(world: World, agency: int, maker: int, course: int) -> None:
    number = assign(world, agency, course, maker=maker)

    with pytest.raises(Conflict):
        give(world, number, maker, "waiver", None, maker)


def test_a_change_keeps_what_was_before_and_refuses_who_saw_an_older_one(
    world: World, agency: int, maker: int, course: int
) -> None:
    user = world.user(agency=agency)
    number = assign(world, agency, course, maker=maker, due_days=30)
    longer = Draft(agency, course, None, "everybody", None, None, 60)

    def change(seen: int) -> None:
        world.write(lambda: change_assignment(number, longer, "more time", seen=seen, day=DAY, actor_id=maker))

    change(1)
    with pytest.raises(Conflict):
        change(1)
    with pytest.raises(Invalid):
        change(2)

    events = world.read(
        lambda: list(db.session.scalars(select(AuditEvent).where(AuditEvent.action == "assignment.changed")))
    )
    assert standing(world, user, DAY) == ("due", DAY + days(60))
    assert [(one.detail["before"]["due_days"], one.reason) for one in events] == [(30, "more time")]


def test_people_are_named_later_and_dated_from_then(world: World, agency: int, maker: int, course: int) -> None:
    first, second = world.user(agency=agency), world.user(agency=agency)
    number = assign(world, agency, course, maker=maker, due_days=30, people=frozenset({first}))
    other = Draft(agency, course, None, "people", None, None, 30, frozenset({second}))

    world.write(lambda: change_assignment(number, other, "swapped", seen=1, day=DAY + days(20), actor_id=maker))

    assert standing(world, first, DAY + days(20)) is None
    assert standing(world, second, DAY + days(20)) == ("due", DAY + days(50))
    assert world.read(lambda: draft_of(db.session.get_one(Assignment, number)).people) == {second}


def test_with_one_that_has_ended_nobody_is_overdue(world: World, agency: int, maker: int, course: int) -> None:
    user = world.user(agency=agency)
    number = assign(world, agency, course, maker=maker, due_days=1)

    world.write(lambda: end_assignment(number, "no more", now=noon(DAY + days(5)), actor_id=maker))

    assert standing(world, user, DAY + days(4)) == ("overdue", DAY + days(1))
    assert standing(world, user, DAY + days(6)) is None


def test_of_two_assignments_of_one_training_a_person_hears_of_the_one_due_first(
    world: World, agency: int, maker: int, course: int
) -> None:
    school = world.agency("School", parent=agency)
    user = world.user(agency=school)
    assign(world, agency, course, maker=maker, due_days=60)
    strict = assign(world, school, course, maker=maker, due_days=20)

    lines: list[Assigned] = world.read(lambda: assigned_to(user, on(DAY)))

    assert [one.assignment_id for one in one_for_each(lines)] == [strict]
    assert len(lines) == 2


# --- before it is saved ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("due_on", [None, DAY + days(10), DAY + days(45), DAY + days(90)])
@pytest.mark.parametrize("begins", [-5, 0, 1, 20, 60])
def test_the_worked_examples_say_what_the_definition_says(
    world: World, agency: int, maker: int, course: int, due_on: date | None, begins: int
) -> None:
    user, since = world.user(), max(DAY, DAY + days(begins))
    place(world, user, agency, DAY + days(begins))
    assign(world, agency, course, maker=maker, due_days=30, due_on=due_on)

    found = standing(world, user, since)

    assert found is not None
    assert found[1] == due_day(due_on, 30, DAY, since)


def test_the_look_before_saving_counts_whom_it_reaches_and_who_holds_it(
    context: Flask, world: World, agency: int, maker: int, course: int
) -> None:
    other = world.agency("Elsewhere")
    holder, told = world.user("Holder", agency=agency), world.user("Told", agency=agency)
    world.user("Free", agency=agency)
    world.user("Foreign", agency=other)
    world.write(lambda: award(holder, course, valid_from=noon(DAY - days(3)), expires_at=None))
    assign(world, agency, course, maker=maker, people=frozenset({told}))
    draft = Draft(agency, course, None, "everybody", None, None, 30)
    viewer: Viewer = administrator(agency)

    touched: Any = touched_by(viewer, draft, db.session.get_one(Agency, agency).path, on(DAY))

    assert (touched.tally.people, touched.tally.by_state["held"], touched.told_already) == (3, 1, 1)
    assert touched.names == ("Free", "Told")


def test_a_list_of_more_than_can_be_counted_shows_the_rules_without_numbers(
    world: World, agency: int, maker: int, course: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = world.read(lambda: administrator(agency))
    numbers = [assign(world, agency, course, maker=maker, due_days=number) for number in (10, 20)]
    ended = assign(world, agency, course, maker=maker)
    world.write(lambda: end_assignment(ended, "Over", now=noon(DAY), actor_id=maker))
    for _ in range(3):
        world.user(agency=agency)

    def listed() -> list[tuple[int, int | None]]:
        lines, _following = list_assignments(viewer, on(DAY))
        return [(one.assignment.id, one.people) for one in lines]

    counted = world.read(listed)
    monkeypatch.setattr(assignment_lists, "MOST_COUNTED", 5)
    uncounted = world.read(listed)

    people = counted[1][1]
    assert people == 3
    assert counted == [(ended, 0), (numbers[1], people), (numbers[0], people)]
    assert uncounted == [(ended, 0), (numbers[1], None), (numbers[0], None)]


@pytest.mark.parametrize("narrowed", [False, True])
def test_who_may_everywhere_sees_of_each_agency_what_its_administrator_sees(
    world: World, agency: int, maker: int, course: int, narrowed: bool
) -> None:
    other, late = world.agency("Other"), DAY + days(40)
    people = [world.user(agency=agency), world.user(agency=other)]
    gone = world.user()
    place(world, gone, agency, DAY - days(100), DAY - days(1))
    for one in (agency, other):
        assign(world, one, course, maker=maker)
    state = world.user("State")
    world.grant(state, "state-administrator")
    viewer = world.read(lambda: load_viewer(state))
    assert viewer is not None
    path = world.read(lambda: db.session.get_one(Agency, agency).path)

    ids = world.read(lambda: set(db.session.scalars(overdue_among(viewer, on(late), under=path if narrowed else None))))

    assert ids == set(people[:1] if narrowed else people)
