"""Progress: moments only, everything else derived; prerequisites hold on every way in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lms.catalog.versions import course_of, find_course
from lms.clock import utc_now
from lms.courseware.course import Course
from lms.errors import Conflict, NotFound
from lms.learning import progress
from lms.learning.enrollments import enroll, enrollments_of
from lms.learning.progress import Standing, load_standing
from tests.support.world import World

ZONE = "America/Chicago"


@pytest.fixture
def learner(world: World) -> int:
    world.publish("tiny")
    return world.user()


def standing_of(world: World, user_id: int) -> Standing:
    return world.read(lambda: load_standing(user_id, "tiny"))


def course_in(world: World, standing: Standing) -> Course:
    return world.read(lambda: course_of(standing.version_id))


def begin(world: World, user_id: int) -> int:
    return world.write(lambda: enroll(user_id, find_course("tiny")[0].id)).id


def test_a_standing_takes_one_query(world: World, learner: int, count_queries) -> None:
    enrollment_id = begin(world, learner)
    world.write(lambda: progress.complete_module(enrollment_id, "first-steps", utc_now()))
    count_queries.statements.clear()

    standing = standing_of(world, learner)

    assert count_queries.count == 1
    assert standing.enrollment_id == enrollment_id
    assert standing.is_completed("first-steps")
    assert not standing.is_opened("final")


def test_without_an_enrollment_the_standing_is_that_of_the_current_version(world: World, learner: int) -> None:
    standing = standing_of(world, learner)

    assert not standing.is_enrolled
    assert standing.version_number == 1
    with pytest.raises(Conflict):
        progress.require_enrollment(standing)


def test_the_first_reading_counts(world: World, learner: int) -> None:
    enrollment_id = begin(world, learner)
    first = utc_now()
    world.write(lambda: progress.mark_read(enrollment_id, "first-steps", first))

    world.write(lambda: progress.mark_read(enrollment_id, "first-steps", first + timedelta(days=3)))

    moments = standing_of(world, learner).modules["first-steps"]
    assert moments.read_at == first
    assert moments.last_seen_at == first + timedelta(days=3)


def test_a_module_opens_when_all_before_it_are_completed(world: World, learner: int) -> None:
    enrollment_id = begin(world, learner)
    standing = standing_of(world, learner)
    course = course_in(world, standing)
    assert not progress.is_unlocked(course, standing, "second-steps", utc_now(), ZONE)

    world.write(lambda: progress.complete_module(enrollment_id, "first-steps", utc_now()))

    standing = standing_of(world, learner)
    assert progress.is_unlocked(course, standing, "second-steps", utc_now(), ZONE)
    assert [entry.id for entry in progress.missing_prerequisites(course, standing, "final")] == ["second-steps"]


def test_a_module_that_is_not_in_the_course_is_not_found(world: World, learner: int) -> None:
    standing = standing_of(world, learner)

    with pytest.raises(NotFound):
        progress.is_unlocked(course_in(world, standing), standing, "elsewhere", utc_now(), ZONE)


def test_a_look_is_noted_again_only_after_some_minutes(world: World, learner: int) -> None:
    enrollment_id, now = begin(world, learner), utc_now()
    assert progress.is_worth_noting(standing_of(world, learner), "first-steps", now)

    world.write(lambda: progress.open_module(enrollment_id, "first-steps", now))

    standing = standing_of(world, learner)
    assert not progress.is_worth_noting(standing, "first-steps", now + timedelta(minutes=4))
    assert progress.is_worth_noting(standing, "first-steps", now + timedelta(minutes=6))


def test_home_goes_on_where_one_looked_last(world: World, learner: int) -> None:
    enrollment_id, now = begin(world, learner), utc_now()
    world.write(lambda: progress.complete_module(enrollment_id, "first-steps", now))

    (enrolled,) = world.read(lambda: enrollments_of(learner))

    assert enrolled.next_module is not None
    assert enrolled.next_module["id"] == "second-steps"
    assert enrolled.minutes_left == 25


def test_an_archived_course_takes_nobody_new(world: World, learner: int) -> None:
    def archive() -> None:
        find_course("tiny")[0].archived_at = utc_now()

    world.write(archive)

    with pytest.raises(Conflict, match="archived"):
        begin(world, learner)


MODULES = ["before", "one", "two", "after", "final"]
NEEDED = {"one", "two", "final"}


@pytest.mark.parametrize(
    ("ready", "seen_last", "chosen"),
    [
        ({"before", "one"}, None, "before"),
        ({"before", "one"}, "one", "one"),
        ({"before", "two"}, "one", "two"),
        ({"before", "final"}, "after", "final"),
        ({"before", "two"}, "after", "two"),
        ({"before"}, "final", "before"),
        (set(), "final", None),
        ({"before", "one"}, "taken-away", "before"),
    ],
)
def test_going_on_never_leads_back_to_a_part_that_was_skipped(
    ready: set[str], seen_last: str | None, chosen: str | None
) -> None:
    assert progress.choose_next(MODULES, ready=ready, needed=NEEDED, seen_last=seen_last) == chosen
