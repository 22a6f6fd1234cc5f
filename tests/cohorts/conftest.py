"""A team of four seats asking for the tiny course, and certificates put straight into the database."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.assessment.models import Attempt
from lms.catalog.models import Course, CourseVersion
from lms.certification.codes import new_code
from lms.certification.facts import AwardSite
from lms.certification.models import Certificate
from lms.certification.validity import expiry_of
from lms.clock import utc_now
from lms.cohorts import standing, teams, templates
from lms.cohorts.board import CohortBoard, load_board
from lms.cohorts.models import Cohort, CohortTemplate, Member
from lms.database import db
from lms.learning.models import Enrollment
from lms.people.signins import load_viewer
from lms.people.viewer import Viewer
from tests.support.world import World

DISCIPLINES = ("schools", "healthcare", "law-enforcement", "victim-services")
ZONE = "America/Chicago"
SITE = AwardSite("http://localhost", "Crosstrain", ZONE, "Test provider")

TEMPLATE = """
id: small-team
title: {en: "Small team", es: "Equipo pequeño"}
description: {en: "For tests."}
valid_months: 12
grace_days: 30
size: {min: 4, max: 15}
requires_courses: [tiny]
requires_milestones: [MILESTONES]
seats:
  - {id: school, discipline: schools, title: {en: "School", es: "Escuela"}, count: 1, required: true}
  - {id: health, discipline: healthcare, title: {en: "Health care", es: "Salud"}, count: 1, required: true}
  - {id: police, discipline: law-enforcement, title: {en: "Law enforcement"}, count: 1, required: true}
  - {id: advocate, discipline: victim-services, title: {en: "Advocate"}, count: 1, required: true}
milestones:
  - {id: m0, title: {en: "Charter signed"}, rule: "Attested."}
  - {id: m1, title: {en: "Course held by every member"}, rule: "Derived.", met_by: courses}
"""


class Teams:
    """Makes a team step by step; each call commits, and returns ids."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.agency = world.agency("County")
        self.coordinator = world.user("Coordinator", agency=self.agency, discipline="other")
        world.grant(self.coordinator, "coordinator", self.agency)
        world.publish("tiny")

    def cohort(self, milestones: str = "", name: str = "County team") -> int:
        (self.folder / "small-team.yaml").write_text(TEMPLATE.replace("MILESTONES", milestones), encoding="utf-8")

        def make() -> int:
            templates.publish_templates(self.folder)
            template = db.session.scalars(select(CohortTemplate)).one()
            return teams.create_cohort(
                template,
                name=name,
                agency_id=self.agency,
                coordinator_id=self.coordinator,
                starts_on=date(2026, 1, 1),
                ready_by=date(2030, 3, 1),
                now=utc_now(),
            ).id

        return self.world.write(make)

    def person(self, discipline: str, name: str = "") -> int:
        agency = self.world.agency()
        return self.world.user(name, agency=agency, discipline=discipline)

    def join(self, cohort: int, user: int) -> int:
        def step() -> int:
            return teams.add_member(db.session.get_one(Cohort, cohort), viewer_of(user), utc_now()).id

        return self.world.write(step)

    def people(self, cohort: int) -> list[int]:
        """One person for each seat, joined."""
        found = [self.person(discipline) for discipline in DISCIPLINES]
        for user in found:
            self.join(cohort, user)
        return found

    def certify(
        self,
        user: int,
        *,
        days: int = 400,
        now: datetime | None = None,
        cycle: int = 1,
        valid_until: date | None = None,
    ) -> list[standing.Filled]:
        """A certificate of the tiny course for a person, and what follows from it for their teams."""

        def step() -> list[standing.Filled]:
            moment = now or utc_now()
            insert_certificate(user, moment, expiry_of(valid_until, ZONE) or moment + timedelta(days=days), cycle)
            return standing.refresh_cohorts_of(user, moment, SITE)

        return self.world.write(step)

    def board(self, cohort: int, now: datetime | None = None) -> CohortBoard:
        return self.world.read(lambda: load_board(db.session.get_one(Cohort, cohort), now or utc_now(), ZONE))

    def members(self, cohort: int) -> list[Member]:
        return self.world.read(
            lambda: list(db.session.scalars(select(Member).where(Member.cohort_id == cohort).order_by(Member.id)))
        )

    def do(self, cohort: int, step: Callable[[Cohort], object]) -> None:
        self.world.write(lambda: step(db.session.get_one(Cohort, cohort)) and None)


def viewer_of(user: int) -> Viewer:
    found = load_viewer(user)
    assert found is not None
    return found


def insert_certificate(user: int, moment: datetime, expires_at: datetime, cycle: int) -> None:
    """An enrollment, a passed attempt and its certificate, as the rooms below would leave them."""
    course = db.session.scalars(select(Course).where(Course.slug == "tiny")).one()
    version = db.session.scalars(select(CourseVersion).where(CourseVersion.course_id == course.id)).one()
    enrollment = Enrollment(user_id=user, course_id=course.id, version_id=version.id, cycle=cycle, enrolled_at=moment)
    db.session.add(enrollment)
    db.session.flush()
    attempt = passed_attempt(enrollment, moment)
    db.session.add(attempt)
    db.session.flush()
    db.session.add(
        Certificate(
            code=new_code(),
            kind="course",
            user_id=user,
            course_id=course.id,
            version_id=version.id,
            attempt_id=attempt.id,
            attempt_passed=True,
            cycle=cycle,
            facts={},
            language="en",
            issued_at=moment,
            completed_on=moment.date(),
            valid_from=moment,
            expires_at=expires_at,
        )
    )
    db.session.flush()


def passed_attempt(enrollment: Enrollment, moment: datetime) -> Attempt:
    return Attempt(
        enrollment_id=enrollment.id,
        version_id=enrollment.version_id,
        module_id="final",
        role="final",
        number=1,
        language="en",
        pass_mark=80,
        drawn=[],
        secret="secret",
        started_at=moment,
        submitted_at=moment,
        receipt=secrets.token_hex(8),
        score_percent=100,
        passed=True,
    )


@pytest.fixture
def small(world: World, tmp_path: Path) -> Teams:
    return Teams(world, tmp_path)
