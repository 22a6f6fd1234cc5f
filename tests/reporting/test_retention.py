"""What is remembered: the same people before, after and later, first attempts alone, and never of a few."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lms.access import Viewer
from lms.assessment.models import Attempt
from lms.catalog.models import CourseVersion
from lms.courseware.folder import load_folder
from lms.database import db
from lms.learning.models import Enrollment
from lms.people.signins import load_viewer
from lms.reporting.inquiry import Filters, inquire
from lms.reporting.retention import (
    Comparison,
    load_comparisons,
    shown_percent,
)
from tests.learning.test_boosters import with_boosters
from tests.support.world import World

NOW = datetime.fromisoformat("2026-11-24T18:00:00+00:00")
MODULES = {"pre": "before", "post": "after", "booster-90": "booster-90", "booster-180": "booster-180"}


class Class:
    """Ten people of one agency who answer as they are told to."""

    def __init__(self, world: World, version: int) -> None:
        self.world, self.version = world, version
        self.agency, self.elsewhere = world.agency(), world.agency()
        self.people = [world.user(agency=self.agency) for _ in range(10)]
        user = world.user("Administrator", agency=self.agency)
        world.grant(user, "agency-administrator", self.agency)
        viewer = world.read(lambda: load_viewer(user))
        assert viewer is not None
        self.viewer: Viewer = viewer

    def answers(self, person: int, **percents: int) -> None:
        """First attempts by role, with `_` for `-`."""

        def step() -> None:
            course = db.session.get_one(CourseVersion, self.version).course_id
            enrollment = Enrollment(
                user_id=person, course_id=course, version_id=self.version, cycle=1, enrolled_at=NOW - timedelta(days=99)
            )
            db.session.add(enrollment)
            db.session.flush()
            for role, percent in percents.items():
                add_attempt(enrollment, role.replace("_", "-"), 1, percent)
                add_attempt(enrollment, role.replace("_", "-"), 2, 100)

        self.world.write(step)

    def compared(self, **filters: Any) -> dict[str, Comparison]:
        def read() -> list[Comparison]:
            return load_comparisons(inquire(self.viewer, Filters(**filters), NOW, NOW.date(), "America/Chicago"))

        return {one.role: one for one in self.world.read(read)}


def add_attempt(enrollment: Enrollment, role: str, number: int, percent: int) -> None:
    db.session.add(
        Attempt(
            enrollment_id=enrollment.id, version_id=enrollment.version_id, module_id=MODULES[role], role=role,
            number=number, language="en", pass_mark=None, drawn=[], secret="s", started_at=NOW, submitted_at=NOW,
            receipt=f"R{enrollment.id}-{role}-{number}", score_percent=percent, passed=None,
        )
    )  # fmt: skip


@pytest.fixture
def group(world: World, tiny_course) -> Class:
    files = with_boosters(load_folder(tiny_course))
    booster = files["en/91-booster-90.md"]
    for role, name, path in (("pre", "before", "en/00-before.md"), ("post", "after", "en/80-after.md")):
        text = booster.replace(b"booster-90", role.encode()).replace(b"id: " + role.encode(), b"id: " + name.encode())
        files[path] = text.replace(b"q: b90", b"q: " + name.encode())
        files["course.yaml"] = files["course.yaml"].replace(b"pass:", f"  - {{id: {name}}}\npass:".encode(), 1)
    files["en/92-booster-180.md"] = files["en/92-booster-180.md"].replace(b"blueprint: steps", b"blueprint: other")
    return Class(world, world.publish_files(files))


def test_the_same_people_are_compared_before_after_and_later(group: Class) -> None:
    for number, person in enumerate(group.people):
        if number < 6:
            group.answers(person, pre=40, post=90, booster_90=75)
        elif number < 8:
            group.answers(person, pre=41, post=91)
        else:
            group.answers(person, post=10, booster_90=10)

    found = group.compared()

    assert (found["post"].people, found["post"].before_percent, found["post"].then_percent) == (8, 40, 90)
    assert (found["booster-90"].people, found["booster-90"].before_percent) == (6, 40)
    assert (found["booster-90"].then_percent, found["booster-90"].change) == (75, 35)


def test_answers_that_a_trainer_has_yet_to_mark_are_not_compared(group: Class) -> None:
    for person in group.people:
        group.answers(person, pre=40, post=90)
    waits = Enrollment.user_id == group.people[0]
    group.world.write(
        lambda: [
            setattr(one, "awaits_marking", True)
            for one in db.session.scalars(select(Attempt).join(Enrollment).where(waits, Attempt.role == "post"))
        ]
    )

    assert group.compared()["post"].people == 9


def test_only_quizzes_of_one_blueprint_are_compared(group: Class) -> None:
    assert set(group.compared()) == {"post", "booster-90"}


def test_no_mean_of_fewer_than_five_people_is_shown(group: Class) -> None:
    for person in group.people[:4]:
        group.answers(person, pre=40, post=90)
    client = group.world.client_of(group.viewer.id)

    page = client.get("/reports/retention").get_data(as_text=True)
    file = client.get("/reports/retention.csv").get_data(as_text=True)

    assert group.compared()["post"].change is None
    assert "fewer than 5" in page
    assert "90%" not in page
    assert "fewer than 5,,," in file


def test_filters_are_cleared_only_where_there_are_some(group: Class) -> None:
    client = group.world.client_of(group.viewer.id)

    plain = client.get("/reports/retention").get_data(as_text=True)
    narrowed = client.get("/reports/retention?discipline=schools").get_data(as_text=True)

    assert "Clear filters" not in plain
    assert "Clear filters" in narrowed


def test_a_course_stands_once_above_its_lines(group: Class) -> None:
    page = group.world.client_of(group.viewer.id).get("/reports/retention").get_data(as_text=True)

    course = re.search(r'<th colspan="5" scope="rowgroup">([^<]+)</th>', page)

    assert course
    assert page.count(f'scope="rowgroup">{course[1]}<') == 1
    assert page.count("<tbody>") == 1
    assert page.count("data-role=") == 2


def test_the_page_and_the_file_say_what_was_found(group: Class) -> None:
    for person in group.people[:5]:
        group.answers(person, pre=40, booster_90=75)
    client = group.world.client_of(group.viewer.id)

    page = client.get("/reports/retention").get_data(as_text=True)
    file = client.get("/reports/retention.csv").get_data(as_text=True)

    assert "90 days after it" in page
    assert "+35" in page
    assert "90 days after it,5,40,75,35," in file


def test_people_of_other_agencies_are_not_counted(group: Class) -> None:
    for _ in range(5):
        group.answers(group.world.user(agency=group.elsewhere), pre=40, post=90)

    assert group.compared()["post"].people == 0


@pytest.mark.parametrize("people", [5, 8, 12, 19, 20, 60])
def test_two_groups_that_differ_by_one_person_do_not_tell_that_person_s_result(people: int) -> None:
    def sums(shown: int, pairs: int) -> tuple[int, int]:
        """The lowest and highest sum of percents that is shown so."""
        found = [total for total in range(100 * pairs + 1) if shown_percent(total, pairs, pairs) == shown]
        return found[0], found[-1]

    for mean in range(30, 86, 11):
        for result in range(20, 81, 20):
            total = mean * people + people // 2
            fewer, more = shown_percent(total, people, people), shown_percent(total + result, people + 1, people + 1)
            low, high = sums(fewer, people), sums(more, people + 1)
            possible = (max(0, high[0] - low[1]), min(100, high[1] - low[0]))
            assert possible[0] <= result <= possible[1]
            assert possible[1] - possible[0] >= 20, (mean, result, possible)


def test_a_mean_of_all_is_never_shown_as_a_hundred() -> None:
    assert (shown_percent(500, 5, 5), shown_percent(3000, 30, 30)) == (95, 99)
