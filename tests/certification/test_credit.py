"""Credit: bodies and mandates from files; licenses × approvals of the day become lines, frozen on the certificate."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from lms.catalog.models import CourseVersion
from lms.certification.credit import approvals_of
from lms.certification.credit_bodies import load_bodies, load_rules, publish_bodies, publish_mandates
from lms.certification.credit_models import ApprovedLine, CreditApproval, CreditLine
from lms.certification.facts import CertificateFacts, CreditLineFacts, hours_by
from lms.clock import utc_now
from lms.database import db
from lms.errors import Invalid
from lms.learning.models import Enrollment
from lms.people import licenses
from tests.certification.conftest import NOON, Learners
from tests.support.world import SHIPPED_COURSES, World

DAY = date(2026, 3, 14)
"""The day of NOON in the site's zone."""

Lines = dict[str | None, int]


class Credit:
    """Bodies as shipped, and approvals of the tiny course; each call commits."""

    def __init__(self, learners: Learners) -> None:
        self.learners, self.world = learners, learners.world
        self.clerk = self.world.user("Clerk")
        self.world.write(lambda: publish_bodies(SHIPPED_COURSES / "credit-bodies", NOON))

    def approve(
        self, body: str = "missouri-post", lines: Lines | None = None, *, begins: date = DAY, ends: date | None = None
    ) -> int:
        def step() -> int:
            row = CreditApproval(
                body_id=load_bodies([body])[body].id,
                course_id=db.session.get_one(CourseVersion, self.learners.version).course_id,
                type="clee",
                approval_number="CN-77",
                provider_number="P-1",
                valid_from=begins,
                valid_until=ends,
                entered_by_id=self.clerk,
                entered_at=NOON,
            )
            db.session.add(row)
            db.session.flush()
            for category, minutes in (lines or {"legal-studies": 60}).items():
                db.session.add(ApprovedLine(approval_id=row.id, category=category, minutes=minutes))
            return row.id

        return self.world.write(step)

    def license(
        self, user: int, board: str = "missouri-post", *, ends: date | None = None, printed: bool = False
    ) -> None:
        self.world.write(
            lambda: licenses.add_license(
                user,
                board=board,
                state="MO",
                number="998877",
                expires_on=ends,
                is_printed=printed,
                boards=(board,),
                now=NOON,
            )
        )

    def certificate(self, user: int, *, now: datetime = NOON) -> CertificateFacts:
        enrollment = self.learners.enroll(user, completed=("first-steps", "second-steps"))
        code = self.learners.award(enrollment, self.learners.attempt(enrollment), now=now)
        assert code is not None
        return self.facts(code)

    def facts(self, code: str) -> CertificateFacts:
        return CertificateFacts.from_json(self.learners.row(code).facts)


@pytest.fixture
def credit(learners: Learners) -> Credit:
    return Credit(learners)


def test_a_license_meets_an_approval_and_becomes_a_line(credit: Credit) -> None:
    user = credit.world.user()
    credit.license(user)
    credit.approve(lines={"legal-studies": 40, "technical-studies": 20})

    facts = credit.certificate(user)

    assert [(line.body, line.category, line.hours, line.approval_number) for line in facts.credit] == [
        ("missouri-post", "legal-studies", "0.66", "CN-77"),
        ("missouri-post", "technical-studies", "0.33", "CN-77"),
    ]
    assert facts.credit[0].body_name == "Missouri Peace Officer Standards and Training (POST) Program"
    rows = credit.world.read(lambda: list(db.session.scalars(select(CreditLine).order_by(CreditLine.id))))
    assert [(row.category, row.minutes, row.license_id is not None) for row in rows] == [
        ("legal-studies", 40, True),
        ("technical-studies", 20, True),
    ]


def test_a_body_that_asks_for_a_license_gives_none_without(credit: Credit) -> None:
    credit.approve()

    assert credit.certificate(credit.world.user()).credit == ()


def test_an_expired_license_brings_no_credit(credit: Credit) -> None:
    user = credit.world.user()
    credit.license(user, ends=date(2026, 3, 13))
    credit.approve()

    assert credit.certificate(user).credit == ()


def test_one_completion_brings_lines_of_several_boards(credit: Credit) -> None:
    user = credit.world.user()
    credit.license(user)
    credit.approve()
    credit.approve("missouri-dese", {"professional-development": 60})

    assert [line.body for line in credit.certificate(user).credit] == ["missouri-dese", "missouri-post"]


@pytest.mark.parametrize(
    ("begins", "ends", "is_given"),
    [
        (DAY, DAY, True),
        (date(2026, 3, 15), None, False),
        (date(2026, 1, 1), date(2026, 3, 13), False),
        (date(2026, 1, 1), None, True),
    ],
)
def test_an_approval_counts_from_its_first_through_its_last_day(
    credit: Credit, begins: date, ends: date | None, is_given: bool
) -> None:
    user = credit.world.user()
    credit.license(user)
    credit.approve(begins=begins, ends=ends)

    assert bool(credit.certificate(user).credit) is is_given


def test_the_day_of_credit_is_that_of_the_sites_zone(credit: Credit) -> None:
    user = credit.world.user()
    credit.license(user)
    credit.approve(begins=DAY, ends=DAY)

    evening = datetime(2026, 3, 15, 3, 0, tzinfo=UTC)  # 10 in the evening of the 14th in Chicago

    assert credit.certificate(user, now=evening).credit != ()


def test_an_approval_entered_later_changes_no_old_certificate(credit: Credit) -> None:
    user, code = credit.learners.certified()
    credit.license(user)

    credit.approve(begins=date(2026, 1, 1))

    assert credit.facts(code).credit == ()


def test_what_a_body_has_given_is_not_suggested_to_it_any_more(credit: Credit) -> None:
    user, other = credit.world.user(), credit.world.user()
    credit.license(user)
    credit.approve("missouri-post")
    suggested = {line.body for line in credit.certificate(other).suggested_credit}

    facts = credit.certificate(user)

    assert {line.body for line in facts.suggested_credit} == suggested - {"missouri-post"}


def test_a_renewal_of_only_what_changed_brings_no_credit_again(credit: Credit) -> None:
    user = credit.world.user()
    credit.license(user)
    credit.approve()
    modules = ("first-steps", "second-steps")
    first = credit.learners.enroll(user, completed=modules)
    earned = credit.learners.award(first, credit.learners.attempt(first))
    second = credit.learners.enroll(user, completed=modules, cycle=2)
    credit.world.write(lambda: setattr(db.session.get_one(Enrollment, second), "renews_id", first))

    renewed = credit.learners.award(second, credit.learners.attempt(second))

    assert earned is not None
    assert renewed is not None
    assert len(credit.facts(earned).credit) == 1
    assert credit.facts(renewed).credit == ()


def test_the_chosen_license_is_printed_and_no_other(credit: Credit) -> None:
    user, plain = credit.world.user(), credit.world.user()
    credit.license(user, "missouri-nursing", printed=True)
    credit.license(user, "missouri-post")
    credit.license(plain)

    license = credit.certificate(user).license

    assert license is not None
    assert (license.board, license.number) == ("missouri-nursing", "998877")
    assert license.board_name == "Missouri State Board of Nursing"
    assert credit.certificate(plain).license is None


def test_a_body_that_counts_fifty_minutes_gives_more_hours(credit: Credit, tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED_COURSES / "credit-bodies", tmp_path / "credit-bodies")
    path = folder / "missouri-dese.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("minutes_per_hour: 60", "minutes_per_hour: 50"))
    credit.world.write(lambda: publish_bodies(folder, utc_now()))
    credit.approve("missouri-dese", {"professional-development": 60})

    assert [line.hours for line in credit.certificate(credit.world.user()).credit] == ["1.20"]


@pytest.mark.parametrize(("minutes", "per_hour", "hours"), [(60, 60, "1.00"), (59, 60, "0.98"), (50, 50, "1.00")])
def test_hours_are_never_given_away(minutes: int, per_hour: int, hours: str) -> None:
    assert hours_by(minutes, per_hour) == hours


def test_a_topic_lies_inside_an_area_and_adds_nothing(credit: Credit) -> None:
    credit.approve(lines={"legal-studies": 120, "implicit-bias": 60})

    assert [one.minutes for one in credit.world.read(lambda: approvals_of())] == [120]


def test_a_line_of_an_older_program_is_read_without_a_provider_number() -> None:
    stored = {"body": "b", "body_name": "B", "type": "t", "category": None, "minutes": 1, "hours": "0.01"}

    assert CreditLineFacts(**stored).provider_number == ""


def test_the_shipped_files_are_taken_once_and_then_change_nothing(world: World) -> None:
    first = world.write(lambda: publish_bodies(SHIPPED_COURSES / "credit-bodies", NOON))
    mandates = world.write(lambda: publish_mandates(SHIPPED_COURSES / "mandates", NOON))

    again = world.write(lambda: publish_bodies(SHIPPED_COURSES / "credit-bodies", NOON))
    mandates_again = world.write(lambda: publish_mandates(SHIPPED_COURSES / "mandates", NOON))

    assert first.added == again.unchanged != []
    assert not again.changed
    assert not again.added
    assert mandates.added == mandates_again.unchanged != []
    assert [rule.slug for rule in world.read(lambda: load_rules(["FL"], date(2018, 12, 31)))] == [
        "florida-school-staff"
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("minutes_per_hour", 61),
        ("minutes_per_hour", "60"),
        ("certificate_requires", ["a-ribbon"]),
        ("source", "somebody said so"),
        ("checked_on", None),
        ("disciplines", ["plumbing"]),
        ("surprise", 1),
        ("id", "another-name"),
        ("types", []),
    ],
)
def test_a_file_with_a_fault_changes_nothing(world: World, tmp_path: Path, key: str, value: object) -> None:
    folder = shutil.copytree(SHIPPED_COURSES / "credit-bodies", tmp_path / "credit-bodies")
    path = folder / "texas-health.yaml"
    facts = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**facts, key: value}), encoding="utf-8")

    with pytest.raises(Invalid):
        world.write(lambda: publish_bodies(folder, NOON))

    assert world.read(load_bodies) == {}
