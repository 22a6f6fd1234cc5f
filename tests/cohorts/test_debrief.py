"""The debrief of a practice story: given by each, seen by the team in counts, and never before there are enough."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.clock import utc_now
from lms.cohorts.debrief import FEWEST, count_choices, count_roles, count_shown
from lms.cohorts.models import Member
from lms.courseware.course import Choice, Scenario, Step
from lms.courseware.folder import load_folder
from lms.database import db
from lms.learning.models import Enrollment, StoryPlay
from lms.learning.renewals import begin_renewal
from lms.wall.sight import looking_as, viewer_sight
from tests.cohorts.conftest import Teams
from tests.support.pages import form_of, page_of

STORY = b"""
## Play it through

<!-- scenario: t-play; start: door -->

You stand at a door.

### The door

<!-- step: door; score: 0; role: school -->

- [Knock](#the-room)
- [Walk away](#the-street)

### The street

<!-- step: street; score: 0; role: hospital -->

- [Go back](#the-door)
- [Go home](#the-room)

### The room

<!-- step: room; score: 2; end: true; role: hospital -->

Somebody opens.
"""
PLAYED = "/learn/tiny/first-steps"
GIVEN = f"{PLAYED}/story/t-play"


@pytest.fixture
def told(small: Teams, tiny_course: Path) -> Teams:
    files = load_folder(tiny_course)
    path = "en/01-first-steps.md"
    del files["es/01-first-steps.md"]
    small.world.publish_files({**files, path: files[path] + STORY}, change="revision")
    return small


def play(team: Teams, user: int, path: str) -> FlaskClient:
    """Enrolled, played along a path, and given to the debrief."""
    client = team.world.client_of(user)
    form = form_of(page_of(client, "/courses/tiny"), "/enroll")
    client.post(form.action, data=form.fields)
    give(client, path)
    return client


def give(client: FlaskClient, path: str) -> None:
    form = form_of(page_of(client, f"{PLAYED}?scenario=t-play&step={path}"), "/story/t-play")
    assert client.post(form.action, data=form.fields).status_code == 303


def debrief_of(cohort: int) -> str:
    return f"/cohorts/{cohort}/debrief/tiny/first-steps/t-play"


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def test_a_story_that_is_only_played_is_kept_nowhere(told: Teams) -> None:
    user = told.people(told.cohort())[0]
    client = told.world.client_of(user)
    form = form_of(page_of(client, "/courses/tiny"), "/enroll")
    client.post(form.action, data=form.fields)

    page = page_of(client, f"{PLAYED}?scenario=t-play&step=room")

    assert "debrief" in page
    assert told.world.read(lambda: db.session.scalars(select(StoryPlay)).all()) == []


def test_the_team_sees_counts_and_no_names_once_everybody_in_a_seat_has_given(told: Teams) -> None:
    cohort = told.cohort()
    people = told.people(cohort)
    clients = [play(told, user, path) for user, path in zip(people[:3], ("room", "street.room", "room"), strict=True)]

    early = clients[0].get(debrief_of(cohort)).status_code
    play(told, people[3], "street.door.room")
    page = page_of(clients[0], debrief_of(cohort))

    assert early == 403
    assert "Knock 2 people" in words_of(page)
    assert "Walk away 2 people" in words_of(page)
    assert "Go back 1 person Go home 1 person" in words_of(page)
    assert "School 1 1 Hospital 1 1" in words_of(page)
    names = {line.name for line in told.board(cohort).people.values()} - {told.board(cohort).people[people[0]].name}
    assert [name for name in names if name in page] == []


def test_who_leads_may_not_open_it_where_the_last_to_give_could_be_told_from_the_others(told: Teams) -> None:
    cohort = told.cohort()
    leader = told.world.client_of(told.coordinator)
    answers = []
    for user in told.people(cohort):
        play(told, user, "room")
        answers.append(leader.get(debrief_of(cohort)).status_code)

    assert answers == [403, 403, 403, 200]


def test_who_leads_may_open_it_once_three_have_given_and_three_are_to_come(told: Teams) -> None:
    cohort = told.cohort()
    people = told.people(cohort)
    leader = told.world.client_of(told.coordinator)
    alternates = told.people(cohort)

    def seat() -> None:
        for user, number in zip(alternates, [one.seat_id for one in told.members(cohort)], strict=False):
            member = db.session.scalars(select(Member).where(Member.user_id == user)).one()
            member.seat_id, member.is_alternate = number, True

    told.world.write(seat)
    for user in people[:3]:
        play(told, user, "room")
    early = page_of(leader, debrief_of(cohort))
    play(told, people[3], "street.room")

    assert "Only who leads the team sees this page yet." in early
    assert "The choices of 3 people" in early
    assert "Walk away 0 people" in words_of(page_of(leader, debrief_of(cohort)))


@pytest.mark.parametrize("seated", range(7))
def test_no_two_looks_at_a_debrief_differ_by_fewer_than_three_people(seated: int) -> None:
    for length in range(seated, seated + 5):
        for seats in combinations(range(length), seated):
            looks = [count_shown(range(given), seats) for given in range(length + 1)]
            steps = [after - before for before, after in pairwise(looks)]
            assert all(step == 0 or step >= FEWEST for step in steps), (seats, looks)


def test_a_stranger_to_the_team_finds_no_debrief(told: Teams) -> None:
    cohort = told.cohort()
    for user in told.people(cohort):
        play(told, user, "room")

    assert told.world.client_of(told.person("schools")).get(debrief_of(cohort)).status_code == 404


def test_the_board_says_how_many_have_given_and_leads_there_when_it_is_open(told: Teams) -> None:
    cohort = told.cohort()
    people = told.people(cohort)
    client = play(told, people[0], "room")
    before = page_of(client, f"/cohorts/{cohort}")
    for user in people[1:]:
        play(told, user, "room")

    after = page_of(client, f"/cohorts/{cohort}")

    assert "1 of 4 people in a seat have added their choices." in words_of(before)
    assert debrief_of(cohort) not in before
    assert f'href="{debrief_of(cohort)}"' in after


def test_what_was_given_can_be_taken_back(told: Teams) -> None:
    cohort = told.cohort()
    client = play(told, told.people(cohort)[0], "room")
    form = form_of(page_of(client, f"/cohorts/{cohort}"), "/story/t-play")

    answers = [client.post(form.action, data=form.fields) for _ in range(2)]

    assert [answer.headers["Location"] for answer in answers] == [f"/cohorts/{cohort}"] * 2
    assert told.world.read(lambda: db.session.scalars(select(StoryPlay)).all()) == []


def retake(team: Teams, user: int) -> int:
    def begin() -> int:
        earlier = db.session.scalars(select(Enrollment).where(Enrollment.user_id == user)).one()
        earlier.completed_at = utc_now()
        db.session.flush()
        return begin_renewal(user, earlier.course_id, utc_now(), only_changed=False).id

    return team.world.write(begin)


def kept_plays(team: Teams) -> list[tuple[int, list[str]]]:
    return team.world.read(
        lambda: [(one.enrollment_id, one.steps) for one in db.session.scalars(select(StoryPlay).order_by(StoryPlay.id))]
    )


@pytest.mark.parametrize("place", ["board", "story"])
def test_what_was_given_before_the_course_was_taken_again_can_be_taken_back(told: Teams, place: str) -> None:
    cohort = told.cohort()
    user = told.people(cohort)[0]
    client = play(told, user, "room")
    retake(told, user)
    address = f"/cohorts/{cohort}" if place == "board" else f"{PLAYED}?scenario=t-play&step=street.room"
    page = page_of(client, address)
    form = form_of(page.replace("add my choices", ""), "/story/t-play")

    assert client.post(form.action, data={**form.fields, "take_back": "1"}).status_code == 303
    assert "Take my choices out again" in page
    assert kept_plays(told) == []


def test_a_story_given_when_the_course_is_taken_again_takes_the_place_of_the_first(told: Teams) -> None:
    user = told.people(told.cohort())[0]
    client = play(told, user, "room")
    again = retake(told, user)

    give(client, "street.door.room")

    assert kept_plays(told) == [(again, ["door", "street", "door", "room"])]


def test_what_was_given_can_be_taken_back_when_the_course_tells_the_story_no_more(
    told: Teams, tiny_course: Path
) -> None:
    cohort = told.cohort()
    client = play(told, told.people(cohort)[0], "room")
    told.world.publish_files(load_folder(tiny_course), change="correction")
    page = page_of(client, f"/cohorts/{cohort}")
    form = form_of(page, "/story/t-play")

    assert "A story that the course does not tell any more" in page
    assert client.post(form.action, data=form.fields).status_code == 303
    assert kept_plays(told) == []


def test_who_left_the_team_can_take_back_what_they_gave(told: Teams) -> None:
    cohort = told.cohort()
    user = told.people(cohort)[0]
    client = play(told, user, "room")

    def leave() -> None:
        db.session.scalars(select(Member).where(Member.user_id == user)).one().left_at = utc_now()

    told.world.write(leave)
    form = form_of(page_of(client, f"{PLAYED}?scenario=t-play&step=room"), "/story/t-play")

    assert form.fields["take_back"] == ["1"]
    assert client.post(form.action, data=form.fields).status_code == 303
    assert kept_plays(told) == []


def test_nobody_takes_back_what_another_gave(told: Teams) -> None:
    cohort = told.cohort()
    first, second = told.people(cohort)[:2]
    form = form_of(page_of(play(told, first, "room"), f"/cohorts/{cohort}"), "/story/t-play")
    other = told.world.client_of(second)
    token = form_of(page_of(other, "/courses/tiny"), "/enroll").fields["csrf_token"]

    other.post(form.action, data={**form.fields, "csrf_token": token})

    assert len(kept_plays(told)) == 1


def test_a_story_given_again_takes_the_place_of_the_first(told: Teams) -> None:
    user = told.people(told.cohort())[0]
    client = play(told, user, "room")
    form = form_of(page_of(client, f"{PLAYED}?scenario=t-play&step=street.room"), "/story/t-play")
    client.post(form.action, data=form.fields)

    kept = told.world.read(lambda: [one.steps for one in db.session.scalars(select(StoryPlay))])

    assert kept == [["door", "street", "room"]]


@pytest.mark.parametrize("path", ["", "street", "nowhere", "room.street.door"])
def test_a_story_that_is_not_at_its_end_is_not_taken(told: Teams, path: str) -> None:
    client = play(told, told.people(told.cohort())[0], "room")
    form = form_of(page_of(client, f"{PLAYED}?scenario=t-play&step=room"), "/story/t-play")

    answer = client.post(form.action, data={**form.fields, "path": path})

    assert answer.status_code == (303 if path.startswith("room") else 409)


def test_who_is_in_no_team_is_not_asked_for_their_choices(told: Teams) -> None:
    client = told.world.client_of(told.person("schools"))
    form = form_of(page_of(client, "/courses/tiny"), "/enroll")
    client.post(form.action, data=form.fields)

    page = page_of(client, f"{PLAYED}?scenario=t-play&step=room")
    token = form_of(page, "/complete").fields["csrf_token"]

    assert "/story/" not in page
    assert client.post(GIVEN, data={"csrf_token": token, "path": "room"}).status_code == 409


@pytest.mark.postgresql_only
def test_behind_the_second_wall_what_was_given_is_its_giver_s_alone(told: Teams) -> None:
    cohort = told.cohort()
    user, other = told.people(cohort)[:2]
    play(told, user, "room")

    def seen_by(person: int, people: tuple[str, ...] | None) -> int:
        def look() -> int:
            with looking_as(viewer_sight(person, people, None)):
                return len(db.session.scalars(select(StoryPlay)).all())

        return told.world.read(look)

    assert (seen_by(user, ()), seen_by(other, ()), seen_by(other, None)) == (1, 0, 0)


def test_a_step_counts_the_first_choice_there_and_one_that_nobody_met_is_left_out() -> None:
    scenario = Scenario(
        "s",
        "S",
        "a",
        "",
        (
            Step("a", "A", "", (Choice("On", "b"), Choice("Round", "c")), role="school"),
            Step("b", "B", "", is_end=True),
            Step("c", "C", "", (Choice("Back", "a"),)),
            Step("d", "D", "", (Choice("x", "a"), Choice("y", "b"))),
        ),
    )

    steps = count_choices(scenario, [("a", "c", "a", "b"), ("a", "b")])

    assert [[(one.text, one.people) for one in step.taken] for step in steps] == [[("On", 1), ("Round", 1)]]
    assert [(one.role, one.steps, one.differing) for one in count_roles(steps)] == [("school", 1, 1)]
