"""Why not yet: for each course that a person is in and has no certificate of, what is missing for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, select

from lms.assessment.models import Attempt
from lms.catalog.models import Course, CourseVersion
from lms.catalog.versions import course_of
from lms.certification.certifying import Standing, current_rules, standings_of
from lms.certification.credit import approvals_of, matched
from lms.certification.credit_bodies import Body
from lms.certification.eligibility import Missing, missing_for_course
from lms.certification.models import Certificate
from lms.certification.rules import rules_of
from lms.database import db
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.licenses import licenses_on

MOST_COURSES = 50

NOT_IN_REACH = frozenset({"discipline", "not-open-yet"})
"""For another discipline; or held, and nothing to do now."""


def certifications_in_reach(user_id: int, now: datetime, time_zone: str) -> list[Standing]:
    """The certifications for a person's discipline that they do not hold, or may renew now, with what is lacking."""
    found = standings_of([user_id], current_rules(), now, time_zone)
    return [one for one in found if not any(lack.reason in NOT_IN_REACH for lack in one.decision.lacks)]


@dataclass(frozen=True, slots=True)
class NotYet:
    """A course without its certificate, and the reasons in the course's order.

    `withheld` are the bodies that approved it and give credit only to their licensees, of whom the person is none yet.
    """

    slug: str
    title: str
    missing: tuple[Missing, ...]
    withheld: tuple[Body, ...] = ()


def why_not_yet(user_id: int, language: str, day: date) -> list[NotYet]:
    """The courses that a person has begun and holds no certificate of for that time, with the credit of a day that
    they would not get. Five queries, and one more where only what had changed is taken again."""
    rows = db.session.execute(
        select(
            Enrollment.id, Course.id, Course.slug, CourseVersion.id, CourseVersion.content_hash, Enrollment.renews_id
        )
        .join(Course, Course.id == Enrollment.course_id)
        .join(CourseVersion, CourseVersion.id == Enrollment.version_id)
        .outerjoin(
            Certificate,
            and_(
                Certificate.user_id == Enrollment.user_id,
                Certificate.course_id == Enrollment.course_id,
                Certificate.cycle == Enrollment.cycle,
                Certificate.kind == "course",
            ),
        )
        .where(Enrollment.user_id == user_id, Certificate.id.is_(None))
        .order_by(Enrollment.enrolled_at.desc(), Enrollment.id.desc())
        .limit(MOST_COURSES)
    ).all()
    enrollment_ids = [row[0] for row in rows]
    if not enrollment_ids:
        return []
    completed = _modules(
        select(ModuleProgress.enrollment_id, ModuleProgress.module_id).where(
            ModuleProgress.enrollment_id.in_(enrollment_ids), ModuleProgress.completed_at.is_not(None)
        )
    )
    before = _before(user_id) if any(row[5] is not None for row in rows) else {}
    passed = _modules(
        select(Attempt.enrollment_id, Attempt.module_id).where(
            Attempt.enrollment_id.in_({*enrollment_ids, *before, *before.values()}), Attempt.passed.is_(True)
        )
    )
    found = []
    withheld = _withheld(user_id, {row[1] for row in rows}, day)
    for enrollment_id, course_id, slug, version_id, content_hash, _ in rows:
        course = course_of(version_id, content_hash)
        taken_over, earlier = set[str](), before.get(enrollment_id)
        while earlier is not None:
            taken_over |= passed[earlier] & completed[enrollment_id]
            earlier = before.get(earlier)
        missing = missing_for_course(
            rules_of(course, language),
            course.required_modules,
            completed=completed[enrollment_id],
            passed=passed[enrollment_id] | taken_over,
        )
        found.append(NotYet(slug, course.text(language).title, tuple(missing), tuple(withheld[course_id])))
    return found


def _before(user_id: int) -> dict[int, int]:
    """For each enrollment that goes on from an earlier one, that one: quizzes of what was taken over count in it, as
    they do when its certificate is issued (`awards.done_in`)."""
    rows = db.session.execute(
        select(Enrollment.id, Enrollment.renews_id).where(
            Enrollment.user_id == user_id, Enrollment.renews_id.is_not(None)
        )
    )
    return {number: earlier for number, earlier in rows if earlier is not None}


def _withheld(user_id: int, course_ids: set[int], day: date) -> defaultdict[int, list[Body]]:
    """By course, the bodies whose credit waits for a license."""
    found: defaultdict[int, list[Body]] = defaultdict(list)
    for approval in matched(licenses_on(user_id, day), approvals_of(course_ids, day=day))[1]:
        found[approval.course_id].append(approval.body)
    return found


def _modules(query: object) -> defaultdict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for enrollment_id, module_id in db.session.execute(query):  # type: ignore[call-overload]
        found[enrollment_id].add(module_id)
    return found
