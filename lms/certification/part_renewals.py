"""A certificate for which only what had changed was taken again: its hours, and the one that it renews."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from sqlalchemy import and_, select

from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.courseware.course import Course
from lms.courseware.hours import teaching_modules
from lms.database import db
from lms.learning.models import Enrollment, ModuleProgress


def is_part_renewal(certificate: Certificate) -> bool:
    """Whether only what had changed was taken again for it."""
    return bool(
        db.session.scalar(
            select(Enrollment.renews_id.is_not(None)).where(
                Enrollment.user_id == certificate.user_id,
                Enrollment.course_id == certificate.course_id,
                Enrollment.cycle == certificate.cycle,
            )
        )
    )


def taken_minutes(enrollment: Enrollment, course: Course) -> int:
    """Minutes of teaching in the modules that were completed in this enrollment itself, and not taken over into it."""
    taken = db.session.scalars(
        select(ModuleProgress.module_id).where(
            ModuleProgress.enrollment_id == enrollment.id, ModuleProgress.completed_at >= enrollment.enrolled_at
        )
    )
    modules = course.files[course.default_language]
    return sum(modules[module_id].minutes for module_id in teaching_modules(course).intersection(taken))


def with_hours_of(facts: CertificateFacts, taken: int, contact_minutes: int) -> CertificateFacts:
    """The facts for part of a course: no more minutes than were taken, and as much of each body's as that is of all."""
    minutes = min(taken, contact_minutes)
    lines = (
        replace(line, minutes=line.minutes * minutes // max(1, contact_minutes)) for line in facts.suggested_credit
    )
    return replace(
        facts, contact_minutes=minutes or None, suggested_credit=tuple(line for line in lines if line.minutes)
    )


def certificate_before(enrollment: Enrollment) -> Certificate | None:
    """The latest certificate of the cycles before this one: not each cycle brought one."""
    found: Certificate | None = db.session.scalar(
        select(Certificate)
        .where(
            Certificate.user_id == enrollment.user_id,
            Certificate.course_id == enrollment.course_id,
            Certificate.cycle < enrollment.cycle,
            Certificate.kind == "course",
            Certificate.superseded_by_id.is_(None),
        )
        .order_by(Certificate.cycle.desc())
        .limit(1)
    )
    return found


def parts_after(certificate: Certificate) -> list[Certificate]:
    """Certificates that stand and for which only what had changed was taken again since this one, step by step."""
    rows = db.session.execute(
        select(Certificate, Enrollment.renews_id)
        .join(
            Enrollment,
            and_(
                Enrollment.user_id == Certificate.user_id,
                Enrollment.course_id == Certificate.course_id,
                Enrollment.cycle == Certificate.cycle,
            ),
        )
        .where(
            Certificate.user_id == certificate.user_id,
            Certificate.course_id == certificate.course_id,
            Certificate.cycle > certificate.cycle,
            Certificate.kind == "course",
            Certificate.superseded_by_id.is_(None),
        )
        .order_by(Certificate.cycle)
    )
    parts = [one for one, _ in takewhile(lambda row: row[1] is not None, rows)]
    return [one for one in parts if one.revoked_at is None]
