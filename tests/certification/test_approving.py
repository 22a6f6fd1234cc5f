"""Approvals: refused where their certificate would lack what the body asks for; ended, never changed."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lms.catalog.models import CourseVersion
from lms.certification import approving, elsewhere
from lms.certification.approving import Lacking
from lms.certification.credit_bodies import find_year_rule, load_bodies, publish_bodies, publish_mandates
from lms.certification.facts import CertificateFacts, CreditLineFacts
from lms.certification.lint import ADVICE, LOOKS, lint
from lms.certification.training_models import ExternalTraining
from lms.certification.yearly import load_year
from lms.courseware.credit_files import CERTIFICATE_ELEMENTS
from lms.database import db
from lms.doctor import look_at_credit
from lms.errors import Invalid, NotFound
from lms.people.models import User
from tests.certification.conftest import NOON, SAMPLE, SITE, Learners
from tests.certification.test_changes import wait_for_whoever_waits
from tests.support.world import SHIPPED_COURSES

DAY = date(2026, 3, 14)
LINE = CreditLineFacts("ancc", "ANCC", "nursing-contact-hours", None, 60, "1.00", "A-1", "Approved by the approver.")


class Clerk:
    """Enters approvals of the tiny course."""

    def __init__(self, learners: Learners) -> None:
        self.world = learners.world
        self.id = self.world.user("Clerk")
        self.world.write(lambda: publish_bodies(SHIPPED_COURSES / "credit-bodies", NOON))
        self.world.write(lambda: publish_mandates(SHIPPED_COURSES / "mandates", NOON))
        self.course = self.world.read(lambda: db.session.get_one(CourseVersion, learners.version).course_id)

    def enter(self, **changes: Any) -> int:
        return self.world.write(lambda: self.enter_now(**changes))

    def enter_now(self, **changes: Any) -> int:
        values: dict[str, Any] = {
            "body": "missouri-post",
            "course_id": self.course,
            "type": "clee",
            "approval_number": "CN-1",
            "provider_number": "",
            "statement": "",
            "valid_from": DAY,
            "valid_until": None,
            "minutes": {"legal-studies": 10},
            "site": SITE,
            "actor_id": self.id,
            "now": NOON,
            **changes,
        }
        return approving.enter_approval(**values)

    def lacks(self, **changes: Any) -> list[str]:
        with pytest.raises(Lacking) as refused:
            self.enter(**changes)
        return [one.element for one in refused.value.lacks]


@pytest.fixture
def clerk(learners: Learners) -> Clerk:
    return Clerk(learners)


def test_an_approval_without_what_the_body_asks_for_is_refused_with_the_list(clerk: Clerk) -> None:
    ancc = {"body": "ancc", "type": "nursing-contact-hours", "minutes": {None: 10}}

    assert clerk.lacks(**ancc) == ["provider-address", "approver-statement"]
    assert clerk.lacks(**ancc, statement="Approved by X.") == ["provider-address"]
    assert clerk.lacks(approval_number=" ") == ["approval-number"]
    assert clerk.enter(**ancc, statement="Approved by X.", site=replace(SITE, provider_address="https://x.example"))


def test_approved_provider_may_stand_there_only_with_a_provider_number(clerk: Clerk) -> None:
    said = {"statement": "Offered by an APPROVED\n provider."}

    assert clerk.lacks(**said) == ["approved-provider-is-licensed"]
    assert clerk.lacks(site=replace(SITE, accreditation_statement="Approved Provider")) == [
        "approved-provider-is-licensed"
    ]
    assert clerk.enter(**said, provider_number="P-1")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "nursing-contact-hours"}, "type"),
        ({"valid_until": date(2026, 3, 13)}, "valid_until"),
        ({"minutes": {}}, None),
        ({"minutes": {"professional-development": 10}}, None),
        ({"minutes": {"legal-studies": 9999}}, None),
        ({"minutes": {"legal-studies": 10, "implicit-bias": 11}}, None),
        ({"body": "missouri-nursing", "type": "contact-hours"}, "course_id"),
    ],
)
def test_nonsense_is_refused(clerk: Clerk, changes: dict[str, Any], field: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        clerk.enter(**changes)

    assert refused.value.field == field
    assert not isinstance(refused.value, Lacking)


def test_an_unknown_body_or_course_is_not_found(clerk: Clerk) -> None:
    for changes in ({"body": "nobody"}, {"course_id": 999_999}):
        with pytest.raises(NotFound):
            clerk.enter(**changes)


def test_two_approvals_of_a_kind_may_follow_each_other_but_not_overlap(clerk: Clerk) -> None:
    clerk.enter(valid_until=date(2026, 12, 31))

    with pytest.raises(Invalid) as refused:
        clerk.enter(valid_from=date(2026, 12, 31))

    assert refused.value.field == "valid_from"
    assert clerk.enter(valid_from=date(2027, 1, 1))


def test_an_approval_ends_but_grows_no_longer(clerk: Clerk) -> None:
    number = clerk.enter(valid_until=date(2026, 12, 31))

    for day in (date(2026, 3, 13), date(2027, 1, 1)):
        with pytest.raises(Invalid):
            clerk.world.write(lambda day=day: approving.end_approval(number, day, actor_id=clerk.id))  # type: ignore[misc]
    clerk.world.write(lambda: approving.end_approval(number, date(2026, 6, 30), actor_id=clerk.id))

    assert clerk.world.read(lambda: approving.find_approval(number)).valid_until == date(2026, 6, 30)


def test_settings_that_lose_an_address_later_are_found(clerk: Clerk) -> None:
    there = replace(SITE, provider_address="1 Main St")
    clerk.enter(body="ancc", type="nursing-contact-hours", minutes={None: 10}, statement="Approved by X.", site=there)

    assert [one.lacks for one in clerk.world.read(lambda: approving.look_at_all(there))] == [()]
    (looked,) = clerk.world.read(lambda: approving.look_at_all(SITE))
    assert [lack.element for lack in looked.lacks] == ["provider-address"]


def test_the_doctor_looks_at_the_approvals_with_the_settings_of_the_day(clerk: Clerk) -> None:
    settings = clerk.world.app.extensions["lms"].settings
    there = replace(SITE, provider_address="1 Main St")

    assert look_at_credit(settings) == "no approval is entered"
    clerk.enter(valid_from=date(2026, 1, 1))
    assert look_at_credit(settings) == "1 approvals, nothing is missing"
    nursing = {"body": "ancc", "type": "nursing-contact-hours", "minutes": {None: 10}, "statement": "Approved by X."}
    clerk.enter(**nursing, site=there, valid_from=date(2026, 1, 1))
    with pytest.raises(ValueError, match="LMS_PROVIDER_ADDRESS"):
        look_at_credit(settings)


def test_every_element_that_a_body_may_ask_for_is_looked_for_and_explained() -> None:
    assert set(CERTIFICATE_ELEMENTS) == set(LOOKS) == set(ADVICE)


FULL: CertificateFacts = replace(SAMPLE, accreditation_statement="")


@pytest.mark.parametrize(
    ("element", "facts", "line"),
    [
        ("participant", replace(FULL, printed_name=" "), LINE),
        ("title", replace(FULL, title=""), LINE),
        ("provider-name", replace(FULL, provider_name=""), LINE),
        ("provider-address", replace(FULL, provider_address=""), LINE),
        ("contact-hours", replace(FULL, contact_minutes=0), LINE),
        ("approval-number", FULL, replace(LINE, approval_number="")),
        ("approver-statement", FULL, replace(LINE, statement=" ")),
        ("no-logos", replace(FULL, logo="ab" * 32), LINE),
        ("approved-provider-is-licensed", replace(FULL, statement="An approved provider"), LINE),
    ],
)
def test_each_element_is_missed_where_it_lacks(element: str, facts: CertificateFacts, line: CreditLineFacts) -> None:
    assert lint(FULL, [LINE], CERTIFICATE_ELEMENTS) == []
    assert [lack.element for lack in lint(facts, [line], CERTIFICATE_ELEMENTS)] == [element]


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_certificate_of_an_online_course_says_computer_based_training(language: str) -> None:
    assert lint(replace(FULL, language=language), [], ["computer-based-training"]) == []


def test_training_done_elsewhere_counts_in_the_year_once_its_body_and_area_are_said(clerk: Clerk) -> None:
    officer = clerk.world.user("Officer")

    def make() -> int:
        training = ExternalTraining(
            user_id=officer,
            title="Firearms",
            provider="Range",
            completed_on=DAY,
            contact_minutes=150,
            state="approved",
            submitted_at=NOON,
            entered_by_id=officer,
            decided_at=NOON,
            decided_by_id=clerk.id,
            decided_reason="seen",
        )
        db.session.add(training)
        db.session.flush()
        return training.id

    training = clerk.world.write(make)

    def total() -> dict[str, int]:
        rule, body = find_year_rule("missouri-post", DAY), load_bodies()["missouri-post"]
        assert rule is not None
        found = load_year(officer, rule, body, 2026, now=NOON, today=DAY)
        return {need.id or need.kind: need.has for need in found.needs if need.has}

    assert clerk.world.read(total) == {}

    values = {"category": "skill-development-firearms", "topic": "de-escalation", "provider_number": "P-9"}
    with pytest.raises(Invalid):
        clerk.world.write(lambda: elsewhere.set_credit(training, select(User.id), body="", actor_id=clerk.id, **values))
    with pytest.raises(Invalid):
        clerk.world.write(
            lambda: elsewhere.set_credit(training, select(User.id), body="ancc", actor_id=clerk.id, **values)
        )
    clerk.world.write(
        lambda: elsewhere.set_credit(training, select(User.id), body="missouri-post", actor_id=clerk.id, **values)
    )

    assert clerk.world.read(total) == {
        "total": 250,
        "provider": 250,
        "skill-development-firearms": 250,
        "de-escalation": 250,
    }


@pytest.mark.postgresql_only
def test_two_who_enter_the_same_approval_at_once_do_not_give_its_hours_twice(clerk: Clerk) -> None:
    refusals, is_entered = [], threading.Event()

    def enter_second() -> None:
        is_entered.wait(10)
        try:
            clerk.enter()
        except Invalid as error:
            refusals.append(str(error))

    def enter_first() -> None:
        clerk.enter_now()
        is_entered.set()
        wait_for_whoever_waits()

    other = threading.Thread(target=enter_second)
    other.start()
    clerk.world.write(enter_first)
    other.join()

    assert refusals == ["An approval of this kind is entered for these days already. End it first."]
