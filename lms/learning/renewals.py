"""Taking a course again: the whole of it, or only the modules that changed since it was completed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from lms.catalog.facts import boosters
from lms.catalog.models import CourseVersion
from lms.catalog.versions import retrained_modules
from lms.database import db
from lms.errors import N_, Conflict
from lms.learning.enrollments import current_enrollment
from lms.learning.models import Enrollment, ModuleProgress


def begin_renewal(user_id: int, course_id: int, now: datetime, *, only_changed: bool) -> Enrollment:
    """A further cycle at the current version. The caller commits, and has seen that a renewal is due.

    With `only_changed` the modules that no retrain changed are taken over, with the moments at which they were really
    read and completed; boosters are not: they follow each completion anew. Pressing twice makes one. Raises Conflict
    where the course is not completed yet.
    """
    earlier = current_enrollment(user_id, course_id)
    if earlier is None:
        raise Conflict(N_("You are not enrolled in this course yet. Open its page and choose “Start”."))
    db.session.refresh(earlier, with_for_update=True)
    if earlier.completed_at is None:
        if earlier.cycle > 1:
            return earlier
        raise Conflict(N_("You have not completed this course yet. Go on where you left off."))
    version_id, number = db.session.execute(
        select(CourseVersion.id, CourseVersion.number).where(
            CourseVersion.course_id == course_id, CourseVersion.is_current
        )
    ).one()
    renewal = Enrollment(
        user_id=user_id,
        course_id=course_id,
        version_id=version_id,
        cycle=earlier.cycle + 1,
        enrolled_at=now,
        renews_id=earlier.id if only_changed else None,
    )
    db.session.add(renewal)
    db.session.flush()
    if only_changed:
        completed = db.session.get_one(CourseVersion, earlier.version_id)
        anew = {module["id"] for module, _ in boosters(completed.facts)}
        _take_over(earlier.id, renewal.id, anew | retrained_modules(course_id, min(completed.number, number)))
    return renewal


def _take_over(earlier_id: int, renewal_id: int, changed: Collection[str]) -> None:
    """What was done and did not change, with its own moments."""
    rows = db.session.scalars(
        select(ModuleProgress).where(
            ModuleProgress.enrollment_id == earlier_id,
            ModuleProgress.completed_at.is_not(None),
            ModuleProgress.module_id.not_in(changed),
        )
    )
    for row in list(rows):
        db.session.add(
            ModuleProgress(
                enrollment_id=renewal_id,
                module_id=row.module_id,
                opened_at=row.opened_at,
                last_seen_at=row.last_seen_at,
                read_at=row.read_at,
                completed_at=row.completed_at,
            )
        )
    db.session.flush()


def chain_of(enrollment: Enrollment) -> list[int]:
    """The ids of an enrollment and of those that it goes on from, the newest first: where its evidence may lie."""
    ids, before = [enrollment.id], enrollment.renews_id
    while before is not None:
        ids.append(before)
        before = db.session.scalar(select(Enrollment.renews_id).where(Enrollment.id == before))
    return ids
