"""The module reader and home, as a browser without script sees them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.courseware.folder import load_folder
from lms.database import db
from lms.learning.models import Enrollment
from tests.support.pages import form_of, page_of
from tests.support.world import World

SCENARIO = b"""
## A hard story

<!-- skip-to: the-same-without-a-story -->

It is told in plain words.

## The same without a story

The point is this.

## Play it through

<!-- scenario: t-play; start: door -->

You stand at a door.

### The door

<!-- step: door; score: 0 -->

What now?

- [Knock](#the-room)
- [Walk away](#the-street)

### The room

<!-- step: room; score: 2; end: true -->

Somebody opens.

### The street

<!-- step: street; score: 0 -->

You are outside.

- [Go back](#the-door)
- [Go home](#the-home)

### The home

<!-- step: home; end: true; score: 0 -->

You are home.

## For the facilitator

<!-- facilitator -->

Ask them what they saw.
"""


@pytest.fixture
def files(tiny_course: Path) -> dict[str, bytes]:
    files = load_folder(tiny_course)
    path = "en/01-first-steps.md"
    del files["es/01-first-steps.md"]
    return {**files, path: files[path] + SCENARIO}


@pytest.fixture
def nurse(client: FlaskClient, world: World, files: dict[str, bytes]) -> FlaskClient:
    """Signed in, enrolled, nothing read yet."""
    world.publish_files(files)
    world.sign_in(client, world.user(agency=world.agency(), discipline="healthcare"))
    form = form_of(page_of(client, "/courses/tiny"), "/enroll")
    client.post(form.action, data=form.fields)
    return client


FIRST, SECOND, FINAL = "/learn/tiny/first-steps", "/learn/tiny/second-steps", "/learn/tiny/final"


def mark_read(client: FlaskClient, address: str) -> None:
    form = form_of(page_of(client, address), "/complete")
    assert client.post(form.action, data=form.fields).status_code == 303


def text_of(page: str) -> str:
    """What is read, without tags and the shell around it."""
    main = page.partition('<main id="main"')[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def test_a_module_tells_where_one_is(nurse: FlaskClient) -> None:
    page = text_of(page_of(nurse, FIRST))

    assert "Module 1 of 3 · about 30 minutes" in page
    assert "0 of 3 modules completed" in page
    assert "Take a breath. Then take the first step." in page


def test_progress_moves_when_a_module_is_marked_as_read(nurse: FlaskClient) -> None:
    mark_read(nurse, FIRST)

    assert "1 of 3 modules completed" in text_of(page_of(nurse, SECOND))


def test_the_content_note_comes_before_the_text(nurse: FlaskClient) -> None:
    mark_read(nurse, FIRST)

    page = text_of(page_of(nurse, SECOND))

    assert page.index("Speaks of stress") < page.index("The second step follows the first")


def test_a_module_whose_turn_has_not_come_says_what_comes_first(nurse: FlaskClient) -> None:
    page = page_of(nurse, FINAL)

    assert "not open yet" in page
    assert f'href="{FIRST}"' in page
    assert "Five questions" not in page


def test_a_closed_module_cannot_be_completed_or_begun_by_hand(nurse: FlaskClient) -> None:
    token = form_of(page_of(nurse, FIRST), "/complete").fields["csrf_token"]

    for address in (f"{FINAL}/complete", f"{FINAL}/attempts", f"{SECOND}/attempts"):
        assert nurse.post(address, data={"csrf_token": token}).status_code == 409


def test_reading_and_answering_complete_a_module_in_either_order(nurse: FlaskClient) -> None:
    mark_read(nurse, FIRST)
    start = form_of(page_of(nurse, SECOND), "/attempts")
    attempt = nurse.post(start.action, data=start.fields).headers["Location"]
    submit = form_of(page_of(nurse, attempt), "/submit")
    nurse.post(submit.action, data=submit.fields)
    assert "1 of 3 modules completed" in text_of(page_of(nurse, SECOND))

    mark_read(nurse, SECOND)

    assert "2 of 3 modules completed" in text_of(page_of(nurse, SECOND))


def test_parts_for_other_fields_are_closed_and_for_ones_own_open(
    nurse: FlaskClient, world: World, client: FlaskClient
) -> None:
    teacher = world.client_of(world.user(agency=world.agency(), discipline="schools"))
    form = form_of(page_of(teacher, "/courses/tiny"), "/enroll")
    teacher.post(form.action, data=form.fields)

    for_nurse, for_teacher = page_of(nurse, FIRST), page_of(teacher, FIRST)

    assert '<details class="card other-field" id="for-schools">' in for_nurse
    assert "other-field" not in for_teacher
    assert "Tell the counselor of your school." in for_nurse
    assert "Tell the counselor of your school." in for_teacher


def test_a_hard_passage_has_a_way_around_it_before_it(nurse: FlaskClient) -> None:
    page = page_of(nurse, FIRST)

    link = page.index('href="#the-same-without-a-story"')
    assert link < page.index("It is told in plain words.")
    assert 'id="the-same-without-a-story"' in page


def test_what_is_for_the_facilitator_is_not_shown(nurse: FlaskClient) -> None:
    assert "Ask them what they saw" not in page_of(nurse, FIRST)


def test_a_story_is_played_by_links_and_keeps_its_score_in_the_address(nurse: FlaskClient) -> None:
    assert "What now?" in page_of(nurse, FIRST)
    on_the_street = page_of(nurse, f"{FIRST}?scenario=t-play&step=street")
    at_the_end = text_of(page_of(nurse, f"{FIRST}?scenario=t-play&step=street.door.room"))

    assert "step=street.door#" in on_the_street.replace("&amp;", "&")
    assert "You chose: Walk away" in text_of(on_the_street)
    assert "2 of 2 points" in at_the_end


@pytest.mark.parametrize(
    "path", ["room.street", "nowhere", "street.street.street", "x" * 3000, ".".join(["street", "door"] * 900)]
)
def test_a_path_that_no_choice_leads_along_ends_where_it_still_fits(nurse: FlaskClient, path: str) -> None:
    assert nurse.get(f"{FIRST}?scenario=t-play&step={path}").status_code == 200


def test_whoever_is_not_enrolled_is_led_to_the_course(
    client: FlaskClient, world: World, files: dict[str, bytes]
) -> None:
    world.publish_files(files)
    world.sign_in(client, world.user())

    answer = client.get(FIRST)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/courses/tiny")


@pytest.mark.parametrize("address", ["/learn/tiny/none", "/learn/tiny/first-steps%00", "/learn/tiny/" + "x" * 500])
def test_an_unknown_module_is_not_found(nurse: FlaskClient, address: str) -> None:
    assert nurse.get(address).status_code in (400, 404)


def test_resuming_opens_the_module_that_was_seen_last(nurse: FlaskClient) -> None:
    mark_read(nurse, FIRST)
    page_of(nurse, SECOND)

    assert nurse.get("/learn/tiny").headers["Location"] == SECOND


def test_an_unchanged_page_is_not_sent_again(nurse: FlaskClient) -> None:
    etag = nurse.get(FIRST).headers["ETag"]

    again = nurse.get(FIRST, headers={"If-None-Match": etag})
    mark_read(nurse, FIRST)
    nurse.get("/home")
    after = nurse.get(FIRST, headers={"If-None-Match": etag})

    assert (again.status_code, again.get_data()) == (304, b"")
    assert after.status_code == 200


@pytest.mark.parametrize("change", ["language", "step", "person"])
def test_another_language_step_or_person_is_another_page(nurse: FlaskClient, world: World, change: str) -> None:
    etag = nurse.get(FIRST).headers["ETag"]
    browser, address = nurse, FIRST
    if change == "language":
        address += "?lang=es"
    elif change == "step":
        address += "?scenario=t-play&step=street"
    else:
        browser = world.client_of(world.user())
        form = form_of(page_of(browser, "/courses/tiny"), "/enroll")
        browser.post(form.action, data=form.fields)

    assert browser.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_a_module_page_takes_a_handful_of_queries(nurse: FlaskClient, count_queries) -> None:
    mark_read(nurse, FIRST)
    page_of(nurse, SECOND)
    page_of(nurse, FIRST)
    count_queries.statements.clear()
    page_of(nurse, FIRST)
    plain = count_queries.count
    count_queries.statements.clear()

    page_of(nurse, SECOND)

    assert plain <= 4  # a part is for the facilitator: one asks whether the reader leads the exercise
    assert count_queries.count <= 4


def test_a_module_in_spanish_is_shown_in_spanish_and_an_untranslated_one_says_so(
    client: FlaskClient, world: World
) -> None:
    world.publish("tiny")
    world.sign_in(client, world.user())
    form = form_of(page_of(client, "/courses/tiny"), "/enroll")
    client.post(form.action, data=form.fields)
    mark_read(client, FIRST)

    translated, original = page_of(client, f"{FIRST}?lang=es"), page_of(client, f"{SECOND}?lang=es")

    assert "Lea esta página con calma." in translated
    assert "The second step follows the first." in original
    assert 'lang="en"' in original


def test_home_shows_one_thing_to_go_on_with(nurse: FlaskClient) -> None:
    page = text_of(page_of(nurse, "/home"))

    assert "A tiny course" in page
    assert "about 55 minutes left" in page


def test_home_of_a_newcomer_leads_to_the_courses(client: FlaskClient, world: World) -> None:
    world.sign_in(client, world.user())

    assert "Begin your first course" in page_of(client, "/home")


def test_home_of_a_newcomer_names_the_course_with_which_everybody_begins(
    client: FlaskClient, world: World, files: dict[str, bytes]
) -> None:
    world.publish_files(files)
    world.sign_in(client, world.user())

    page = page_of(client, "/home")

    assert "A tiny course" in page
    assert 'href="/courses/tiny"' in page


def test_strangers_are_asked_to_sign_in(client: FlaskClient, world: World, files: dict[str, bytes]) -> None:
    world.publish_files(files)

    for address in ("/home", FIRST, "/learn/tiny", "/attempts/1"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in")


def test_an_administrators_home_begins_with_what_they_are_learning(nurse: FlaskClient, world: World) -> None:
    from_home = page_of(nurse, "/home")
    world.grant(world.read(lambda: db.session.scalars(select(Enrollment.user_id)).one()), "state-administrator")

    page = page_of(nurse, "/home")

    assert 'id="go-on"' in from_home
    assert page.index('id="go-on"') < page.index('id="duties"')
