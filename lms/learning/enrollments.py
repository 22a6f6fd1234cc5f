"""Enrollments: beginning a course, and what a new version of it means to people who are in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import aliased

from lms.catalog.facts import boosters, core_modules
from lms.catalog.models import Course, CourseVersion
from lms.clock import local_day, utc_now
from lms.database import count_changed, db, insert_into
from lms.errors import N_, Conflict, NotFound
from lms.learning.models import Enrollment, ModuleProgress
from lms.learning.progress import Moments, choose_next, retrained_since


def enroll(user_id: int, course_id: int, now: datetime | None = None) -> Enrollment:
    """Begin a course at its current version, or find the enrollment that is there. The caller commits.

    Safe to press twice. Raises NotFound, or Conflict for a course that takes nobody any more.
    """
    found = current_enrollment(user_id, course_id)
    if found is not None:
        return found
    row = db.session.execute(
        select(Course.archived_at, CourseVersion.id)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(Course.id == course_id, CourseVersion.is_current)
    ).one_or_none()
    if row is None:
        raise NotFound(N_("There is no such course."))
    if row[0] is not None:
        raise Conflict(N_("This course is archived and takes no new learners."))
    db.session.execute(
        insert_into(Enrollment)
        .values(user_id=user_id, course_id=course_id, version_id=row[1], cycle=1, enrolled_at=now or utc_now())
        .on_conflict_do_nothing()
    )
    made = current_enrollment(user_id, course_id)
    assert made is not None
    return made


def enroll_many(user_ids: Collection[int], course_id: int, now: datetime) -> list[Enrollment]:
    """Begin a course for all of these who are, or were, not in it; the new enrollments. Three statements however many.

    The caller commits. Raises NotFound, or Conflict for a course that takes nobody any more.
    """
    row = db.session.execute(
        select(Course.archived_at, CourseVersion.id)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(Course.id == course_id, CourseVersion.is_current)
    ).one_or_none()
    if row is None:
        raise NotFound(N_("There is no such course."))
    if row[0] is not None:
        raise Conflict(N_("This course is archived and takes no new learners."))
    held = select(Enrollment.user_id).where(Enrollment.course_id == course_id, Enrollment.user_id.in_(user_ids))
    inside = set(db.session.scalars(held))
    made = [
        Enrollment(user_id=user_id, course_id=course_id, version_id=row[1], cycle=1, enrolled_at=now)
        for user_id in dict.fromkeys(user_ids)
        if user_id not in inside
    ]
    db.session.add_all(made)
    db.session.flush()
    return made


def current_enrollment(user_id: int, course_id: int) -> Enrollment | None:
    """The latest cycle of a person in a course."""
    return db.session.scalars(
        select(Enrollment)
        .where(Enrollment.user_id == user_id, Enrollment.course_id == course_id)
        .order_by(Enrollment.cycle.desc())
        .limit(1)
    ).one_or_none()


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom a new version reaches: enrollments that moved to it, and people who are asked to renew."""

    moved: int = 0
    kept: int = 0
    asked_to_renew: int = 0


def apply_new_version(course_id: int, version_id: int, change: str) -> Touched:
    """Do what a change says to people in a course. Attempts that are open keep their version. The caller commits.

    A correction moves every enrollment in the version that it corrects and is not completed; a revision or retrain only
    those who have not opened any module. Whom an earlier revision left on an older version finishes that: a correction
    of the newer one is none of theirs. Completed enrollments keep the version that they completed. A retrain asks their
    people to renew.
    """
    still_open = (
        Enrollment.course_id == course_id,
        Enrollment.completed_at.is_(None),
        Enrollment.version_id != version_id,
    )
    has_begun = exists().where(ModuleProgress.enrollment_id == Enrollment.id)
    stays = (
        ~Enrollment.version_id.in_(_corrected_versions(course_id, version_id)) if change == "correction" else has_begun
    )
    moving = (*still_open, ~(stays & has_begun))
    moved = count_changed(
        update(Enrollment).where(*moving).values(version_id=version_id).execution_options(synchronize_session=False)
    )
    kept = db.session.scalar(select(func.count()).select_from(Enrollment).where(*still_open)) or 0
    asked = 0
    if change == "retrain":
        asked = (
            db.session.scalar(
                select(func.count(Enrollment.user_id.distinct())).where(
                    Enrollment.course_id == course_id, Enrollment.completed_at.is_not(None)
                )
            )
            or 0
        )
    return Touched(moved, kept, asked)


def _corrected_versions(course_id: int, version_id: int) -> list[int]:
    """The versions that a correction corrects: the one before it, and those that were corrected into that one."""
    rows = db.session.execute(
        select(CourseVersion.id, CourseVersion.change)
        .where(CourseVersion.course_id == course_id, CourseVersion.id != version_id)
        .order_by(CourseVersion.number.desc())
    )
    found = []
    for number, change in rows:
        found.append(number)
        if change != "correction":
            break
    return found


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One enrollment as the home page and the catalog show it: the pinned version's facts and the moments."""

    enrollment_id: int
    course_id: int
    slug: str
    code: str
    facts: Mapping[str, Any]
    enrolled_at: datetime
    completed_at: datetime | None
    asks_for_renewal: bool
    modules: Mapping[str, Moments]

    @property
    def completed_ids(self) -> frozenset[str]:
        return frozenset(key for key, moments in self.modules.items() if moments.completed_at is not None)

    @property
    def done(self) -> int:
        """How many modules of the course are completed, of `total`; boosters are no part of it."""
        return sum(module["id"] in self.completed_ids for module in core_modules(self.facts))

    @property
    def total(self) -> int:
        return len(core_modules(self.facts))

    def open_booster(self, day: date, time_zone: str) -> Mapping[str, Any] | None:
        """The booster that opened last and was not taken; one of before it is not asked for any more."""
        if self.completed_at is None:
            return None
        completed_on = local_day(self.completed_at, time_zone)
        opened = [one for one in boosters(self.facts) if completed_on + timedelta(days=one[1]) <= day]
        latest = max(opened, key=lambda one: one[1], default=None)
        return None if latest is None or latest[0]["id"] in self.completed_ids else latest[0]

    @property
    def minutes_left(self) -> int:
        """Minutes of the modules that are not completed yet, as their authors estimate them."""
        return sum(module["minutes"] for module in core_modules(self.facts) if module["id"] not in self.completed_ids)

    @property
    def last_seen_at(self) -> datetime:
        return max((moments.last_seen_at for moments in self.modules.values()), default=self.enrolled_at)

    @property
    def next_module(self) -> Mapping[str, Any] | None:
        """Where to go on (see `progress.choose_next`)."""
        done = self.completed_ids
        modules: dict[str, Mapping[str, Any]] = {module["id"]: module for module in core_modules(self.facts)}
        chosen = choose_next(
            list(modules),
            ready={key for key, m in modules.items() if key not in done and done.issuperset(m["prerequisites"])},
            needed={key for key, m in modules.items() if m.get("is_needed", True)},
            seen_last=max(self.modules, key=lambda key: self.modules[key].last_seen_at, default=None),
        )
        return None if chosen is None else modules[chosen]


_current = aliased(CourseVersion, flat=True)


def enrollments_of(user_id: int) -> list[Enrolled]:
    """Every course that a person is or was in (the latest cycle of each), the one seen last first; one query."""
    rows = db.session.execute(
        select(
            Enrollment.id,
            Course.id,
            Course.slug,
            CourseVersion.code,
            CourseVersion.facts,
            Enrollment.enrolled_at,
            Enrollment.completed_at,
            retrained_since(Course.id, CourseVersion.number, _current.number),
            ModuleProgress.module_id,
            ModuleProgress.opened_at,
            ModuleProgress.last_seen_at,
            ModuleProgress.read_at,
            ModuleProgress.completed_at,
        )
        .join(Course, Course.id == Enrollment.course_id)
        .join(CourseVersion, CourseVersion.id == Enrollment.version_id)
        .join(_current, (_current.course_id == Course.id) & _current.is_current)
        .outerjoin(ModuleProgress, ModuleProgress.enrollment_id == Enrollment.id)
        .where(Enrollment.user_id == user_id)
        .order_by(Enrollment.cycle)
    ).all()
    by_course: dict[int, list[Any]] = {}
    for row in rows:
        kept = by_course.setdefault(row[1], [])
        if kept and kept[0][0] != row[0]:
            kept.clear()
        kept.append(row)
    found = [_enrolled(group) for group in by_course.values()]
    return sorted(found, key=lambda enrolled: enrolled.last_seen_at, reverse=True)


def _enrolled(rows: list[Any]) -> Enrolled:
    first = rows[0]
    return Enrolled(
        enrollment_id=first[0],
        course_id=first[1],
        slug=first[2],
        code=first[3],
        facts=first[4],
        enrolled_at=first[5],
        completed_at=first[6],
        asks_for_renewal=first[6] is not None and bool(first[7]),
        modules={row[8]: Moments(*row[9:13]) for row in rows if row[8] is not None},
    )
