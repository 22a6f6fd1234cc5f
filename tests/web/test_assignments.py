"""Assigning in the browser: write, check, save; a learner asks for time; an administrator decides; all by HTTP."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.catalog.models import Course
from lms.clock import local_day, utc_now
from lms.database import db
from lms.learning.assignment_models import AssignedPerson, Assignment, AssignmentException, ExtensionRequest
from lms.people.models import Membership, User
from tests.certification.conftest import SAMPLE
from tests.conftest import QueryCount
from tests.reporting.records import award
from tests.support.days import site_day
from tests.support.visits import mails, send
from tests.support.world import World


class Office:
    """A district with a school, its administrator, a learner, and somebody of another agency."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.district = world.agency("District")
        self.school = world.agency("School", parent=self.district)
        world.publish("tiny")
        self.course = world.read(lambda: db.session.scalars(select(Course.id)).one())
        self.admin = world.user("Admin")
        world.grant(self.admin, "agency-administrator", self.district)
        self.learner = world.user("Lena Learner", email="lena@test.example", agency=self.school, discipline="schools")
        self.elsewhere = world.agency("Elsewhere")
        self.stranger = world.user("Foreign", email="foreign@test.example", agency=self.elsewhere)
        self.client = world.client_of(self.admin)

    def fields(self, **changes: Any) -> dict[str, Any]:
        return {
            "what": f"course:{self.course}",
            "agency_id": str(self.district),
            "audience": "everybody",
            "due_days": "30",
            **changes,
        }

    def assign(self, **changes: Any) -> int:
        answer = send(self.client, "/assignments/new", self.fields(step="save", **changes), page="/assignments/new")
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return int(answer.headers["Location"].rpartition("/")[2])

    def back_date(self, number: int, days: int) -> None:
        """As if it had been made so many days ago."""

        def step() -> None:
            db.session.get_one(Assignment, number).starts_on -= timedelta(days=days)

        self.world.write(step)


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


def text_of(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_page_says_that_somebody_has_it_from_elsewhere_and_no_more(office: Office) -> None:
    number, today = office.assign(), site_day()
    moment = utc_now() - timedelta(days=900)

    def earned_elsewhere() -> str:
        place = db.session.scalars(select(Membership).where(Membership.user_id == office.learner)).one()
        place.started_on = today - timedelta(days=100)
        made = award(office.learner, office.course, valid_from=moment, expires_at=utc_now() + timedelta(days=300))
        made.agency_id = office.elsewhere
        made.facts = replace(SAMPLE, code=made.code, completed_on=made.completed_on).to_json()
        return made.code

    code = office.world.write(earned_elsewhere)
    pages = [text_of(office.client, f"/assignments/{number}"), text_of(office.client, f"/people/{office.learner}")]
    own = text_of(office.world.client_of(office.learner), "/learning")

    for page in pages:
        page = page.partition('<details class="card">')[0]
        assert "has it from elsewhere, and does not share more" in page
        assert "valid through" not in page
        assert "Elsewhere" not in page
        assert code not in page
    assert "It counts wherever it was earned." in pages[0]
    assert "valid through" in own


def test_the_check_page_says_whom_it_reaches_and_saves_nothing(office: Office) -> None:
    answer = send(office.client, "/assignments/new", office.fields(step="check"), page="/assignments/new")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert 'data-people="1" data-held="0"' in page
    assert "Lena Learner" in page
    assert office.world.read(lambda: db.session.scalars(select(Assignment.id)).all()) == []


def test_going_back_from_the_check_page_keeps_what_was_entered(office: Office) -> None:
    values = office.fields(step="back", due_days="77")

    answer = send(office.client, "/assignments/new", values, page="/assignments/new")

    assert 'value="77"' in answer.get_data(as_text=True)


def test_what_is_saved_is_on_the_learners_pages(office: Office) -> None:
    number = office.assign()
    office.back_date(number, 40)
    learner = office.world.client_of(office.learner)

    assert "Assigned by District" in text_of(learner, "/home")
    assert 'data-state="overdue"' in text_of(learner, "/learning")
    assert "This course is assigned to you" in text_of(learner, "/courses/tiny")


def test_another_person_in_the_same_course_is_not_told(office: Office) -> None:
    office.assign()
    text_of(office.world.client_of(office.learner), "/courses/tiny")

    assert "This course is assigned" not in text_of(office.world.client_of(office.stranger), "/courses/tiny")


def test_only_who_works_there_can_be_named(office: Office) -> None:
    values = office.fields(step="save", audience="people", people="lena@test.example\nforeign@test.example")

    answer = send(office.client, "/assignments/new", values, page="/assignments/new")

    assert answer.status_code == 422
    assert "foreign@test.example" in answer.get_data(as_text=True)
    assert office.world.read(lambda: db.session.scalars(select(Assignment.id)).all()) == []


def test_saving_twice_makes_one_assignment_and_the_same_later_is_refused(office: Office) -> None:
    first = office.assign()

    again = office.assign()
    office.back_date(first, 1)
    later = send(office.client, "/assignments/new", office.fields(step="save"), page="/assignments/new")
    other = office.assign(due_days="31")

    assert first == again
    assert later.status_code == 422
    assert "assigned there already" in later.get_data(as_text=True)
    assert office.world.read(lambda: list(db.session.scalars(select(Assignment.id)))) == [first, other]


def test_a_request_goes_to_the_administrator_and_granting_it_gives_the_day(office: Office) -> None:
    number = office.assign()
    learner = office.world.client_of(office.learner)
    wished = site_day() + timedelta(days=90)
    day = {"wished_on-month": str(wished.month), "wished_on-day": str(wished.day), "wished_on-year": str(wished.year)}
    address = f"/learning/assignments/{number}/request"

    asked = send(learner, address, {**day, "reason": "ill"}, page=address)
    assert asked.status_code == 303
    home = text_of(office.client, "/home")
    request_id = office.world.read(lambda: db.session.scalars(select(ExtensionRequest.id)).one())
    decided = send(
        office.client,
        f"/assignments/requests/{request_id}",
        {"decision": "approve", "reason": "of course"},
        page="/assignments/new",
    )

    assert "1 person asks for more time" in home
    assert decided.status_code == 303
    given = office.world.read(lambda: db.session.scalars(select(AssignmentException)).one())
    assert (given.user_id, given.kind, given.until_on) == (office.learner, "extension", wished)
    assert [mail["to_user_id"] for mail in mails(office.world)] == [office.learner]


def ask(office: Office, number: int, wished: date) -> Any:
    address = f"/learning/assignments/{number}/request"
    return send(
        office.world.client_of(office.learner), address, {**day("wished_on", wished), "reason": "ill"}, page=address
    )


def day(name: str, value: date) -> dict[str, str]:
    return {f"{name}-month": str(value.month), f"{name}-day": str(value.day), f"{name}-year": str(value.year)}


def extend(office: Office, number: int, until: date) -> Any:
    address = f"/assignments/{number}/people/{office.learner}/extend"
    return send(office.client, address, {**day("until_on", until), "reason": "of course"}, page=address)


def test_another_day_than_the_wished_one_answers_the_request_too(office: Office) -> None:
    number, today = office.assign(), site_day()
    ask(office, number, today + timedelta(days=90))

    given = extend(office, number, today + timedelta(days=60))

    assert given.status_code == 303
    assert "Nobody waits for a decision" in text_of(office.client, "/assignments/requests")
    assert "asks for more time" not in text_of(office.client, "/home")
    own = text_of(office.world.client_of(office.learner), "/learning")
    assert "You asked for more time" not in own
    assert f"/learning/assignments/{number}/request" in own


@pytest.mark.parametrize("what", ["done", "left"])
def test_nobody_waits_whose_training_is_done_meanwhile_or_who_has_left(office: Office, what: str) -> None:
    number = office.assign()
    today = local_day(utc_now(), office.world.app.extensions["lms"].settings.time_zone)
    ask(office, number, today + timedelta(days=90))
    waiting, home = text_of(office.client, "/assignments/requests"), text_of(office.client, "/home")

    def step() -> None:
        if what == "done":
            award(office.learner, office.course, valid_from=utc_now() - timedelta(hours=1), expires_at=None)
        else:
            db.session.scalars(select(Membership).where(Membership.user_id == office.learner)).one().ended_on = today

    office.world.write(step)

    assert "data-request=" in waiting
    assert "asks for more time" in home
    assert "data-request=" not in text_of(office.client, "/assignments/requests")
    assert "asks for more time" not in text_of(office.client, "/home")


def test_requests_wait_for_nobody_of_another_agency(office: Office) -> None:
    ask(office, office.assign(), site_day() + timedelta(days=90))
    other = office.world.user("Other Admin")
    office.world.grant(other, "agency-administrator", office.elsewhere)
    client = office.world.client_of(other)

    assert "Nobody waits for a decision" in text_of(client, "/assignments/requests")
    assert "asks for more time" not in text_of(client, "/home")
    assert "asks for more time" in text_of(office.client, "/home")


def test_one_asks_anew_once_the_wished_day_has_passed(office: Office) -> None:
    number, today = office.assign(), site_day()
    ask(office, number, today + timedelta(days=90))
    again = ask(office, number, today + timedelta(days=95))
    office.back_date(number, 40)

    with time_machine.travel(utc_now() + timedelta(days=91), tick=False):
        office.client = office.world.client_of(office.admin)
        later = ask(office, number, today + timedelta(days=120))

    assert (again.status_code, later.status_code) == (409, 303)


def test_the_mail_says_where_the_same_training_is_due_by_another_rule(office: Office) -> None:
    number, today = office.assign(), site_day()
    office.assign(due_days="40")

    page = text_of(office.client, f"/assignments/{number}/people/{office.learner}/extend")
    extend(office, number, today + timedelta(days=35))
    extend(office, number, today + timedelta(days=60))

    assert "Also assigned by District" in page
    assert [bool(mail["values"]["still"]) for mail in mails(office.world)] == [False, True]


def test_changing_the_days_keeps_named_people_who_are_away(office: Office) -> None:
    away = office.world.user("Away", email="away@test.example", agency=office.school)
    number = office.assign(audience="people", people="lena@test.example\naway@test.example")
    office.world.write(lambda: setattr(db.session.get_one(User, away), "disabled_at", utc_now()))
    address = f"/assignments/{number}/change"

    page = text_of(office.client, address)
    values = {"seen": "1", "people": "lena@test.example", "due_days": "10", "reason": "sooner"}
    changed = send(office.client, address, values, page=address)

    assert "away@test.example" not in page
    assert "1 more person is named" in page
    assert changed.status_code == 303
    named = office.world.read(lambda: set(db.session.scalars(select(AssignedPerson.user_id))))
    assert named == {office.learner, away}


def test_the_audit_names_the_training_and_the_school_sees_what_the_district_allowed(office: Office) -> None:
    number, head = office.assign(), office.world.user("Head of School", agency=office.school)
    office.world.grant(head, "agency-administrator", office.school)

    extend(office, number, site_day() + timedelta(days=60))
    ours, schools = (text_of(client, "/audit") for client in (office.client, office.world.client_of(head)))

    for page in (ours, schools):
        assert f'href="/assignments/{number}">assignment: ' in page
        assert "Lena Learner" in page
    assert "by Admin" in text_of(office.client, f"/assignments/{number}")


def test_a_waiver_is_listed_told_and_taken_back(office: Office) -> None:
    number = office.assign()
    send(
        office.client,
        f"/assignments/{number}/people/{office.learner}/waive",
        {"reason": "on leave"},
        page="/assignments/new",
    )
    given = office.world.read(lambda: db.session.scalars(select(AssignmentException.id)).one())

    shown = text_of(office.client, f"/assignments/{number}")
    undone = send(
        office.client, f"/assignments/exceptions/{given}/undo", {"reason": "is back"}, page="/assignments/new"
    )

    assert "on leave" in shown
    assert 'data-state="waived" data-count="1"' in shown
    row = shown[shown.index(f'data-user="{office.learner}"') :].partition("</tr>")[0]
    assert f"/assignments/exceptions/{given}/undo" in row
    assert "More time" not in row
    assert undone.status_code == 303
    assert 'data-state="due" data-count="1"' in text_of(office.client, f"/assignments/{number}")
    assert len(mails(office.world)) == 2


def test_people_of_one_day_are_sorted_by_name_and_told_apart_where_they_are_alike(office: Office) -> None:
    names = {"Zed Last": "zed@test.example", "Kim Lee": "kim@test.example", "Ana First": "ana@test.example"}
    for name, email in (*names.items(), ("Kim Lee", "kim.lee@test.example")):
        office.world.user(name, email=email, agency=office.district)
    number = office.assign()

    page = text_of(office.client, f"/assignments/{number}?state=due")

    assert page.index("Ana First") < page.index("Kim Lee") < page.index("Zed Last")
    assert "District · kim@test.example" in page
    assert "District · kim.lee@test.example" in page


def test_an_extension_must_be_later_than_the_present_day(office: Office) -> None:
    number = office.assign()
    soon = site_day() + timedelta(days=3)
    day = {"until_on-month": str(soon.month), "until_on-day": str(soon.day), "until_on-year": str(soon.year)}

    answer = send(
        office.client,
        f"/assignments/{number}/people/{office.learner}/extend",
        {**day, "reason": "x"},
        page="/assignments/new",
    )

    assert answer.status_code == 422
    assert "later than the present one" in answer.get_data(as_text=True)


def test_a_school_sees_what_the_district_assigned_and_cannot_change_it(office: Office) -> None:
    number = office.assign()
    head = office.world.user("Head")
    office.world.grant(head, "agency-administrator", office.school)
    client = office.world.client_of(head)

    page = text_of(client, f"/assignments/{number}")

    assert "Lena Learner" in page
    assert f"/assignments/{number}/end" not in page
    assert client.get(f"/assignments/{number}/end").status_code == 404


def test_ending_asks_for_a_reason_and_keeps_it(office: Office) -> None:
    number = office.assign()

    send(office.client, f"/assignments/{number}/end", {"reason": "Replaced by another"}, page="/assignments/new")

    page = text_of(office.client, f"/assignments/{number}")
    assert page.count("Replaced by another") == 2, "in the note and in the history"
    assert "Nothing is assigned to you" in text_of(office.world.client_of(office.learner), "/learning")


def test_the_roster_can_be_narrowed_to_who_is_overdue(office: Office) -> None:
    number = office.assign(agency_id=str(office.school))
    office.back_date(number, 40)
    office.world.user("On Time", agency=office.district)

    page = text_of(office.client, "/people?status=overdue")

    assert "Lena Learner" in page
    assert "On Time" not in page


def test_pages_take_as_many_queries_for_many_people_as_for_few(office: Office, count_queries: QueryCount) -> None:
    number = office.assign()

    def taken() -> list[int]:
        found = []
        for address in (f"/assignments/{number}", "/assignments", "/people?status=overdue", "/reports/overdue"):
            text_of(office.client, address)
            count_queries.statements.clear()
            text_of(office.client, address)
            found.append(count_queries.count)
        return found

    few = taken()
    for _ in range(12):
        office.world.user(agency=office.school)
    office.assign()

    assert taken() == few


def test_choosing_which_mails_one_gets(office: Office) -> None:
    send(office.client, "/account/mails", {"digest": "none", "digest_agency_id": str(office.school)}, page="/account")

    page = text_of(office.client, "/account/mails")

    assert re.search(r'value="none"[^>]*checked', page)
    assert re.search(rf'<option selected value="{office.school}"', page)
    assert not re.search(r'name="wants_first_reminder"[^>]*checked', page)


def test_who_gets_no_overview_is_not_asked_about_one(office: Office) -> None:
    state = office.world.user("State")
    office.world.grant(state, "state-administrator")

    assert 'name="digest"' in text_of(office.client, "/account/mails")
    assert 'name="digest"' not in text_of(office.world.client_of(state), "/account/mails")


def test_home_begins_with_what_is_assigned_and_sends_nobody_off_to_choose(office: Office) -> None:
    learner = office.world.client_of(office.learner)

    before = learner.get("/home").text
    office.assign()
    after = learner.get("/home").text

    assert "Begin your first course" in before
    assert "Begin your first course" not in after
    assert "Assigned to you" in after
