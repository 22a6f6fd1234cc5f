"""Answers of a form given to a team: only by its members, only what they tick, read by its coordinator alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from lms.assessment.models import Attempt
from lms.clock import utc_now
from lms.cohorts import after_action, giving, teams, templates
from lms.cohorts.after_action import ActionText, drafted
from lms.cohorts.claims import ROOM, erase_person
from lms.cohorts.given import count_ratings, load_given
from lms.cohorts.giving import ACTION, RATINGS, TEXT, Answer, Rating
from lms.cohorts.models import Cohort
from lms.cohorts.report_claims import without
from lms.cohorts.report_models import GivenPart, TeamAction, TeamReport
from lms.courseware.folder import load_folder
from lms.courseware.read import read_course
from lms.database import db
from lms.errors import Conflict, Invalid, NotFound
from lms.learning.models import Enrollment
from lms.people.models import AuditEvent, User
from lms.people.persons import FIRST, Erasing, export_claims
from lms.person_rooms import FIRSTS
from lms.wall.sight import looking_as, viewer_sight
from tests.cohorts.conftest import TEMPLATE, Teams
from tests.support.pages import attempt_id_of, form_of, page_of, right_values, sitting_of
from tests.support.world import SHIPPED_COURSES

FORM = b"""---
id: form
title: After-action form
kind: form
disciplines: [shared]
minutes: 5
objectives:
  - {id: LO1, text: Draft an action}
content_note: none
quiz: {role: check, feedback: after-submit}
---

# After-action form

## How far

<!-- pool: f-rate; draw: all -->

### How far did you get?

<!-- q: f-rating; type: likert; scale: 1..4; low: Not done; high: Done -->

- Each seat could say who reports.
- There was a private place.

## What we saw

<!-- pool: f-seen; draw: all -->

### What worked?

<!-- q: f-worked; type: written; lo: LO1 -->

- Names what was done

## What we will do

<!-- pool: f-actions; draw: all; holds: actions -->

### Action 1

<!-- q: f-action; type: written; lo: LO1 -->

- Has one owner

## By yourself

<!-- pool: f-own; draw: all -->

### How are you?

<!-- q: f-own-words; type: reflection -->

This one is private.
"""
STEPS = "Nobody knew the number\nIt hangs in one office\nHang it in all three\nPat Kim, Cedar Hospital\n2027-03-01"
WRITTEN = {"f-action": STEPS, "f-worked": "The side room at inject 2", "f-own-words": "I was tired"}


@pytest.fixture
def formed(small: Teams, tiny_course: Path) -> Teams:
    files = {name: text for name, text in load_folder(tiny_course).items() if not name.startswith("es/")}
    course = files["course.yaml"].decode().replace("[en, es]", "[en]")
    course = course.replace("  - {id: final,", "  - {id: form}\n  - {id: final,")
    small.world.publish_files({**files, "course.yaml": course.encode(), "en/05-form.md": FORM}, change="revision")
    return small


def make_team(formed: Teams, name: str = "County team") -> int:
    """A team whose kind holds the exercise of the tiny course."""
    cohort = formed.cohort(name=name)
    exercise = '  - {id: m6, title: {en: "Exercise held"}, course: tiny, rule: "Attested."}\n'
    path = formed.folder / "small-team.yaml"
    path.write_text(TEMPLATE.replace("MILESTONES", "") + exercise, encoding="utf-8")
    formed.world.write(lambda: templates.publish_templates(formed.folder) and None)
    return cohort


def fill_in(formed: Teams, user: int, **written: str) -> tuple[FlaskClient, str]:
    """The form filled in and submitted by the person's browser; and the address of its result."""
    client = formed.world.client_of(user)
    page = page_of(client, "/courses/tiny")
    if "/enroll" in page:
        form = form_of(page, "/enroll")
        client.post(form.action, data=form.fields)
    form = form_of(page_of(client, "/learn/tiny/form"), "/attempts")
    address = client.post(form.action, data=form.fields).location
    values = {**right_values(formed.world, address), **{**WRITTEN, **written}}
    form = form_of(page_of(client, address), "/submit")
    answer = client.post(form.action, data={**form.fields, **values, "submit_anyway": "1"})
    assert answer.status_code == 303
    return client, address


def give(client: FlaskClient, address: str, cohort: int, *answers: str) -> Any:
    form = form_of(page_of(client, f"{address}/give"), "")
    return client.post(f"{address}/give", data={**form.fields, "cohort_id": cohort, "answers": list(answers)})


def given(formed: Teams) -> list[GivenPart]:
    return formed.world.read(lambda: list(db.session.scalars(select(GivenPart).order_by(GivenPart.id))))


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def report_of(formed: Teams, user: int, cohort: int) -> str:
    return page_of(formed.world.client_of(user), f"/cohorts/{cohort}/report")


def test_nothing_is_given_by_filling_the_form_in_or_by_looking_at_what_could_be_given(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])

    page_of(client, f"{address}/give")

    assert "Nothing of these answers has been given to your team." in words_of(page_of(client, address))
    assert given(formed) == []
    assert "Nobody has given anything yet." in words_of(report_of(formed, formed.coordinator, cohort))


def test_the_page_shows_every_word_that_may_be_given_and_who_reads_it_and_no_private_reflection(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])

    page = page_of(client, f"{address}/give")

    assert STEPS.replace("\n", " ") in words_of(page)
    assert "The side room at inject 2" in page
    assert "There was a private place. 3" in words_of(page)
    assert "County team. Its coordinator: Coordinator" in words_of(page)
    assert "I was tired" not in page
    assert "f-own-words" not in page
    assert "checked" not in page.partition('name="answers"')[2].partition("</fieldset>")[0]


def test_what_is_ticked_is_given_with_a_receipt_and_seen_at_the_form_with_its_day(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])

    answer = give(client, address, cohort, "f-action")
    page = page_of(client, answer.location)

    [part] = given(formed)
    assert [one["question"] for one in part.answers] == ["f-action"]
    assert f"Given to the coordinator of “County team”. Receipt {part.receipt}." in words_of(page)
    at_form = words_of(page_of(client, "/learn/tiny/form"))
    assert "to the coordinator of “County team”: Coordinator." in at_form
    assert f"Receipt {part.receipt}." in at_form


def test_what_is_written_in_a_form_waits_for_no_trainer(formed: Teams) -> None:
    client, address = fill_in(formed, formed.person("schools"))

    page = words_of(page_of(client, address))

    assert "trainer" not in page
    assert "You wrote: The side room at inject 2" in page


def test_the_form_as_a_browser_kept_it_is_not_shown_again_once_something_was_given(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])
    page_of(client, "/learn/tiny/form")
    kept = client.get("/learn/tiny/form").headers["ETag"]

    same = client.get("/learn/tiny/form", headers={"If-None-Match": kept}).status_code
    give(client, address, cohort, "f-action")
    page_of(client, address)  # says that it was given, once

    assert same == 304
    assert client.get("/learn/tiny/form", headers={"If-None-Match": kept}).status_code == 200


def test_a_private_reflection_is_not_given_even_by_a_forged_form(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])

    assert give(client, address, cohort, "f-own-words").status_code == 422
    assert give(client, address, cohort, "f-worked", "f-own-words").status_code == 422
    assert given(formed) == []


def test_ticking_nothing_gives_nothing_and_says_so(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])

    answer = give(client, address, cohort)

    assert answer.status_code == 422
    assert "Tick at least one answer" in answer.get_data(as_text=True)
    assert given(formed) == []


def test_a_learner_cannot_give_to_a_team_that_they_do_not_sit_in(formed: Teams) -> None:
    cohort, other = make_team(formed), make_team(formed, "Other team")
    client, address = fill_in(formed, formed.people(cohort)[0])
    stranger, alone = fill_in(formed, formed.person("schools"))

    assert give(client, address, other, "f-action").status_code == 422
    assert "You are in no team that holds this exercise" in words_of(page_of(stranger, f"{alone}/give"))
    with pytest.raises(NotFound):
        offer_and_give(formed, address, other, "f-action")
    assert given(formed) == []


def offer_and_give(formed: Teams, address: str, cohort: int, *chosen: str) -> None:
    """By the service, past the page."""

    def step() -> None:
        sitting = sitting_of(attempt_id_of(address))
        user = owner_of(address)
        offered = [Answer("f-action", ACTION, "Action 1", STEPS)]
        giving.give_answers(sitting, offered, chosen, cohort, user_id=user, language="en", now=utc_now())

    formed.world.write(step)


def owner_of(address: str) -> int:
    found = db.session.scalar(
        select(Enrollment.user_id)
        .join(Attempt, Attempt.enrollment_id == Enrollment.id)
        .where(Attempt.id == attempt_id_of(address))
    )
    assert found is not None
    return found


def test_a_former_member_cannot_give_and_may_take_back_what_they_gave(formed: Teams) -> None:
    cohort = make_team(formed)
    user = formed.people(cohort)[0]
    client, address = fill_in(formed, user)
    give(client, address, cohort, "f-action")
    member = next(one.id for one in formed.members(cohort) if one.user_id == user)
    formed.do(cohort, lambda team: teams.remove_member(team, member, utc_now(), actor_id=formed.coordinator))

    assert "has left the team" in words_of(report_of(formed, formed.coordinator, cohort))
    assert f"{address}/give" not in page_of(client, address)
    with pytest.raises(NotFound):
        offer_and_give(formed, address, cohort, "f-action")
    form = form_of(page_of(client, address), "/take-back")
    assert client.post(form.action, data=form.fields).status_code == 303
    assert given(formed) == []


def test_a_team_whose_kind_holds_no_such_exercise_is_not_offered(formed: Teams) -> None:
    cohort = formed.cohort()
    client, address = fill_in(formed, formed.people(cohort)[0])

    assert f"{address}/give" not in page_of(client, address)
    with pytest.raises(NotFound):
        offer_and_give(formed, address, cohort, "f-action")


def test_the_coordinator_sees_actions_first_then_texts_and_ratings_only_in_counts_of_three(formed: Teams) -> None:
    cohort = make_team(formed)
    pages = []
    for user in formed.people(cohort)[:3]:
        client, address = fill_in(formed, user)
        give(client, address, cohort, "f-rating", "f-worked", "f-action")
        pages.append(words_of(report_of(formed, formed.coordinator, cohort)))

    assert "2 people have rated it. Counts are shown from 3 people on" in pages[1]
    assert "3 : 2 people" not in pages[1]
    assert "Each seat could say who reports. 1 · Not done : 0 people 2 : 0 people 3 : 3 people" in pages[2]
    places = [pages[2].index(one) for one in ("Nobody knew the number", "The side room", "There was a private place")]
    assert places == sorted(places)
    assert "I was tired" not in pages[2]


def test_nobody_but_the_coordinator_reads_what_was_given(formed: Teams) -> None:
    cohort = make_team(formed)
    people = formed.people(cohort)
    client, address = fill_in(formed, people[0])
    give(client, address, cohort, "f-action", "f-worked")
    leader = formed.world.user("Leads by a role", agency=formed.agency)
    formed.world.grant(leader, "coordinator", formed.agency)
    state = formed.world.user("State")
    formed.world.grant(state, "state-administrator")
    [part] = given(formed)
    filled = f"/cohorts/{cohort}/report/actions/new?part={part.id}&question=f-action"

    for reader in (people[1], leader, state):
        page = report_of(formed, reader, cohort)
        assert [text for text in ("Nobody knew the number", "The side room") if text in page] == []
    assert [formed.world.client_of(one).get(filled).status_code for one in (people[1], leader, state)] == [
        403,
        404,
        404,
    ]
    assert "Nobody knew the number" in report_of(formed, formed.coordinator, cohort)


def test_the_coordinator_of_another_team_sees_neither_the_report_nor_an_answer(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])
    give(client, address, cohort, "f-action")
    [part] = given(formed)
    away = formed.world.agency("Other county")
    other = formed.world.user("Coordinator there", agency=away)
    formed.world.grant(other, "coordinator", away)
    theirs = make_team(formed, "Their team")
    formed.do(theirs, lambda team: hand_over(team, other, away))
    formed.do(theirs, lambda team: giving.open_report(team, utc_now()))
    browser = formed.world.client_of(other)
    filled = f"report/actions/new?part={part.id}&question=f-action"

    assert browser.get(f"/cohorts/{cohort}/report").status_code == 404
    assert browser.get(f"/cohorts/{cohort}/{filled}").status_code == 404
    assert browser.get(f"/cohorts/{theirs}/{filled}").status_code == 404
    assert "Nobody knew" not in page_of(browser, f"/cohorts/{theirs}/report")


def test_nobody_takes_back_what_another_person_gave(formed: Teams) -> None:
    cohort = make_team(formed)
    people = formed.people(cohort)
    client, address = fill_in(formed, people[0])
    give(client, address, cohort, "f-action")
    [part] = given(formed)

    for other in (people[1], formed.coordinator):
        browser = formed.world.client_of(other)
        form = form_of(page_of(browser, "/account"), "")
        answer = browser.post(f"/given/{part.id}/take-back", data={"csrf_token": form.fields["csrf_token"]})
        assert answer.status_code == 404
    assert len(given(formed)) == 1


def test_only_what_is_an_action_fills_the_form_of_an_action(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])
    give(client, address, cohort, "f-worked")
    [part] = given(formed)
    leader = formed.world.client_of(formed.coordinator)

    filled = f"/cohorts/{cohort}/report/actions/new?part={part.id}&question="

    assert leader.get(f"{filled}f-worked").status_code == 404
    assert leader.get(f"{filled}f-action").status_code == 404


def hand_over(team: Cohort, user: int, agency: int) -> None:
    team.coordinator_id, team.agency_id = user, agency


def test_an_answer_put_on_the_list_fills_the_form_and_every_field_stays_editable(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])
    give(client, address, cohort, "f-action")
    leader = formed.world.client_of(formed.coordinator)
    found = re.search(r'href="([^"]*/actions/new\?part[^"]*)"', page_of(leader, f"/cohorts/{cohort}/report"))
    assert found is not None
    link = found[1].replace("&amp;", "&")
    form = form_of(page_of(leader, link), "")

    assert (form.fields["seen"].strip(), form.fields["cause"].strip()) == (
        "Nobody knew the number",
        "It hangs in one office",
    )
    assert form.fields["owner"] == ["Pat Kim, Cedar Hospital"]
    assert (form.fields["due_on-month"], form.fields["due_on-day"]) == ("3", ["1"])
    answer = leader.post(link, data={**form.fields, "step": "Hang it in every office"})
    assert answer.status_code == 303
    page = page_of(leader, f"/cohorts/{cohort}/report")
    assert "Hang it in every office" in page
    assert "On the list" in words_of(page)
    assert "actions/new?part" not in page


def test_members_read_the_list_and_cannot_change_it(formed: Teams) -> None:
    cohort = make_team(formed)
    user = formed.people(cohort)[0]
    action = put_on(formed, cohort)
    client = formed.world.client_of(user)

    page = page_of(client, f"/cohorts/{cohort}/report")

    assert "Hang it in all three" in page
    assert "/actions/" not in page
    assert client.get(f"/cohorts/{cohort}/report/actions/{action}").status_code == 403
    assert client.get(f"/cohorts/{cohort}/report/actions/new").status_code == 403


def put_on(formed: Teams, cohort: int, **changes: Any) -> int:
    values: dict[str, Any] = {"step": "Hang it in all three", "owner": "Pat Kim", "due_on": date(2027, 3, 1), **changes}

    def step() -> int:
        team = db.session.get_one(Cohort, cohort)
        today = date(2026, 12, 1)
        return after_action.add_action(
            team, ActionText(**values), actor_id=formed.coordinator, today=today, now=utc_now()
        ).id

    return formed.world.write(step)


@pytest.mark.parametrize("changes", [{"step": " "}, {"owner": ""}, {"due_on": None}, {"due_on": date(2090, 1, 1)}])
def test_an_action_has_a_step_an_owner_and_a_day(formed: Teams, changes: dict[str, Any]) -> None:
    cohort = make_team(formed)

    with pytest.raises(Invalid):
        put_on(formed, cohort, **changes)


def test_giving_again_replaces_the_former_and_the_coordinator_sees_that(formed: Teams) -> None:
    cohort = make_team(formed)
    user = formed.people(cohort)[0]
    client, address = fill_in(formed, user)
    give(client, address, cohort, "f-action", "f-worked")
    leader = formed.world.client_of(formed.coordinator)
    [first] = given(formed)
    link = f"/cohorts/{cohort}/report/actions/new?part={first.id}&question=f-action"
    leader.post(link, data=form_of(page_of(leader, link), "").fields)

    client, address = fill_in(formed, user, **{"f-action": "Something else"})
    assert "You have filled in the form again since." in words_of(page_of(client, address))
    assert "This takes the place of what you gave before" in words_of(page_of(client, f"{address}/give"))
    give(client, address, cohort, "f-action")

    [part] = given(formed)
    assert (part.id, part.former_given_at) == (first.id, first.given_at)
    assert part.receipt != first.receipt
    page = words_of(page_of(leader, f"/cohorts/{cohort}/report"))
    assert "It took the place of what was given on" in page
    assert "The action on the list was made out of what was given before." in page
    assert "Something else" in page
    assert "The side room" not in page


def test_what_was_given_is_a_copy_that_no_later_attempt_changes(formed: Teams) -> None:
    cohort = make_team(formed)
    user = formed.people(cohort)[0]
    client, address = fill_in(formed, user)
    give(client, address, cohort, "f-worked")
    fill_in(formed, user, **{"f-worked": "Something else"})

    page = report_of(formed, formed.coordinator, cohort)

    assert "The side room at inject 2" in page
    assert "Something else" not in page


def test_what_was_given_can_be_taken_back_and_the_action_made_of_it_stays(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])
    give(client, address, cohort, "f-action")
    leader = formed.world.client_of(formed.coordinator)
    [part] = given(formed)
    link = f"/cohorts/{cohort}/report/actions/new?part={part.id}&question=f-action"
    leader.post(link, data=form_of(page_of(leader, link), "").fields)
    form = form_of(page_of(client, "/learn/tiny/form"), "/take-back")

    assert client.post(form.action, data=form.fields).status_code == 303

    page = page_of(leader, f"/cohorts/{cohort}/report")
    assert given(formed) == []
    assert "Nobody has given anything yet." in words_of(page)
    assert "Hang it in all three" in page


def test_once_the_report_is_closed_nothing_is_given_taken_back_or_put_on_the_list(formed: Teams) -> None:
    cohort = make_team(formed)
    user = formed.people(cohort)[0]
    client, address = fill_in(formed, user)
    give(client, address, cohort, "f-action")
    action = put_on(formed, cohort)
    leader = formed.world.client_of(formed.coordinator)
    form = form_of(page_of(leader, f"/cohorts/{cohort}/report/close"), "/close")
    assert leader.post(form.action, data=form.fields).status_code == 303
    [part] = given(formed)

    assert "/take-back" not in page_of(client, address)
    assert "The report of “County team” is closed." in words_of(page_of(client, f"{address}/give"))
    refused: list[Callable[[], Any]] = [
        lambda: offer_and_give(formed, address, cohort, "f-action"),
        lambda: formed.world.write(lambda: giving.take_back(user, part.id) and None),
        lambda: put_on(formed, cohort),
        lambda: formed.do(cohort, lambda team: after_action.remove_action(team, action, actor_id=formed.coordinator)),
    ]
    for step in refused:
        with pytest.raises(Conflict):
            step()
    done = ActionText(step="Hung", owner="Pat Kim", due_on=date(2027, 3, 1), done_on=date(2027, 2, 1))
    formed.do(
        cohort,
        lambda team: after_action.change_action(
            team, action, done, actor_id=formed.coordinator, today=date(2027, 3, 1)
        ),
    )
    assert "Done on February 1, 2027" in words_of(report_of(formed, user, cohort))


def test_the_next_report_deletes_what_was_given_to_the_one_before_and_keeps_its_actions(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])
    give(client, address, cohort, "f-action")
    put_on(formed, cohort)
    leader = formed.world.client_of(formed.coordinator)
    early = leader.post(f"/cohorts/{cohort}/report/next", data=token_of(leader, cohort))
    formed.do(cohort, lambda team: after_action.close_report(team, actor_id=formed.coordinator, now=utc_now()))

    answer = leader.post(f"/cohorts/{cohort}/report/next", data=token_of(leader, cohort))

    assert (early.status_code, answer.status_code) == (409, 303)
    assert given(formed) == []
    page = words_of(page_of(leader, f"/cohorts/{cohort}/report"))
    assert "exercise number 2" in page
    assert "Actions of the report closed on" in page
    assert "Hang it in all three" in page
    assert give(client, address, cohort, "f-action").status_code == 303


def token_of(client: FlaskClient, cohort: int) -> dict[str, Any]:
    return form_of(page_of(client, f"/cohorts/{cohort}/report/next"), "/next").fields


def test_a_copy_says_in_which_language_its_questions_are(formed: Teams) -> None:
    cohort = make_team(formed)
    agency = formed.world.agency()
    user = formed.world.user(agency=agency, discipline="schools", language="es")
    formed.join(cohort, user)
    client, address = fill_in(formed, user)

    give(client, address, cohort, "f-worked")

    [part] = given(formed)
    assert "Entregado a la coordinación de «County team»." in page_of(client, address)
    assert (part.language, part.answers[0]["prompt"]) == ("en", "What worked?")


def test_the_audit_says_that_something_was_given_and_taken_back_and_not_what(formed: Teams) -> None:
    cohort = make_team(formed)
    user = formed.people(cohort)[0]
    client, address = fill_in(formed, user)
    give(client, address, cohort, "f-action")
    form = form_of(page_of(client, address), "/take-back")
    client.post(form.action, data=form.fields)

    events = formed.world.read(
        lambda: [
            (one.action, one.actor_id, str(one.detail))
            for one in db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))
            if one.action.startswith("report-part")
        ]
    )

    assert [one[:2] for one in events] == [("report-part.given", user), ("report-part.taken-back", user)]
    assert not any("Nobody knew" in detail for _, _, detail in events)


@pytest.mark.postgresql_only
def test_behind_the_second_wall_a_part_is_its_giver_s_alone_and_the_list_its_team_s(formed: Teams) -> None:
    cohort = make_team(formed)
    user, member = formed.people(cohort)[:2]
    client, address = fill_in(formed, user)
    give(client, address, cohort, "f-action")
    put_on(formed, cohort)
    stranger = formed.person("schools")

    def seen_by(person: int, people: tuple[str, ...] | None) -> tuple[int, ...]:
        def look() -> tuple[int, ...]:
            with looking_as(viewer_sight(person, people, ())):
                return tuple(len(db.session.scalars(select(one)).all()) for one in (GivenPart, TeamAction, TeamReport))

        return formed.world.read(look)

    found = [seen_by(one, ()) for one in (user, member, formed.coordinator, stranger)]
    assert found == [(1, 1, 1), (0, 1, 1), (0, 1, 1), (0, 0, 0)]
    assert seen_by(stranger, None) == (0, 0, 0)


def test_the_board_leads_to_the_report_and_tells_only_the_coordinator_how_many_gave(formed: Teams) -> None:
    cohort = make_team(formed)
    people = formed.people(cohort)
    before = page_of(formed.world.client_of(people[1]), f"/cohorts/{cohort}")
    client, address = fill_in(formed, people[0])
    give(client, address, cohort, "f-action")

    member = page_of(formed.world.client_of(people[1]), f"/cohorts/{cohort}")
    leader = page_of(formed.world.client_of(formed.coordinator), f"/cohorts/{cohort}")

    assert f"/cohorts/{cohort}/report" not in before
    assert f"/cohorts/{cohort}/report" in member
    assert "gave you something" not in member
    assert "1 member gave you something for it." in words_of(leader)


def test_the_shipped_form_offers_three_actions_and_no_reflection() -> None:
    course, _problems = read_course(load_folder(SHIPPED_COURSES / "tabletop-exercise"))
    module = course.module("after-action-form", "en")
    assert module is not None

    actions = [one.id for pool in module.pools if pool.holds_actions for one in pool.questions]

    assert module.is_form
    assert actions == ["tt-form-action-1", "tt-form-action-2", "tt-form-action-3"]
    assert [one.type for one in module.questions if one.id == "tt-form-facilitator"] == ["reflection"]


def test_five_lines_fill_the_fields_and_other_texts_go_whole_into_what_was_seen() -> None:
    assert drafted("1. Seen\n- Why\n\nStep\nOwner\nby 3/1/2027") == ActionText(
        "Seen", "Why", "Step", "Owner", date(2027, 3, 1)
    )
    assert drafted("a\nb\nc\nd\nin spring").due_on is None
    assert drafted("a\nb\nc\nd\n2027-02-31").due_on is None
    assert drafted("One line\nand another") == ActionText(seen="One line\nand another")


def test_ratings_of_two_people_are_no_counts_and_of_three_are() -> None:
    def answer(number: int, *more: str) -> tuple[Answer, str]:
        rated = tuple(Rating(key, key.upper(), number) for key in ("a", *more))
        return Answer("q", RATINGS, "How far?", ratings=rated, scale=((1, "1 · low"), (2, "2 · high"))), "en"

    [counted] = count_ratings([answer(1, "b"), answer(2), answer(2, "b")])

    assert [(one.text, one.people, one.counts) for one in counted.statements] == [
        ("A", 3, (("1 · low", 1), ("2 · high", 2))),
        ("B", 2, ()),
    ]


def test_an_erased_owner_s_name_leaves_the_action_and_the_agency_stays() -> None:
    assert without("Pat Kim Lee, Cedar Hospital", {"Pat Kim", "Pat Kim Lee"}) == "…, Cedar Hospital"
    assert without("Also ask al: Al's door", {"Al"}) == "Also ask …: …'s door"
    assert without("Nobody is named", {""}) == without("Nobody is named", ()) == "Nobody is named"


def test_texts_and_actions_are_kept_apart_in_the_view_of_the_coordinator(formed: Teams) -> None:
    cohort = make_team(formed)
    client, address = fill_in(formed, formed.people(cohort)[0])
    give(client, address, cohort, "f-worked", "f-action")

    view = formed.world.read(lambda: load_given(db.session.scalars(select(TeamReport)).one(), []))

    assert [one.answer.kind for one in view.actions] == [ACTION]
    assert [[one.answer.kind for one in texts] for _prompt, texts in view.texts] == [[TEXT]]


def test_two_accounts_put_together_count_once_and_giving_again_takes_the_place_of_both(formed: Teams) -> None:
    cohort = make_team(formed)
    user, other, third = formed.people(cohort)[:3]
    for one in (user, other, third):
        client, address = fill_in(formed, one)
        give(client, address, cohort, "f-rating", "f-worked")
    formed.world.write(
        lambda: db.session.execute(update(GivenPart).where(GivenPart.user_id == other).values(user_id=user))
    )
    merged = report_of(formed, formed.coordinator, cohort)
    client, address = fill_in(formed, user)

    give(client, address, cohort, "f-worked")

    assert "2 people gave something." in words_of(merged)
    assert "Counts are shown from 3 people on" in words_of(merged)
    assert sorted(one.user_id for one in given(formed)) == sorted([user, third])


def test_an_erased_person_leaves_nothing_given_and_no_name_on_the_list(formed: Teams) -> None:
    cohort = make_team(formed)
    user = formed.people(cohort)[0]
    client, address = fill_in(formed, user)
    give(client, address, cohort, "f-action")
    name = formed.world.read(lambda: db.session.get_one(User, user).name)
    action = put_on(formed, cohort, owner=f"{name}, Cedar Hospital", cause=f"Only {name} knew it")
    stage = Erasing(user, utc_now(), FIRST, keeps_name=False, firsts=FIRSTS)

    formed.world.write(lambda: erase_person(stage))

    kept = formed.world.read(lambda: db.session.get_one(TeamAction, action))
    assert given(formed) == []
    assert (kept.owner, kept.cause) == ("…, Cedar Hospital", "Only … knew it")


def test_a_person_s_own_data_hold_what_they_gave_and_to_whom(formed: Teams) -> None:
    cohort = make_team(formed)
    user = formed.people(cohort)[0]
    client, address = fill_in(formed, user)
    give(client, address, cohort, "f-action")

    [part] = formed.world.read(lambda: export_claims(ROOM, FIRSTS, user))["given_to_a_teams_report"]

    assert (part["team"], part["answers"][0]["text"]) == ("County team", STEPS)
