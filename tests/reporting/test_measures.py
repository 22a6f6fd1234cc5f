"""What reports count: each person once, half-open moments, only the viewer's agencies, in as many queries as ever."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from lms.access import Viewer
from lms.database import db
from lms.errors import NotFound
from lms.people.models import Agency, User
from lms.reporting.inquiry import Filters, Inquiry, inquire
from lms.reporting.measures import Overview, load_overview, stream_rows
from lms.reporting.people_lists import list_expiring, list_in_progress, load_page, stream_people
from tests.conftest import QueryCount
from tests.reporting.records import add_course, administrator, award, enroll, place, see
from tests.support.world import World

NOW = datetime.fromisoformat("2026-11-24T12:00:00+00:00")
DISCIPLINES = ("schools", "healthcare", "law-enforcement")


def ask(viewer: Viewer, **filters: Any) -> Inquiry:
    return inquire(viewer, Filters(**filters), NOW, NOW.date())


def days(number: float) -> timedelta:
    return timedelta(days=number)


def figures_of(context: Flask, *agencies: int, **filters: Any) -> Any:
    with context.app_context():
        return load_overview(ask(administrator(*agencies), **filters)).total


@pytest.mark.parametrize(
    ("valid_from", "expires_at", "expected"),
    [
        (NOW, NOW + days(365), (1, 0)),
        (NOW + timedelta(microseconds=1), NOW + days(365), (0, 0)),
        (NOW - days(365), NOW, (0, 0)),
        (NOW - days(365), NOW + timedelta(microseconds=1), (1, 1)),
        (NOW - days(300), NOW + days(60), (1, 0)),
        (NOW - days(300), NOW + days(60) - timedelta(microseconds=1), (1, 1)),
        (NOW - days(300), None, (1, 0)),
    ],
    ids=["first-instant", "not-yet", "last-instant", "just-before", "window-end", "in-window", "never-ends"],
)
def test_a_certificate_counts_from_its_first_instant_until_the_one_it_expires_at(
    context: Flask, world: World, valid_from: datetime, expires_at: datetime | None, expected: tuple[int, int]
) -> None:
    course, agency = add_course(world, "one"), world.agency()
    user = world.user(agency=agency)
    world.write(lambda: award(user, course, valid_from=valid_from, expires_at=expires_at))

    total = figures_of(context, agency)

    assert (total.certified, total.expiring) == expected


def test_a_person_with_two_places_counts_in_both_lines_and_once_in_every_total(context: Flask, world: World) -> None:
    course, above = add_course(world, "one"), world.agency("Above")
    first, second = world.agency("A", parent=above), world.agency("B", parent=above)
    user = world.user(agency=first, discipline="schools")
    world.write(lambda: place(user, first, "healthcare"))
    world.write(lambda: place(user, second, "schools"))
    world.write(lambda: award(user, course, valid_from=NOW - days(9), expires_at=None))

    overview = load_overview(ask(administrator(above)))

    counted = [(row.part, row.agency_id, row.discipline, row.figures.certified) for row in overview.rows]
    assert counted == [
        ("cell", first, "healthcare", 1),
        ("cell", first, "schools", 1),
        ("agency", first, None, 1),
        ("cell", second, "schools", 1),
    ]
    assert [(row.discipline, row.figures.people) for row in overview.disciplines] == [("healthcare", 1), ("schools", 1)]
    assert (overview.total.people, overview.total.certified) == (1, 1)


def test_a_renewed_certificate_is_not_about_to_expire(context: Flask, world: World) -> None:
    course, agency = add_course(world, "one"), world.agency()
    user = world.user(agency=agency)
    world.write(lambda: award(user, course, valid_from=NOW - days(350), expires_at=NOW + days(15)))
    world.write(lambda: award(user, course, valid_from=NOW - days(1), expires_at=NOW + days(364), cycle=2))

    total = figures_of(context, agency)

    assert (total.certified, total.expiring) == (1, 0)


def test_a_revoked_certificate_and_an_ended_place_and_a_disabled_account_do_not_count(
    context: Flask, world: World
) -> None:
    course, agency = add_course(world, "one"), world.agency()
    revoked, gone, disabled = world.user(agency=agency), world.user(), world.user(agency=agency)
    world.write(lambda: award(revoked, course, valid_from=NOW - days(9), expires_at=None, revoked=True))
    world.write(lambda: place(gone, agency, "schools", ended_on=date(2026, 11, 24)))
    world.write(lambda: setattr(db.session.get_one(User, disabled), "disabled_at", NOW))

    total = figures_of(context, agency)

    assert (total.people, total.certified) == (1, 0)


def test_who_opened_nothing_for_thirty_days_is_idle(context: Flask, world: World) -> None:
    first, second, agency = add_course(world, "one"), add_course(world, "two"), world.agency()
    idle, busy, done = world.user(agency=agency), world.user(agency=agency), world.user(agency=agency)
    world.write(lambda: see(enroll(idle, first, NOW - days(90)), NOW - days(30)))
    world.write(lambda: enroll(busy, first, NOW - days(90)))
    world.write(lambda: see(enroll(busy, second, NOW - days(90)), NOW - days(29)))
    world.write(lambda: enroll(done, first, NOW - days(90), completed_at=NOW - days(80)))

    total = figures_of(context, agency)

    assert (total.in_progress, total.idle) == (2, 1)


def test_an_agency_out_of_scope_is_not_found(context: Flask, world: World) -> None:
    mine, other = world.agency(), world.agency()

    with pytest.raises(NotFound):
        ask(administrator(mine), agency_id=other)
    with pytest.raises(NotFound):
        load_overview(ask(administrator(mine)), after_agency_id=other)


def test_filters_narrow_by_subtree_county_discipline_and_course(context: Flask, world: World) -> None:
    one, two = add_course(world, "one"), add_course(world, "two")
    above = world.agency(county="29095")
    below, other = world.agency(parent=above, county="29019"), world.agency(county="29095")
    user = world.user(agency=below, discipline="schools")
    world.user(agency=other, discipline="healthcare")
    world.write(lambda: award(user, one, valid_from=NOW - days(9), expires_at=None))
    everywhere: Callable[..., Any] = lambda **filters: figures_of(context, **filters)  # noqa: E731

    assert (everywhere().people, everywhere(agency_id=above).people) == (2, 1)
    assert everywhere(county_fips="29095").people == 1
    assert everywhere(discipline="schools").people == 1
    assert (everywhere(course_slug="one").certified, everywhere(course_slug="two").certified) == (1, 0)
    assert two


def make_random_world(world: World, seed: int, agencies: int = 6, people: int = 40) -> SimpleNamespace:
    """A tree of agencies with people, places, awards and enrollments, all drawn from one seed."""
    chance = random.Random(seed)
    courses = [add_course(world, "one"), add_course(world, "two")]
    made: list[int] = []
    for _ in range(agencies):
        made.append(world.agency(parent=chance.choice([None, *made[-3:]]), county=chance.choice(["29095", "29019"])))

    def step() -> None:
        for number in range(people):
            user = User(name=f"Person {number}", email=f"p{seed}-{number}@test.example", language="en", created_at=NOW)
            db.session.add(user)
            db.session.flush()
            pairs = [(agency, discipline) for agency in made for discipline in DISCIPLINES]
            for agency, discipline in chance.sample(pairs, chance.choice([0, 1, 1, 1, 2, 3])):
                place(user.id, agency, discipline, chance.choice([None, None, NOW.date(), date(2026, 11, 25)]))
            for course in chance.sample(courses, chance.choice([0, 1, 2])):
                if chance.random() < 0.6:
                    end = chance.choice([None, NOW, NOW + days(1), NOW + days(60), NOW + days(200)])
                    award(user.id, course, valid_from=NOW - days(chance.choice([1, 50])), expires_at=end)
                else:
                    see(enroll(user.id, course, NOW - days(90)), NOW - days(chance.choice([1, 29, 30, 31])))
            if chance.random() < 0.1:
                user.disabled_at = NOW

    world.write(step)
    return SimpleNamespace(agencies=made, courses=courses)


@pytest.mark.parametrize("seed", range(4))
def test_page_file_and_lists_agree_and_stay_within_the_viewers_agencies(
    context: Flask, world: World, seed: int
) -> None:
    made = make_random_world(world, seed)
    chosen = random.Random(seed).sample(made.agencies, 2)
    viewer = administrator(*chosen)
    paths = [grant.agency_path or "" for grant in viewer.grants]
    for filters in ({}, {"discipline": "schools"}, {"course_slug": "one"}, {"county_fips": "29095"}):
        inquiry = ask(viewer, **filters)

        pages = all_pages(inquiry, size=1)
        file = list(stream_rows(inquiry))
        expiring, in_progress = (
            list(stream_people(list_expiring(inquiry))),
            list(stream_people(list_in_progress(inquiry))),
        )

        shown = [row for page in pages for row in page.rows]
        last = pages[-1]
        assert [row for row in file if row.agency_id is not None] == shown
        assert [row for row in file if row.part == "discipline"] == list(last.disciplines)
        assert [row.figures for row in file if row.part == "total"] == [last.total]
        assert len({line.user_id for line in expiring}) == last.total.expiring
        assert len({line.user_id for line in in_progress}) == last.total.in_progress
        seen = {row.agency_id for row in shown} | {line.agency_id for line in [*expiring, *in_progress]}
        for agency in seen:
            assert agency is not None
            assert any(db.session.get_one(Agency, agency).path.startswith(path) for path in paths)


def all_pages(inquiry: Inquiry, size: int) -> list[Overview]:
    pages = [load_overview(inquiry, size=size)]
    while pages[-1].next_agency_id is not None:
        pages.append(load_overview(inquiry, size=size, after_agency_id=pages[-1].next_agency_id))
    return pages


def test_a_list_continues_where_the_page_before_ended(context: Flask, world: World) -> None:
    make_random_world(world, 7, people=120)
    viewer = administrator()
    for query in (list_expiring(ask(viewer)), list_in_progress(ask(viewer))):
        whole = list(stream_people(query))

        lines, key = load_page(query, size=3)
        while key is not None:
            more, key = load_page(query, size=3, after=key)
            lines += more

        assert len(whole) > 3
        assert lines == whole


def test_the_number_of_queries_does_not_grow_with_agencies_and_people(
    context: Flask, world: World, count_queries: QueryCount
) -> None:
    counts = []
    for agencies, people in ((3, 10), (12, 80)):
        make_random_world_of = make_random_world if not counts else more_of_the_world
        make_random_world_of(world, 100 + people, agencies, people)
        viewer = administrator()
        count_queries.statements.clear()
        load_overview(ask(viewer))
        load_page(list_expiring(ask(viewer)))
        counts.append(count_queries.count)

    assert counts[0] == counts[1] == 2


def more_of_the_world(world: World, seed: int, agencies: int, people: int) -> None:
    made = [world.agency() for _ in range(agencies)]
    for number in range(people):
        world.user(agency=made[number % agencies])
