"""Records that reports count: courses, awards and enrollments, put straight into the tables, whole and legitimate."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import Any

from lms.access import Grant, Viewer
from lms.assessment.models import Attempt
from lms.catalog.models import Course, CourseVersion
from lms.certification.models import Certificate
from lms.database import db
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import Agency, Membership
from tests.support.world import World

_numbers = itertools.count(1)


def add_course(world: World, slug: str) -> int:
    """A course with one version; returns its id."""

    def step() -> int:
        course = Course(slug=slug, created_at=datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
        db.session.add(course)
        db.session.flush()
        facts: dict[str, Any] = {"titles": {"en": f"Course {slug}"}, "default_language": "en", "languages": ["en"]}
        facts |= {"summaries": {"en": ""}, "minutes": 60, "disciplines": ["shared"], "modules": []}
        facts |= {"suggested_credit": [], "required_modules": []}
        version = CourseVersion(
            course_id=course.id, number=1, content_hash=slug, change="first", is_current=True, code=slug.upper(),
            contact_minutes=60, valid_months=12, facts=facts, published_at=course.created_at, published_by_id=None,
        )  # fmt: skip
        db.session.add(version)
        return course.id

    return world.write(step)


def enroll(user: int, course: int, at: datetime, *, completed_at: datetime | None = None, cycle: int = 1) -> Enrollment:
    """Inside of a write transaction."""
    version = db.session.query(CourseVersion).filter_by(course_id=course).one()
    enrollment = Enrollment(
        user_id=user, course_id=course, version_id=version.id, cycle=cycle, enrolled_at=at, completed_at=completed_at
    )
    db.session.add(enrollment)
    db.session.flush()
    return enrollment


def award(
    user: int, course: int, *, valid_from: datetime, expires_at: datetime | None, cycle: int = 1, revoked: bool = False
) -> Certificate:
    """A certificate with the passed attempt that it needs. Inside of a write transaction."""
    number = next(_numbers)
    enrollment = enroll(user, course, valid_from - timedelta(days=1), completed_at=valid_from, cycle=cycle)
    attempt = Attempt(
        enrollment_id=enrollment.id, version_id=enrollment.version_id, module_id="final", role="final", number=1,
        language="en", pass_mark=80, drawn=[], secret="s", started_at=valid_from, submitted_at=valid_from,
        receipt=f"R{number}", score_percent=90, passed=True,
    )  # fmt: skip
    db.session.add(attempt)
    db.session.flush()
    certificate = Certificate(
        code=f"T{number:013d}", kind="course", user_id=user, course_id=course, version_id=enrollment.version_id,
        attempt_id=attempt.id, attempt_passed=True, cycle=cycle, facts={}, language="en", issued_at=valid_from,
        completed_on=valid_from.date(), valid_from=valid_from, expires_at=expires_at,
        revoked_at=valid_from if revoked else None, revoked_reason="a test" if revoked else None,
    )  # fmt: skip
    db.session.add(certificate)
    db.session.flush()
    return certificate


def see(enrollment: Enrollment, at: datetime) -> None:
    """The learner opened a module at that moment. Inside of a write transaction."""
    db.session.add(ModuleProgress(enrollment_id=enrollment.id, module_id="one", opened_at=at, last_seen_at=at))


def place(user: int, agency: int, discipline: str, ended_on: date | None = None) -> None:
    """A further place. Inside of a write transaction."""
    db.session.add(
        Membership(
            user_id=user, agency_id=agency, discipline=discipline, started_on=date(2020, 1, 1), ended_on=ended_on
        )
    )


def administrator(*agencies: int) -> Viewer:
    """A viewer who administers these agencies; without any, the whole state. In an application context."""
    paths = [db.session.get_one(Agency, agency).path for agency in agencies]
    grants = tuple(Grant("agency-administrator", *pair) for pair in zip(agencies, paths, strict=True))
    everywhere = (Grant("state-administrator", None, None),)
    return Viewer(id=1, name="Administrator", email=None, language="en", grants=grants or everywhere)
