"""Overdue is one thing everywhere: figure, list, file, the roster's filter and people's own pages agree."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms.access import Permission, Viewer, visible_agencies
from lms.certification.assigned import assigned_to, one_for_each, overdue_among
from lms.certification.assignment_rules import AsOf
from lms.certification.assignments import OVERDUE
from lms.clock import utc_now
from lms.database import db
from lms.learning.assignment_models import AssignedPerson, Assignment, AssignmentException
from lms.people.finding import RosterFilter
from lms.people.models import Agency, User
from lms.people.roster import list_people
from lms.reporting.digests import load_digest
from lms.reporting.inquiry import Filters, Inquiry, inquire
from lms.reporting.measures import load_overview, stream_rows
from lms.reporting.overdue import count_overdue, load_overdue, stream_overdue
from tests.conftest import QueryCount
from tests.reporting.records import add_course, administrator, award, enroll, place
from tests.support.days import site_day
from tests.support.world import World

NOW = datetime.fromisoformat("2026-11-24T18:00:00+00:00")
TODAY = NOW.date()
ZONE = "America/Chicago"
DISCIPLINES = ("schools", "healthcare", "law-enforcement")


def days(number: float) -> timedelta:
    return timedelta(days=number)


def ask(viewer: Viewer, **filters: Any) -> Inquiry:
    return inquire(viewer, Filters(**filters), NOW, TODAY, ZONE)


def make_random_world(world: World, seed: int, agencies: int = 6, people: int = 30, rules: int = 8) -> SimpleNamespace:
    """Agencies in a tree, people with places that came and went, awards, and assignments with exceptions."""
    chance = random.Random(seed)
    courses = [add_course(world, "one"), add_course(world, "two")]
    made: list[int] = []
    for _ in range(agencies):
        made.append(world.agency(parent=chance.choice([None, *made[-3:]]), county=chance.choice(["29095", "29019"])))
    maker = world.user("Maker")

    def step() -> list[int]:
        ids = []
        for number in range(people):
            user = User(name=f"Person {number}", email=f"p{seed}-{number}@test.example", language="en", created_at=NOW)
            db.session.add(user)
            db.session.flush()
            ids.append(user.id)
            pairs = [(agency, discipline) for agency in made for discipline in DISCIPLINES]
            for agency, discipline in chance.sample(pairs, chance.choice([0, 1, 1, 2, 3])):
                place(user.id, agency, discipline, chance.choice([None, None, None, TODAY, date(2026, 11, 25)]))
            for course in chance.sample(courses, chance.choice([0, 0, 1, 2])):
                if chance.random() < 0.7:
                    end = chance.choice([None, NOW, NOW - days(3), NOW + days(1), NOW + days(200)])
                    award(user.id, course, valid_from=NOW - days(50), expires_at=end, revoked=chance.random() < 0.2)
                else:
                    enroll(user.id, course, NOW - days(90), completed_at=chance.choice([None, NOW - days(10)]))
            if chance.random() < 0.1:
                user.disabled_at = NOW
        for _ in range(rules):
            add_rule(chance, made, courses, ids, maker)
        return ids

    return SimpleNamespace(agencies=made, courses=courses, people=world.write(step))


def add_rule(chance: random.Random, agencies: list[int], courses: list[int], people: list[int], maker: int) -> None:
    """A random assignment with random exceptions. Inside of a write transaction."""
    audience = chance.choice(["everybody", "everybody", "discipline", "people"])
    starts = TODAY - days(chance.choice([0, 5, 40, 200]))
    rule = Assignment(
        agency_id=chance.choice(agencies), course_id=chance.choice(courses), audience=audience,
        discipline=chance.choice(DISCIPLINES) if audience == "discipline" else None,
        due_on=chance.choice([None, starts + days(3), TODAY + days(10)]), due_days=chance.choice([1, 30, 100]),
        starts_on=starts, made_at=NOW, made_by_id=maker,
        ended_at=NOW - days(1) if chance.random() < 0.1 else None,
        ended_reason=None,
    )  # fmt: skip
    rule.ended_reason = "a test" if rule.ended_at else None
    db.session.add(rule)
    db.session.flush()
    if audience == "people":
        for user in chance.sample(people, min(8, len(people))):
            db.session.add(AssignedPerson(assignment_id=rule.id, user_id=user, added_on=starts))
    for user in chance.sample(people, min(6, len(people))):
        kind = chance.choice(["extension", "waiver"])
        until = chance.choice([TODAY - days(2), TODAY, TODAY + days(20), None if kind == "waiver" else TODAY])
        db.session.add(
            AssignmentException(
                assignment_id=rule.id,
                user_id=user,
                kind=kind,
                until_on=until,
                reason="a test",
                given_at=NOW,
                given_by_id=maker,
            )
        )


def overdue_by_own_pages(made: SimpleNamespace, viewer: Viewer) -> set[tuple[int, tuple[bool, str]]]:
    """Person and training, as people's own pages say it, where it reaches them by a place in the viewer's scope."""
    as_of, found = AsOf(NOW, TODAY, ZONE), set()
    for user in made.people:
        if db.session.get_one(User, user).disabled_at is not None:
            continue
        own = {one.assignment_id: one for one in assigned_to(user, as_of)}
        seen = assigned_to(user, as_of, viewer=viewer, permission=Permission.SEE_REPORTS)
        assert all(own[one.assignment_id] == one for one in seen), "an administrator sees what the person sees"
        found |= {(user, one.thing) for one in one_for_each(seen) if one.state == OVERDUE}
    return found


@pytest.mark.parametrize("seed", range(6))
def test_figure_list_file_roster_mail_and_own_pages_agree(context: Flask, world: World, seed: int) -> None:
    made = make_random_world(world, seed)
    chosen = random.Random(seed).sample(made.agencies, 2)
    viewer = administrator(*chosen)
    paths = [grant.agency_path or "" for grant in viewer.grants]

    inquiry = ask(viewer)
    expected = overdue_by_own_pages(made, viewer)
    overview, lines = load_overview(inquiry), list(stream_overdue(inquiry))
    roster = list_people(
        visible_agencies(viewer, Permission.SEE_PEOPLE),
        RosterFilter(among=overdue_among(viewer, AsOf(NOW, TODAY, ZONE))),
        day=TODAY,
    )
    people = {user for user, _ in expected}

    assert {(line.user_id, line.course_id) for line in lines} == {
        (user, made.courses[("one", "two").index(slug)]) for user, (_, slug) in expected
    }
    assert len(lines) == len(expected)
    assert overview.total.overdue == len(people)
    assert (count_overdue(inquiry).people, count_overdue(inquiry).lines) == (len(people), len(lines))
    assert {row.user_id for row in roster.rows} == people
    assert load_digest(viewer, NOW, ZONE).overdue == len(people)
    file_total = [row.figures.overdue for row in stream_rows(inquiry) if row.part == "total"]
    assert file_total == [len(people)]
    for line in lines:
        agency_path = db.session.get_one(Agency, line.agency_id).path
        assert any(agency_path.startswith(path) for path in paths)


@pytest.mark.parametrize("seed", range(3))
def test_narrowed_to_a_cell_the_list_has_as_many_people_as_the_figure(context: Flask, world: World, seed: int) -> None:
    make_random_world(world, seed + 50)
    viewer = administrator()

    for row in load_overview(ask(viewer)).rows:
        if row.part != "cell":
            continue
        # The cell is of this agency alone, the filter of all below it, too: the list is narrowed by its lines.
        inquiry = ask(viewer, agency_id=row.agency_id, discipline=row.discipline)
        own = [one for one in load_overview(inquiry).rows if (one.agency_id, one.part) == (row.agency_id, "cell")]
        assert own[0].figures.overdue == row.figures.overdue
        assert count_overdue(inquiry).people == load_overview(inquiry).total.overdue


def test_a_list_continues_where_the_page_before_ended(context: Flask, world: World) -> None:
    make_random_world(world, 7, people=80, rules=14)
    inquiry = ask(administrator())
    whole = list(stream_overdue(inquiry))

    lines, key = load_overdue(inquiry, size=3)
    while key is not None:
        more, key = load_overdue(inquiry, size=3, after=key)
        lines += more

    assert len(whole) > 6
    assert lines == whole


def test_of_a_person_of_two_agencies_each_sees_only_what_it_or_one_above_assigned(context: Flask, world: World) -> None:
    mine, other, course = world.agency("Mine"), world.agency("Other"), add_course(world, "one")
    user, maker = world.user(agency=mine), world.user("Maker")
    world.write(lambda: place(user, other, "schools"))

    def assign() -> None:
        db.session.add(
            Assignment(
                agency_id=other,
                course_id=course,
                audience="everybody",
                due_days=1,
                starts_on=TODAY - days(30),
                made_at=NOW,
                made_by_id=maker,
            )
        )

    world.write(assign)

    assert list(stream_overdue(ask(administrator(mine)))) == []
    assert load_overview(ask(administrator(mine))).total.overdue == 0
    assert [line.agency_name for line in stream_overdue(ask(administrator(other)))] == ["Other"]


def test_the_number_of_queries_is_the_same_for_few_and_many(
    context: Flask, world: World, count_queries: QueryCount
) -> None:
    def taken() -> int:
        count_queries.statements.clear()
        load_overdue(ask(administrator()))
        count_overdue(ask(administrator()))
        return count_queries.count

    make_random_world(world, 1, people=5, rules=2)
    few = taken()
    maker = db.session.scalars(select(User.id)).first()
    agencies, course = list(db.session.scalars(select(Agency.id))), db.session.scalars(select(Assignment.course_id))
    chosen = [one for one in course if one is not None][:1]
    ids = [world.user(agency=agencies[0]) for _ in range(20)]
    world.write(lambda: [add_rule(random.Random(9), agencies, chosen, ids, maker or 0) for _ in range(5)])

    assert taken() == few


def test_page_and_file_say_the_same(world: World) -> None:
    agency, course = world.agency("Mine"), add_course(world, "one")
    admin = world.user("Admin")
    world.grant(admin, "agency-administrator", agency)
    for number in range(3):
        world.user(f"Late {number}", agency=agency)
    today = site_day()

    def assign() -> None:
        db.session.add(
            Assignment(
                agency_id=agency,
                course_id=course,
                audience="everybody",
                due_days=1,
                starts_on=today - days(30),
                made_at=utc_now(),
                made_by_id=admin,
            )
        )

    world.write(assign)
    client = world.client_of(admin)

    page = client.get("/reports/overdue").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(client.get("/reports/overdue.csv").get_data(as_text=True).lstrip("\ufeff"))))
    overview = client.get("/reports").get_data(as_text=True)

    assert 'data-people="3" data-lines="3"' in page
    assert Counter(row["Name"] for row in rows) == {"Late 0": 1, "Late 1": 1, "Late 2": 1}
    assert {row["Due"] for row in rows} == {(today - days(29)).isoformat()}
    assert 'data-overdue="3"' in overview
