"""Who is told that a booster is open: once by mail, and on the home page until it is taken.

Whose certificate of that completion was revoked is told nothing: they are asked to take the course again. Nor is who
takes the course again meanwhile: boosters follow the completion that comes of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import aliased

from lms.catalog.facts import boosters
from lms.catalog.models import CourseVersion
from lms.certification.models import Certificate
from lms.certification.reminders import SOURCES, Ending, Source
from lms.clock import local_day, start_of_day
from lms.courseware.course import BOOSTER_DAYS
from lms.database import db
from lms.learning.enrollments import Enrolled
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import User
from lms.people.notices import NoticePreferences

NAME = "booster"

TOLD_FOR_DAYS = 30
"""So long after it opened a mail still says so: a worker that was down makes up for it, and nobody hears of a course
that they completed long ago."""

PEOPLE = 500
"""So many completions are looked at in one go."""


def open_boosters(
    user_id: int, courses: Iterable[Enrolled], now: datetime, time_zone: str
) -> list[tuple[Enrolled, Mapping[str, Any]]]:
    """Of the courses of one person the boosters that are open and not taken, one of each course. One query, none where
    there is none."""
    day = local_day(now, time_zone)
    found = [(one, module) for one in courses if (module := one.open_booster(day, time_zone)) is not None]
    if not found:
        return []
    ids = [one.enrollment_id for one, _ in found]
    silent = set(db.session.scalars(select(Enrollment.id).where(Enrollment.id.in_(ids), _was_revoked())))
    return [(one, module) for one, module in found if one.enrollment_id not in silent]


def boosters_opened(now: datetime, time_zone: str, after: int) -> tuple[list[Ending], int | None]:
    """What opened lately, for a page of completions by their id."""
    rows = db.session.execute(
        _completions(now, time_zone).where(Enrollment.id > after).order_by(Enrollment.id).limit(PEOPLE)
    ).all()
    return _endings(rows, now, time_zone), rows[-1][0] if rows else None


def find_booster_opened(enrollment_id: int, part: str, now: datetime, time_zone: str) -> Ending | None:
    """One of them; None once it was taken, the course is taken again, or the account is off."""
    rows = db.session.execute(_completions(now, time_zone).where(Enrollment.id == enrollment_id)).all()
    return next((one for one in _endings(rows, now, time_zone) if one.part == part), None)


def _completions(now: datetime, time_zone: str) -> Any:
    """The completions of courses that are so many days old that a booster of theirs may have opened lately."""
    day, later = local_day(now, time_zone), aliased(Enrollment)

    def midnight(days_ago: int) -> datetime:
        return start_of_day(day - timedelta(days=days_ago), time_zone)

    at = Enrollment.completed_at
    ages = [and_(at >= midnight(days + TOLD_FOR_DAYS), at < midnight(days - 1)) for days in BOOSTER_DAYS.values()]
    is_taken_again = exists().where(
        later.user_id == Enrollment.user_id, later.course_id == Enrollment.course_id, later.cycle > Enrollment.cycle
    )
    wants = NoticePreferences.wants_refreshers
    return (
        select(Enrollment.id, Enrollment.user_id, Enrollment.version_id, at, wants)
        .join(User, User.id == Enrollment.user_id)
        .outerjoin(NoticePreferences, NoticePreferences.user_id == Enrollment.user_id)
        .where(or_(*ages), ~is_taken_again, ~_was_revoked(), User.disabled_at.is_(None), User.email.is_not(None))
    )


def _was_revoked() -> ColumnElement[bool]:
    """The SQL condition that an enrollment's certificate was revoked."""
    return exists().where(
        Certificate.user_id == Enrollment.user_id,
        Certificate.course_id == Enrollment.course_id,
        Certificate.cycle == Enrollment.cycle,
        Certificate.kind == "course",
        Certificate.superseded_by_id.is_(None),
        Certificate.revoked_at.is_not(None),
    )


def _endings(rows: Iterable[Any], now: datetime, time_zone: str) -> list[Ending]:
    """The boosters that opened within the time and were not taken. Two queries."""
    rows = list(rows)
    versions = select(CourseVersion.id, CourseVersion.facts).where(CourseVersion.id.in_({row[2] for row in rows}))
    offered = {version_id: boosters(facts) for version_id, facts in db.session.execute(versions)} if rows else {}
    ids = [row[0] for row in rows if offered[row[2]]]
    taken: defaultdict[int, set[str]] = defaultdict(set)
    if ids:
        done = select(ModuleProgress.enrollment_id, ModuleProgress.module_id).where(
            ModuleProgress.enrollment_id.in_(ids), ModuleProgress.completed_at.is_not(None)
        )
        for enrollment_id, module_id in db.session.execute(done):
            taken[enrollment_id].add(module_id)
    found = []
    for enrollment_id, user_id, version_id, completed_at, wants in rows:
        completed_on = local_day(completed_at, time_zone)
        for module, days in offered[version_id]:
            opens_on = completed_on + timedelta(days=days)
            if module["id"] not in taken[enrollment_id] and opens_on <= local_day(now, time_zone):
                found.append(
                    Ending(
                        NAME,
                        enrollment_id,
                        f"{enrollment_id}-{module['id']}",
                        user_id,
                        completed_on,
                        opens_on + timedelta(days=TOLD_FOR_DAYS),
                        wants is not False,
                        part=module["id"],
                    )
                )
    return found


# To a reminder a booster is something that ends: the time in which it is news. Its one mark is the first day of it.
SOURCES[NAME] = Source(boosters_opened, find_booster_opened, (TOLD_FOR_DAYS,), frozenset({TOLD_FOR_DAYS}))
