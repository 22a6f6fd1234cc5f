"""What the result page says about one's teams after a certificate: only what is so."""

from __future__ import annotations

from lms.courseware.folder import load_folder
from tests.cohorts.conftest import Teams
from tests.cohorts.test_milestones import team_with
from tests.support.pages import page_of
from tests.support.world import TEST_COURSES
from tests.test_journey import answer_quiz, press

COUNTS = "Your certificate counts for"


def publish_other(small: Teams, disciplines: str = "[shared]") -> None:
    """The tiny course once more under another id, which no team asks for."""
    files = load_folder(TEST_COURSES / "tiny")
    facts = files["course.yaml"].replace(b"id: tiny", b"id: other").replace(b"TST-001", b"TST-002")
    files["course.yaml"] = facts.replace(b"disciplines: [shared]", f"disciplines: {disciplines}".encode())
    small.world.publish_files(files)


def take(small: Teams, user: int, course: str) -> str:
    """A whole course through its pages; the result of its final."""
    client = small.world.client_of(user)
    press(client, f"/courses/{course}", "/enroll")
    second = press(client, f"/learn/{course}/first-steps", "/complete")
    press(client, second, "/complete")
    answer_quiz(client, small.world, second)
    result = answer_quiz(client, small.world, f"/learn/{course}/final")
    assert 'data-passed="true"' in result
    return result


def test_a_certificate_that_the_team_asks_for_is_said_to_count(small: Teams) -> None:
    nurse = small.people(small.cohort())[1]

    assert f"{COUNTS} “County team”: 1 of 4 seats are certified." in take(small, nurse, "tiny")


def test_a_certificate_that_no_team_asks_for_is_not_said_to_count_for_one(small: Teams) -> None:
    people = small.people(small.cohort())
    for member in people:
        small.certify(member)
    publish_other(small)

    result = take(small, people[1], "other")

    assert COUNTS not in result
    assert "has earned" not in result


def test_a_certificate_of_somebody_without_a_seat_is_not_said_to_count(small: Teams) -> None:
    cohort = small.cohort()
    waiting = small.person("housing")
    small.join(cohort, waiting)

    assert COUNTS not in take(small, waiting, "tiny")


def test_a_team_that_earns_its_certificate_by_another_course_is_told_of(small: Teams) -> None:
    cohort = team_with(small, "own-discipline-courses")
    people = small.people(cohort)
    publish_other(small, "[schools]")
    for member in people:
        small.certify(member)

    result = take(small, people[0], "other")

    assert COUNTS not in result
    assert "With your certificate the team “Derived team” has earned its own." in result
    assert "Certified" in page_of(small.world.client_of(people[0]), f"/cohorts/{cohort}")
