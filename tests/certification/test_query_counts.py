"""Pages of certification take the same number of statements for few rows and for many."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from lms import awarding, batches
from lms.batches import Piece
from lms.certification import paper_records, ruling, training_lists
from lms.certification.paper_records import Line
from lms.clock import utc_now
from lms.database import db, run_transaction
from tests.certification.conftest import Learners
from tests.certification.test_certifying import save
from tests.conftest import QueryCount
from tests.support.world import World

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def state(world: World) -> int:
    user = world.user("State")
    world.grant(user, "state-administrator")
    return user


def cost(count_queries: QueryCount, page: Any) -> int:
    """How many statements a call takes."""
    count_queries.statements.clear()
    page()
    return count_queries.count


def test_the_versions_of_a_rule_are_told_with_one_look_at_the_courses(
    world: World, learners: Learners, state: int, count_queries: QueryCount
) -> None:
    save(world)
    client = world.client_of(state)

    def change(months: int) -> None:
        rules = {**ruling.find_certification("first-aid").current.rules, "valid_months": months}
        number = ruling.find_certification("first-aid").current.number
        ruling.change_certification(rules, seen=number, reason="Longer", actor_id=state, now=utc_now())

    world.write(lambda: change(13))
    few = cost(count_queries, lambda: client.get("/certifications/first-aid/history"))
    for months in range(14, 20):
        world.write(lambda months=months: change(months))  # type: ignore[misc]

    many = cost(count_queries, lambda: client.get("/certifications/first-aid/history"))

    assert many == few


def test_the_reasons_of_long_work_are_told_with_one_look_at_the_courses(
    world: World, learners: Learners, state: int, count_queries: QueryCount
) -> None:
    save(world)
    client = world.client_of(state)
    batch_id = world.write(lambda: batches.begin(awarding.BATCH_KIND, {"slug": "first-aid"}, asked_by_id=state).id)
    lack = json.dumps([{"reason": "course", "courses": ["tiny"]}])

    def left_out(number: int, count: int) -> None:
        problems = [(f"Person {one}", lack) for one in range(count)]
        batches.record_piece(batch_id, number, Piece(problems=problems), utc_now())

    world.write(lambda: left_out(0, 1))
    few = cost(count_queries, lambda: client.get(f"/batches/{batch_id}"))
    world.write(lambda: left_out(1, 20))

    many = cost(count_queries, lambda: client.get(f"/batches/{batch_id}"))

    assert many == few


def test_lines_from_paper_are_checked_together(
    world: World, learners: Learners, state: int, count_queries: QueryCount
) -> None:
    people = [world.user(f"Person Number{number}", agency=learners.agency) for number in range(20)]

    def check(count: int) -> int:
        lines = [
            Line(number, f"Person Number{number}", f"Course {number}", "Academy", "2026-01-02", "60", "")
            for number in range(count)
        ]
        with world.app.app_context():
            found = run_transaction(
                lambda: cost(
                    count_queries,
                    lambda: paper_records.check_lines(
                        lines, training_lists.people_today(None, date(2026, 1, 3)), actor_id=state,
                        today=date(2026, 1, 3),
                    ),
                )
            )  # fmt: skip
            db.session.rollback()
        return found

    assert len(people) == 20
    assert check(20) == check(2)
