"""Progress: what a person has opened, read and completed in a course, and what follows from it (nothing is stored)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, select, update

from lms.catalog.models import Course, CourseVersion
from lms.clock import local_day
from lms.courseware.course import Course as CourseText
from lms.courseware.course import ModuleEntry
from lms.courseware.hours import needed_modules
from lms.database import DIALECT_INSERTS, count_changed, db, dialect_name
from lms.errors import N_, Conflict, NotFound
from lms.learning.models import Enrollment, ModuleProgress

SEEN_AGAIN_AFTER = timedelta(minutes=5)
"""A page that is looked at again within this time writes nothing."""


@dataclass(frozen=True, slots=True)
class Moments:
    """What was done in one module, when."""

    opened_at: datetime
    last_seen_at: datetime
    read_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one person stands in one course: the version that counts for them and their moments by module.

    Without an enrollment, `enrollment_id` is None and the version is the current one.
    """

    course_id: int
    slug: str
    is_archived: bool
    version_id: int
    version_number: int
    content_hash: str
    current_version_id: int
    current_number: int
    was_retrained: bool = False
    """Whether any version after theirs asked those who had completed the course to take it again."""
    enrollment_id: int | None = None
    cycle: int = 0
    enrolled_at: datetime | None = None
    completed_at: datetime | None = None
    modules: Mapping[str, Moments] = field(default_factory=dict)

    @property
    def is_enrolled(self) -> bool:
        return self.enrollment_id is not None

    @property
    def asks_for_renewal(self) -> bool:
        """Whether a newer version asks those who completed an older one to take it again. What is published after it
        takes that back as little as it takes back the change of the law behind it."""
        return self.completed_at is not None and self.was_retrained

    @property
    def is_behind(self) -> bool:
        return self.current_number > self.version_number

    @property
    def seen_last(self) -> str | None:
        """The module that was looked at last."""
        return max(self.modules, key=lambda module_id: self.modules[module_id].last_seen_at, default=None)

    def is_opened(self, module_id: str) -> bool:
        return module_id in self.modules

    def is_read(self, module_id: str) -> bool:
        moments = self.modules.get(module_id)
        return moments is not None and moments.read_at is not None

    def is_completed(self, module_id: str) -> bool:
        moments = self.modules.get(module_id)
        return moments is not None and moments.completed_at is not None


def retrained_since(course_id: Any, pinned_number: Any, current_number: Any) -> Any:
    """The SQL condition that a version after the pinned one, up to the current one, was a retrain."""
    between = CourseVersion.__table__.alias()
    return exists().where(
        between.c.course_id == course_id,
        between.c.number > pinned_number,
        between.c.number <= current_number,
        between.c.change == "retrain",
    )


# Tables instead of classes: this statement is part of every page of a course, and rows need no identity.
_courses = Course.__table__.c
_enrollments = Enrollment.__table__
_any_cycle = _enrollments.alias()
_current, _pinned = CourseVersion.__table__.alias(), CourseVersion.__table__.alias()
_moments = ModuleProgress.__table__
_latest_cycle = (
    select(func.max(_any_cycle.c.cycle))
    .where(_any_cycle.c.user_id == bindparam("user_id"), _any_cycle.c.course_id == _courses.id)
    .correlate(Course.__table__)
    .scalar_subquery()
)
_STANDING = (
    select(
        _courses.id,
        _courses.archived_at,
        _current.c.id,
        _current.c.number,
        _current.c.content_hash,
        retrained_since(_courses.id, _pinned.c.number, _current.c.number),
        _enrollments.c.id,
        _enrollments.c.cycle,
        _enrollments.c.enrolled_at,
        _enrollments.c.completed_at,
        _pinned.c.id,
        _pinned.c.number,
        _pinned.c.content_hash,
        _moments.c.module_id,
        _moments.c.opened_at,
        _moments.c.last_seen_at,
        _moments.c.read_at,
        _moments.c.completed_at,
    )
    .select_from(
        Course.__table__.join(_current, and_(_current.c.course_id == _courses.id, _current.c.is_current))
        .outerjoin(
            _enrollments,
            and_(
                _enrollments.c.user_id == bindparam("user_id"),
                _enrollments.c.course_id == _courses.id,
                _enrollments.c.cycle == _latest_cycle,
            ),
        )
        .outerjoin(_pinned, _pinned.c.id == _enrollments.c.version_id)
        .outerjoin(_moments, _moments.c.enrollment_id == _enrollments.c.id)
    )
    .where(_courses.slug == bindparam("slug"))
)


def load_standing(user_id: int | None, slug: str) -> Standing:
    """Course, version, enrollment and progress of one person in one query. Raises NotFound."""
    rows: Sequence[Any] = db.session.execute(_STANDING, {"user_id": user_id or 0, "slug": slug}).all()
    if not rows:
        raise NotFound(N_("There is no such course."))
    first = rows[0]
    is_enrolled = first[6] is not None
    return Standing(
        course_id=first[0],
        slug=slug,
        is_archived=first[1] is not None,
        version_id=first[10] if is_enrolled else first[2],
        version_number=first[11] if is_enrolled else first[3],
        content_hash=first[12] if is_enrolled else first[4],
        current_version_id=first[2],
        current_number=first[3],
        was_retrained=bool(first[5]),
        enrollment_id=first[6],
        cycle=first[7] or 0,
        enrolled_at=first[8],
        completed_at=first[9],
        modules={row[13]: Moments(*row[14:18]) for row in rows if row[13] is not None},
    )


def hold_enrollment(user_id: int, slug: str) -> None:
    """Hold a person's enrollment until the transaction ends: two tabs that complete two modules go one by one, and
    the second sees what the first did."""
    if dialect_name() == "sqlite":
        return  # one writer at a time there
    db.session.execute(
        select(Enrollment.id)
        .join(Course, Course.id == Enrollment.course_id)
        .where(Enrollment.user_id == user_id, Course.slug == slug)
        .with_for_update(of=Enrollment)
    )


def require_enrollment(standing: Standing) -> int:
    """The enrollment's id. Raises Conflict where there is none."""
    if standing.enrollment_id is None:
        raise Conflict(N_("You are not enrolled in this course yet. Open its page and choose “Start”."))
    return standing.enrollment_id


def missing_prerequisites(course: CourseText, standing: Standing, module_id: str) -> tuple[ModuleEntry, ...]:
    """The modules that come first and are not completed yet, in the order of the course. Raises NotFound."""
    entry = course.entry(module_id)
    if entry is None:
        raise NotFound(N_("There is no such module in this course."))
    return tuple(
        other for other in course.modules if other.id in entry.prerequisites and not standing.is_completed(other.id)
    )


def booster_opens_on(course: CourseText, standing: Standing, module_id: str, time_zone: str) -> date | None:
    """The local day on which a booster opens; None until the course is completed, and for what is none."""
    days = course.booster_days(module_id)
    if days is None or standing.completed_at is None:
        return None
    return local_day(standing.completed_at, time_zone) + timedelta(days=days)


def is_unlocked(course: CourseText, standing: Standing, module_id: str, now: datetime, time_zone: str) -> bool:
    """Whether a module may be worked on: each one that comes before it is completed, or this one was before. A booster
    opens by its day alone."""
    missing = missing_prerequisites(course, standing, module_id)
    if standing.is_completed(module_id):
        return True
    if course.booster_days(module_id) is None:
        return not missing
    opens_on = booster_opens_on(course, standing, module_id, time_zone)
    return opens_on is not None and opens_on <= local_day(now, time_zone)


def require_unlocked(course: CourseText, standing: Standing, module_id: str, now: datetime, time_zone: str) -> None:
    """Raises Conflict where another module comes first, or the day of a booster has not come."""
    if is_unlocked(course, standing, module_id, now, time_zone):
        return
    days, day = course.booster_days(module_id), booster_opens_on(course, standing, module_id, time_zone)
    if days is None:
        raise Conflict(N_("Another module comes first. Complete it, and this one opens."))
    if day is None:
        raise Conflict(N_("This refresher opens %(days)s days after you complete the course."), days=days)
    raise Conflict(N_("This refresher opens on %(day)s. Until then nothing is to be done."), day=day)


def choose_next(
    module_ids: Sequence[str], *, ready: Collection[str], needed: Collection[str], seen_last: str | None
) -> str | None:
    """Where to go on. `ready` are the modules that are open and not completed.

    The one seen last if it is ready; else the next ready one after it, so that whoever skips an optional part is not
    led back to it; else the first that is needed; else any.
    """
    if seen_last in ready:
        return seen_last
    start = module_ids.index(seen_last) + 1 if seen_last in module_ids else 0
    order = [*module_ids[start:], *(one for one in module_ids if one in needed), *module_ids]
    return next((one for one in order if one in ready), None)


def is_course_complete(course: CourseText, completed: set[str]) -> bool:
    """Whether every module that the course requires is completed, and what these build on; all where it names none.

    What they build on is asked too, for in a renewal the final may be done already while what leads to it is not.
    """
    return completed.issuperset(needed_modules(course))


def open_module(enrollment_id: int, module_id: str, now: datetime) -> None:
    """Note that a module was looked at. The caller commits."""
    _note(enrollment_id, module_id, now)


def mark_read(enrollment_id: int, module_id: str, now: datetime) -> None:
    """Note that a module was read; the first time counts. The caller commits."""
    _note(enrollment_id, module_id, now, "read_at")


def complete_module(enrollment_id: int, module_id: str, now: datetime) -> None:
    """Note that a module was read and is complete; the first time of each counts. The caller commits."""
    _note(enrollment_id, module_id, now, "read_at", "completed_at")


def _note(enrollment_id: int, module_id: str, now: datetime, *columns: str) -> None:
    """One statement: the row is made, or its empty moments are filled; what was noted before stays."""
    table = ModuleProgress.__table__
    given = dict.fromkeys(("opened_at", "last_seen_at", *columns), now)
    row = DIALECT_INSERTS[dialect_name()](table).values(enrollment_id=enrollment_id, module_id=module_id, **given)
    kept = {name: func.coalesce(table.c[name], row.excluded[name]) for name in columns}
    changes = {"last_seen_at": row.excluded.last_seen_at, **kept}
    db.session.execute(row.on_conflict_do_update(index_elements=["enrollment_id", "module_id"], set_=changes))


def is_worth_noting(standing: Standing, module_id: str, now: datetime) -> bool:
    """Whether looking at a module now is news: first time, or the last note is some minutes old."""
    moments = standing.modules.get(module_id)
    return moments is None or now - moments.last_seen_at > SEEN_AGAIN_AFTER


def complete_course(enrollment_id: int, now: datetime) -> bool:
    """Note that a course is complete; True the first time. The caller commits."""
    return bool(
        count_changed(
            update(Enrollment)
            .where(Enrollment.id == enrollment_id, Enrollment.completed_at.is_(None))
            .values(completed_at=now)
        )
    )
