"""Milestones that records show by themselves: courses of one's own discipline, and training in those of others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from lms.catalog.models import Course, CourseVersion
from lms.clock import utc_now
from lms.cohorts import teams, templates
from lms.cohorts.coverage import Holding, Sitting
from lms.cohorts.milestones import Tally, tally_cross_training, tally_own_discipline
from lms.cohorts.models import CohortTemplate, TeamAward
from lms.cohorts.training import is_for_others
from lms.courseware.folder import load_folder
from lms.database import db
from lms.errors import Conflict, Invalid
from lms.learning.models import Enrollment, ModuleProgress
from tests.cohorts.conftest import TEMPLATE, Teams, passed_attempt
from tests.support.days import site_day
from tests.support.pages import text_of
from tests.support.world import SHIPPED_COURSES
from tests.test_journey import answer_quiz, press

NOW = datetime(2028, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TEACHER, NURSE, WAITING = Sitting(1, 1, NOW - DAY), Sitting(2, 2, NOW - DAY), Sitting(3, None, NOW - DAY)
DISCIPLINES = {1: "schools", 2: "healthcare"}
COURSES = {"schools": frozenset({"schools", "schools-more"})}


def test_only_who_has_a_course_of_their_discipline_is_asked_for_one() -> None:
    held = {1: [Holding("schools-more", NOW - DAY, NOW + DAY)]}

    tally = tally_own_discipline([TEACHER, NURSE, WAITING], DISCIPLINES, COURSES, held, NOW)

    assert tally == Tally(1, 1, is_met=True)


@pytest.mark.parametrize(
    "held", [[], [Holding("schools", NOW - 9 * DAY, NOW)], [Holding("foundations", NOW - DAY, None)]]
)
def test_an_ended_certificate_or_one_of_another_course_does_not_meet_it(held: list[Holding]) -> None:
    assert not tally_own_discipline([TEACHER], DISCIPLINES, COURSES, {1: held}, NOW).is_met


def test_nobody_to_ask_meets_nothing() -> None:
    assert not tally_own_discipline([NURSE], DISCIPLINES, COURSES, {}, NOW).is_met
    assert not tally_cross_training([], {1}, {1}).is_met


@pytest.mark.parametrize(
    ("trained", "tested", "is_met", "open_seats"),
    [({1, 2}, {1, 2}, True, 0), ({1}, {1, 2}, False, 0), ({1, 2, 3}, {1, 3}, False, 1)],
)
def test_two_thirds_are_trained_and_each_seat_is_tested(
    trained: set[int], tested: set[int], is_met: bool, open_seats: int
) -> None:
    tally = tally_cross_training([TEACHER, NURSE, WAITING], trained, tested)

    assert (tally.is_met, tally.seats_open, tally.total) == (is_met, open_seats, 3)


@pytest.mark.parametrize(
    ("disciplines", "own", "counts"),
    [
        ({"healthcare"}, {"schools"}, True),
        ({"healthcare", "schools"}, {"schools"}, False),
        ({"healthcare", "shared"}, {"schools"}, False),
        ({"healthcare"}, set(), False),
    ],
)
def test_a_module_is_cross_training_where_it_is_for_others_alone(
    disciplines: set[str], own: set[str], counts: bool
) -> None:
    assert is_for_others(frozenset(disciplines), frozenset(own)) is counts


def team_with(small: Teams, met_by: str) -> int:
    extra = f'  - {{id: m2, title: {{en: "From records"}}, rule: "Derived.", met_by: {met_by}}}\n'
    return team_of(small, TEMPLATE.replace("MILESTONES", "m2") + extra)


def team_of(small: Teams, template: str) -> int:
    """A team of its own beside the small one, by a template."""
    small.cohort()
    (small.folder / "small-team.yaml").write_text(template, encoding="utf-8")
    small.world.write(lambda: templates.publish_templates(small.folder))
    return small.world.write(
        lambda: (
            teams.create_cohort(
                db.session.scalars(select(CohortTemplate)).one(),
                name="Derived team",
                agency_id=small.agency,
                coordinator_id=small.coordinator,
                starts_on=site_day(),
                ready_by=None,
                now=utc_now(),
            ).id
        )
    )


def complete(small: Teams, user: int, module_id: str, *, passes: bool = False, cycle: int = 1) -> None:
    """A module of the tiny course completed, or its quiz passed too, as the rooms below would leave them."""

    def step() -> None:
        course = db.session.scalars(select(Course).where(Course.slug == "tiny")).one()
        version = db.session.scalars(
            select(CourseVersion).where(CourseVersion.course_id == course.id, CourseVersion.is_current)
        ).one()
        enrollment = Enrollment(
            user_id=user, course_id=course.id, version_id=version.id, cycle=cycle, enrolled_at=utc_now()
        )
        db.session.add(enrollment)
        db.session.flush()
        moment = utc_now()
        db.session.add(
            ModuleProgress(
                enrollment_id=enrollment.id,
                module_id=module_id,
                opened_at=moment,
                last_seen_at=moment,
                completed_at=moment,
            )
        )
        if passes:
            attempt = passed_attempt(enrollment, moment)
            attempt.module_id = module_id
            db.session.add(attempt)

    small.world.write(step)


def test_cross_training_follows_from_modules_of_other_disciplines(small: Teams) -> None:
    cohort = team_with(small, "cross-training")
    teacher, nurse = small.person("schools"), small.person("healthcare")
    for user in (teacher, nurse):
        small.join(cohort, user)
        complete(small, user, "second-steps", passes=True)  # it is for healthcare

    board = small.board(cohort).board

    assert board.tallies["m2"] == Tally(1, 2, is_met=False, seats_open=1)
    page = text_of(small.world.client_of(small.coordinator).get(f"/cohorts/{cohort}"))
    assert "From records: 1 of 2 people; two thirds are asked for." in page


def test_cross_training_is_met_once_two_thirds_and_each_seat_have_it(small: Teams) -> None:
    cohort = team_with(small, "cross-training")
    for discipline in ("schools", "law-enforcement"):
        user = small.person(discipline)
        small.join(cohort, user)
        complete(small, user, "second-steps", passes=True)

    assert "m2" in small.board(cohort).board.met_milestones


TWO_SEATS = (
    TEMPLATE.replace("size: {min: 4", "size: {min: 2")
    .replace(
        '"Health care", es: "Salud"}, count: 1, required: true',
        '"Health care", es: "Salud"}, count: 1, required: false',
    )
    .replace('"Advocate"}, count: 1, required: true', '"Advocate"}, count: 1, required: false')
)


def test_the_last_module_of_another_discipline_certifies_the_team_at_once(small: Teams, tiny_course: Path) -> None:
    met = '  - {id: m2, title: {en: "From records"}, rule: "Derived.", met_by: cross-training}\n'
    cohort = team_of(small, TWO_SEATS.replace("MILESTONES", "m2") + met)
    teacher, officer = small.person("schools"), small.person("law-enforcement")
    for user in (teacher, officer):
        small.join(cohort, user)
    for user in (teacher, officer):
        small.certify(user)
    files = load_folder(tiny_course)
    second = "en/02-second-steps.md"
    files[second] = files[second].replace(b"{role: check,", b"{role: check, pass_mark: 80,")
    small.world.publish_files(files, change="revision")
    complete(small, teacher, "second-steps", passes=True, cycle=2)
    complete(small, officer, "first-steps", cycle=2)
    before = small.board(cohort).board.standing
    world, client = small.world, small.world.client_of(officer)

    answer_quiz(client, world, "/learn/tiny/second-steps")
    press(client, "/learn/tiny/second-steps", "/complete")

    assert (before, small.board(cohort).board.standing) == ("ready", "certified")
    assert world.read(lambda: db.session.scalar(select(func.count()).select_from(TeamAward))) == 1


def test_own_discipline_follows_from_the_courses_on_offer(small: Teams) -> None:
    cohort = team_with(small, "own-discipline-courses")
    teacher = small.person("schools")
    small.join(cohort, teacher)
    small.join(cohort, small.person("healthcare"))
    before = small.board(cohort).board.tallies["m2"]
    small.world.publish("schools")

    after = small.board(cohort).board.tallies["m2"]

    assert (before, after) == (Tally(0, 0, is_met=False), Tally(0, 1, is_met=False))


def test_what_follows_from_records_cannot_be_attested(small: Teams) -> None:
    cohort = team_with(small, "cross-training")
    milestone = small.board(cohort).milestones[-1].id
    today = site_day()

    with pytest.raises(Conflict):
        small.do(
            cohort,
            lambda row: teams.attest_milestone(row, milestone, today, "", today=today, actor_id=small.coordinator),
        )


def test_the_county_s_milestones_are_derived_where_records_exist_and_attested_where_not() -> None:
    rules = templates.read_template(SHIPPED_COURSES / "cohorts" / "county-team.yaml")

    met_by = {one["id"]: one.get("met_by", "attested") for one in rules["milestones"]}

    assert {key: value for key, value in met_by.items() if value != "attested"} == {
        "m1": "courses",
        "m2": "own-discipline-courses",
        "m3": "cross-training",
    }


def test_the_page_says_who_attested_and_what_is_still_to_be_attested(small: Teams) -> None:
    cohort = small.cohort()
    milestone = small.board(cohort).milestones[0].id
    client = small.world.client_of(small.coordinator)
    before = text_of(client.get(f"/cohorts/{cohort}"))
    day = site_day().replace(year=2025, month=1, day=5)

    small.do(
        cohort,
        lambda row: teams.attest_milestone(row, milestone, day, "", today=site_day(), actor_id=small.coordinator),
    )

    assert "To be attested by the coordinator." in before
    assert "Attested by Coordinator: met on January 5, 2025." in text_of(client.get(f"/cohorts/{cohort}"))


def test_the_page_of_a_team_links_what_prepares_for_a_milestone_where_it_is_published(small: Teams) -> None:
    helped = TEMPLATE.replace(', rule: "Attested."}', ', rule: "Attested.", courses: [tiny, gone]}')
    cohort = team_of(small, helped.replace("MILESTONES", ""))

    page = small.world.client_of(small.coordinator).get(f"/cohorts/{cohort}").get_data(as_text=True)

    assert 'What prepares for it: <a href="/courses/tiny">A tiny course</a></span>' in page


def test_what_prepares_for_a_milestone_is_a_list_of_ids(small: Teams) -> None:
    path = small.folder / "small-team.yaml"
    path.write_text(TEMPLATE.replace(', rule: "Attested."}', ", courses: tiny}").replace("MILESTONES", ""), "utf-8")

    with pytest.raises(Invalid, match="cannot be taken"):
        templates.read_template(path)
