"""The pages of cohorts over HTTP: the board, who may see it, invitations, places, milestones."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.cohorts.models import Cohort, CohortTemplate
from lms.cohorts.templates import CROSS_TRAINING
from lms.database import db
from lms.outbox import OutboxMessage
from tests.cohorts.conftest import DISCIPLINES, Teams
from tests.conftest import QueryCount
from tests.support.days import site_day
from tests.support.pages import text_of
from tests.support.world import form_token


def send(client: FlaskClient, address: str, page: str | None = None, **entries: str) -> TestResponse:
    """Post a form with the token of its page."""
    return client.post(address, data={**entries, "csrf_token": form_token(client, page or address)})


def test_the_board_says_who_is_certified_what_is_missing_and_by_when(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    for user in people[1:]:
        small.certify(user)

    page = text_of(small.world.client_of(small.coordinator).get(f"/cohorts/{cohort}"))

    assert "3 of 4 required seats are certified" in page
    assert "Needs 1 certified person in Schools" in page
    assert "by March 1, 2030" in page
    assert "Holds it until" in page


def test_a_member_sees_names_and_status_but_no_expiry_and_no_way_to_change(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    small.certify(people[1])
    client = small.world.client_of(people[0])

    page = client.get(f"/cohorts/{cohort}")

    assert page.status_code == 200
    assert "Certified" in text_of(page)
    assert "Holds it until" not in text_of(page)
    assert "/invite" not in page.get_data(as_text=True)
    assert client.get(f"/cohorts/{cohort}/invite").status_code == 403


def test_a_stranger_and_a_coordinator_elsewhere_find_nothing(small: Teams) -> None:
    cohort = small.cohort()
    elsewhere = small.world.agency()
    other = small.world.user(agency=elsewhere)
    small.world.grant(other, "coordinator", elsewhere)
    learner = small.person("schools")

    answers = [
        small.world.client_of(user).get(f"/cohorts/{cohort}{part}").status_code
        for user in (other, learner)
        for part in ("", "/invite", "/archive", "/members/1/place", "/members/1/remove", "/milestones/1")
    ]

    assert set(answers) == {404}


def test_an_administrator_above_sees_the_team_in_the_list(small: Teams) -> None:
    small.cohort(name="Team of the county")
    administrator = small.world.user()
    small.world.grant(administrator, "state-administrator")

    page = small.world.client_of(administrator).get("/cohorts")

    assert "Team of the county" in text_of(page)


@pytest.mark.parametrize("count", [4, 15])
def test_the_page_of_a_team_costs_a_fixed_number_of_queries(
    small: Teams, count_queries: QueryCount, count: int
) -> None:
    cohort = small.cohort()
    for number in range(count):
        user = small.person(DISCIPLINES[number % 4])
        small.join(cohort, user)
        small.certify(user)
    client = small.world.client_of(small.coordinator)
    client.get(f"/cohorts/{cohort}")
    count_queries.statements.clear()

    client.get(f"/cohorts/{cohort}")

    assert count_queries.count <= 13


def test_a_coordinator_makes_a_team_from_a_template(small: Teams) -> None:
    small.cohort()
    client = small.world.client_of(small.coordinator)
    template, agency = "1", str(small.agency)
    page = client.get("/cohorts/new").get_data(as_text=True)
    found = re.search(r'name="template_id".*?value="(\d+)"', page, re.DOTALL)
    template = found.group(1) if found else template

    answer = send(
        client,
        "/cohorts/new",
        template_id=template,
        name="New team",
        agency_id=agency,
        **{"starts_on-month": "1", "starts_on-day": "5", "starts_on-year": "2027"},
    )

    assert answer.status_code == 303
    assert "New team" in text_of(client.get(answer.location))


def test_a_new_team_without_a_name_keeps_what_was_entered(small: Teams) -> None:
    small.cohort()
    client = small.world.client_of(small.coordinator)

    answer = send(
        client,
        "/cohorts/new",
        name=" ",
        agency_id=str(small.agency),
        **{"starts_on-month": "1", "starts_on-day": "5", "starts_on-year": "2031"},
    )

    assert answer.status_code == 422
    assert "2031" in answer.get_data(as_text=True)
    assert "There is a problem" in text_of(answer)


def test_a_mailed_link_asks_before_it_joins(small: Teams) -> None:
    cohort = small.cohort()
    coordinator = small.world.client_of(small.coordinator)
    sent = send(coordinator, f"/cohorts/{cohort}/invite/mail", f"/cohorts/{cohort}/invite", email="nurse@test.example")
    message = small.world.read(lambda: db.session.scalars(select(OutboxMessage)).one())
    link = message.payload["values"]["link"].removeprefix("http://localhost")
    nurse = small.world.client_of(small.person("healthcare", "Nora Nurse"))

    opened = nurse.get(link)
    before = small.members(cohort)
    joined = send(nurse, link)

    assert (sent.status_code, opened.status_code, before, joined.status_code) == (303, 200, [], 303)
    assert "Nora Nurse" in text_of(nurse.get(f"/cohorts/{cohort}"))


def mailed_links(teams: Teams) -> list[str]:
    """Where the invitations that were mailed lead, the oldest first."""
    messages = teams.world.read(lambda: db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all())
    return [one.payload["values"]["link"].removeprefix("http://localhost") for one in messages]


def invite(teams: Teams, cohort: int, email: str) -> TestResponse:
    coordinator = teams.world.client_of(teams.coordinator)
    return send(coordinator, f"/cohorts/{cohort}/invite/mail", f"/cohorts/{cohort}/invite", email=email)


def test_a_stranger_with_a_mailed_link_reads_which_team_asks_and_what_to_do_without_an_account(
    small: Teams, client: FlaskClient
) -> None:
    cohort = small.cohort(name="Team of the county")
    invite(small, cohort, "nurse@test.example")
    (link,) = mailed_links(small)

    page = client.get(link)

    assert page.status_code == 200
    assert "You are invited to the team “Team of the county”" in text_of(page)
    assert "have the administrator of your agency invite you" in text_of(page)
    assert f"/sign-in?next={link}" in page.text
    assert client.post(link, data={"csrf_token": form_token(client, "/sign-in")}).status_code == 401


def test_a_code_in_place_of_a_link_tells_a_stranger_nothing(small: Teams, client: FlaskClient) -> None:
    cohort = small.cohort()
    coordinator = small.world.client_of(small.coordinator)
    page = f"/cohorts/{cohort}/invite"
    send(coordinator, f"{page}/code", page, max_uses="2", days="3")
    found = re.search(r"The code is (\S{4}-\S{4})\.", text_of(coordinator.get(page)))
    assert found is not None

    assert client.get(f"/cohorts/invitations/{found.group(1)}").status_code == 404


def test_a_second_mail_to_one_person_replaces_the_first(small: Teams) -> None:
    cohort = small.cohort()
    invite(small, cohort, "nurse@test.example")
    (first,) = mailed_links(small)
    invite(small, cohort, "Nurse@test.example")
    (second,) = mailed_links(small)
    nurse = small.world.client_of(small.person("healthcare"))

    old, new = nurse.get(first), nurse.get(second)

    assert (old.status_code, new.status_code) == (404, 200)
    assert "A newer mail was sent to the same address." in text_of(old)


def test_whoever_opens_a_link_that_was_mailed_to_somebody_else_is_told_so_before_joining(small: Teams) -> None:
    cohort = small.cohort()
    invite(small, cohort, "nurse@test.example")
    (link,) = mailed_links(small)

    page = small.world.client_of(small.person("healthcare")).get(link)

    assert "meant for n•••@test.example" in text_of(page)
    assert "nurse@" not in page.text


def test_ones_own_used_link_leads_to_the_team(small: Teams) -> None:
    cohort = small.cohort()
    invite(small, cohort, "nurse@test.example")
    (link,) = mailed_links(small)
    nurse = small.world.client_of(small.person("healthcare"))
    send(nurse, link)

    again = nurse.get(link)

    assert again.headers["Location"] == f"/cohorts/{cohort}"
    assert "You are in this team." in text_of(nurse.get(f"/cohorts/{cohort}"))


def test_a_code_is_shown_once_and_lets_people_in(small: Teams) -> None:
    cohort = small.cohort()
    coordinator = small.world.client_of(small.coordinator)
    page = f"/cohorts/{cohort}/invite"
    send(coordinator, f"{page}/code", page, max_uses="2", days="3")
    found = re.search(r"The code is (\S{4}-\S{4})\.", text_of(coordinator.get(page)))
    assert found is not None

    nurse = small.world.client_of(small.person("healthcare"))
    wrong = send(nurse, "/cohorts/join", code="0000-0000")
    right = send(nurse, "/cohorts/join", code=found.group(1).lower())

    assert found.group(1) not in text_of(coordinator.get(page))
    assert (wrong.status_code, right.status_code) == (422, 303)
    assert len(small.members(cohort)) == 1


@pytest.mark.parametrize("typed", ["-1", "0", "51", "99999", "", "1e3", "ten", "9" * 5000, "-" + "9" * 5000])
def test_a_number_that_no_code_can_have_is_refused_in_a_sentence(small: Teams, typed: str) -> None:
    cohort = small.cohort()
    coordinator = small.world.client_of(small.coordinator)
    page = f"/cohorts/{cohort}/invite/code"

    uses = send(coordinator, page, max_uses=typed, days="7")
    days = send(coordinator, page, max_uses="5", days=typed if typed != "51" else "31")

    assert (uses.status_code, days.status_code) == (422, 422)
    assert "Enter a whole number from 1 to 50." in text_of(uses)
    assert "Enter a whole number from 1 to 30." in text_of(days)
    assert "None." in text_of(coordinator.get(f"/cohorts/{cohort}/invite"))


def test_after_a_refused_invitation_the_switch_of_language_leads_back_with_what_was_entered(small: Teams) -> None:
    cohort = small.cohort()
    coordinator = small.world.client_of(small.coordinator)
    page = f"/cohorts/{cohort}/invite"

    refused = send(coordinator, f"{page}/mail", page, email="nora at example")
    button = re.search(r'formaction="([^"]+)" formnovalidate lang="es"', refused.get_data(as_text=True))
    assert button is not None
    switched = send(coordinator, button[1].replace("&amp;", "&"), page, email="nora at example")

    assert refused.status_code == 422
    assert switched.headers["Location"] == page
    there = coordinator.get(page).get_data(as_text=True)
    assert '<html lang="es"' in there
    assert 'value="nora at example"' in there


def test_a_new_team_chooses_no_agency_by_itself_and_cuts_no_name(small: Teams) -> None:
    small.cohort()
    small.world.grant(small.coordinator, "coordinator", small.world.agency("Another agency"))
    client = small.world.client_of(small.coordinator)
    entries = {"name": "T" * 201, "agency_id": "", "starts_on-month": "1", "starts_on-day": "5"}

    page = client.get("/cohorts/new").get_data(as_text=True)
    refused = send(client, "/cohorts/new", **entries, **{"starts_on-year": "2026"})

    choice = re.search(r'<select[^>]*name="agency_id".*?</select>', page, re.DOTALL)
    assert choice is not None
    assert re.search(r'<option (selected )?value="">Choose</option>', choice[0])
    assert refused.status_code == 422
    assert "Choose the agency that runs the team." in text_of(refused)
    assert "This is too long: 201 characters. At most 200 fit." in text_of(refused)
    assert "T" * 201 in refused.get_data(as_text=True)


def test_a_team_code_with_a_letter_too_few_is_told_apart_from_one_that_ended(small: Teams) -> None:
    nurse = small.world.client_of(small.person("healthcare"))

    short, ended = send(nurse, "/cohorts/join", code="7k3m 9qx"), send(nurse, "/cohorts/join", code="7K3M-9QXA")

    assert "A code has 8 letters and numbers; here are 7." in text_of(short)
    assert "here are" not in text_of(ended)
    assert (short.status_code, ended.status_code) == (422, 422)


def test_a_person_is_removed_only_after_confirming(small: Teams) -> None:
    cohort = small.cohort()
    small.join(cohort, small.person("healthcare"))
    (member,) = small.members(cohort)
    client = small.world.client_of(small.coordinator)
    address = f"/cohorts/{cohort}/members/{member.id}/remove"

    asked = client.get(address)
    still_there = small.members(cohort)[0].left_at is None
    answer = send(client, address)

    assert (asked.status_code, still_there, answer.status_code) == (200, True, 303)
    assert small.members(cohort)[0].left_at is not None


def test_a_member_is_placed_as_alternate(small: Teams) -> None:
    cohort = small.cohort()
    for _ in range(2):
        small.join(cohort, small.person("healthcare"))
    seated, waiting = small.members(cohort)
    client = small.world.client_of(small.coordinator)
    address = f"/cohorts/{cohort}/members/{waiting.id}/place"

    taken = send(client, address, seat_id=str(seated.seat_id), place="member")
    placed = send(client, address, seat_id=str(seated.seat_id), place="alternate")

    assert (taken.status_code, placed.status_code) == (422, 303)
    assert "That seat is taken" in text_of(taken)


def test_an_attested_milestone_issues_the_waiting_team_certificate(small: Teams) -> None:
    cohort = small.cohort(milestones="m0, m1")
    for user in small.people(cohort):
        small.certify(user)
    charter = small.board(cohort).milestones[0].id
    client = small.world.client_of(small.coordinator)
    address = f"/cohorts/{cohort}/milestones/{charter}"
    day = {"met_on-month": "1", "met_on-day": "5"}

    future = send(client, address, remark="", **day, **{"met_on-year": str(site_day().year + 2)})
    met = send(client, address, remark="Signed by all", **day, **{"met_on-year": "2025"})

    assert (future.status_code, met.status_code) == (422, 303)
    assert "No names or details of clients, students, patients or cases." in text_of(client.get(address))
    page = text_of(client.get(f"/cohorts/{cohort}"))
    assert "Team certificate" in page
    assert "January 5, 2025" in page


def test_an_archived_team_can_be_read_but_not_changed(small: Teams) -> None:
    cohort = small.cohort()
    client = small.world.client_of(small.coordinator)

    send(client, f"/cohorts/{cohort}/archive")

    assert "Archived on" in text_of(client.get(f"/cohorts/{cohort}"))
    assert client.get(f"/cohorts/{cohort}/invite").status_code == 403
    assert small.world.read(lambda: db.session.get_one(Cohort, cohort).archived_at) is not None


def test_the_pages_speak_spanish_seat_titles(small: Teams) -> None:
    cohort = small.cohort()

    page = small.world.client_of(small.coordinator).get(f"/cohorts/{cohort}?lang=es")

    assert "Escuela" in text_of(page)


def test_the_home_page_shows_what_one_s_team_needs(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    for user in people[1:]:
        small.certify(user)

    page = text_of(small.world.client_of(people[0]).get("/home"))

    assert "County team" in page
    assert "Needs 1 certified person in Schools" in page


def test_before_a_team_is_made_it_is_said_which_milestones_no_published_course_lets_it_meet(small: Teams) -> None:
    small.cohort()
    client = small.world.client_of(small.coordinator)
    before = text_of(client.get("/cohorts/new"))
    title = {"en": "Everybody knows the others", "es": "x"}

    def add() -> None:
        template = db.session.scalars(select(CohortTemplate)).first()
        assert template is not None
        milestone = {"id": "m9", "title": title, "met_by": CROSS_TRAINING}
        template.rules = {**template.rules, "milestones": [*template.rules["milestones"], milestone]}

    small.world.write(add)
    after = text_of(client.get("/cohorts/new"))

    assert "Everybody knows the others" not in before
    assert "not all milestones can be met yet" in after
    assert "Everybody knows the others" in after


def test_a_milestone_is_not_met_years_before_the_team_began(small: Teams) -> None:
    cohort = small.cohort()
    client = small.world.client_of(small.coordinator)
    address = re.search(rf"/cohorts/{cohort}/milestones/\d+", client.get(f"/cohorts/{cohort}").text)
    assert address is not None

    early = send(client, address[0], remark="", **{"met_on-month": "1", "met_on-day": "5", "met_on-year": "2001"})

    assert early.status_code == 422
    assert "more than a year before the team began" in text_of(early)


def test_an_archived_team_says_since_when_and_nothing_of_what_is_missing(small: Teams) -> None:
    cohort = small.cohort()
    small.people(cohort)
    coordinator = small.world.client_of(small.coordinator)
    asked = text_of(coordinator.get(f"/cohorts/{cohort}/archive"))
    send(coordinator, f"/cohorts/{cohort}/archive")

    page = text_of(coordinator.get(f"/cohorts/{cohort}"))

    assert "This is for good" in asked
    assert "Archived on" in page
    assert "What is missing" not in page
    assert "Where the team stands" not in page


def test_seats_that_are_taken_or_of_another_discipline_cannot_be_chosen(small: Teams) -> None:
    cohort = small.cohort()
    nurse, *_others = small.people(cohort)
    member = next(one for one in small.members(cohort) if one.user_id == nurse)
    client = small.world.client_of(small.coordinator)

    page = client.get(f"/cohorts/{cohort}/members/{member.id}/place").text

    options = re.findall(r"<option([^>]*)>([^<]*)</option>", page)
    closed = [text for attributes, text in options if "disabled" in attributes]
    assert any("another discipline" in text for text in closed)
    assert not any("selected" in attributes for attributes, text in options if text in closed)


def test_the_address_of_a_person_who_was_moved_leads_to_the_team(small: Teams) -> None:
    cohort = small.cohort()
    user, *_others = small.people(cohort)
    member = next(one for one in small.members(cohort) if one.user_id == user)
    client = small.world.client_of(small.coordinator)
    address = f"/cohorts/{cohort}/members/{member.id}"
    send(client, f"{address}/remove")

    again = client.get(f"{address}/place")

    assert again.headers["Location"] == f"/cohorts/{cohort}"
    assert "was moved or has left" in text_of(client.get(f"/cohorts/{cohort}"))


def test_who_waits_for_a_seat_can_be_removed(small: Teams) -> None:
    cohort = small.cohort()
    user, *_others = small.people(cohort)
    member = next(one for one in small.members(cohort) if one.user_id == user)
    client = small.world.client_of(small.coordinator)
    send(client, f"/cohorts/{cohort}/members/{member.id}/place", seat_id="0", place="member")
    (waiting,) = [one for one in small.members(cohort) if one.seat_id is None]

    assert f"/members/{waiting.id}/remove" in client.get(f"/cohorts/{cohort}").text
