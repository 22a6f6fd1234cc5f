"""Ways through practice stories that learners gave to their team's debrief."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update

from lms.catalog.models import Course
from lms.database import DIALECT_INSERTS, count_changed, db, dialect_name
from lms.learning.models import Enrollment, StoryPlay

_BY_SQL = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Given:
    """One person's way through one story."""

    user_id: int
    slug: str
    module_id: str
    scenario_id: str
    steps: tuple[str, ...]


def give_play(enrollment_id: int, module_id: str, scenario_id: str, steps: Sequence[str], now: datetime) -> None:
    """Keep a way that was walked to its end, in place of one that the person gave before, also where they took the
    course another time then. The caller commits."""
    given = {"enrollment_id": enrollment_id, "steps": list(steps), "given_at": now}
    owner = select(Enrollment.user_id, Enrollment.course_id).where(Enrollment.id == enrollment_id)
    user_id, course_id = db.session.execute(owner).one()
    own = _own(user_id, Enrollment.course_id == course_id, module_id, scenario_id)
    before = db.session.scalar(select(func.min(StoryPlay.id)).where(*own))
    if before is not None:
        db.session.execute(delete(StoryPlay).where(*own, StoryPlay.id != before).execution_options(**_BY_SQL))
        db.session.execute(update(StoryPlay).where(StoryPlay.id == before).values(**given).execution_options(**_BY_SQL))
        return
    row = DIALECT_INSERTS[dialect_name()](StoryPlay.__table__).values(
        module_id=module_id, scenario_id=scenario_id, **given
    )
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=["enrollment_id", "module_id", "scenario_id"],
            set_={name: row.excluded[name] for name in given},
        )
    )


def take_back(user_id: int, slug: str, module_id: str, scenario_id: str) -> bool:
    """Forget what somebody gave, whichever time they took the course, and whether or not the story is still in it;
    whether there was any. The caller commits."""
    of_course = Enrollment.course_id.in_(select(Course.id).where(Course.slug == slug))
    return bool(
        count_changed(
            delete(StoryPlay).where(*_own(user_id, of_course, module_id, scenario_id)).execution_options(**_BY_SQL)
        )
    )


def given_stories(user_id: int, course_id: int, module_id: str) -> frozenset[str]:
    """Ids of the stories of a module whose way somebody gave, whichever time they took the course. One query."""
    rows = select(StoryPlay.scenario_id).where(
        StoryPlay.module_id == module_id, _of_enrollments(user_id, Enrollment.course_id == course_id)
    )
    return frozenset(db.session.scalars(rows))


def _own(
    user_id: int, of_course: ColumnElement[bool], module_id: str, scenario_id: str
) -> tuple[ColumnElement[bool], ...]:
    return (
        _of_enrollments(user_id, of_course),
        StoryPlay.module_id == module_id,
        StoryPlay.scenario_id == scenario_id,
    )


def _of_enrollments(user_id: int, of_course: ColumnElement[bool]) -> ColumnElement[bool]:
    own = select(Enrollment.id).where(Enrollment.user_id == user_id, of_course)
    return StoryPlay.enrollment_id.in_(own)


def plays_of(user_ids: Collection[int]) -> list[Given]:
    """What these people gave, in the order in which they first did: of each story the last, whichever time they took
    the course. One query."""
    rows = db.session.execute(
        select(
            Enrollment.user_id,
            Course.slug,
            StoryPlay.module_id,
            StoryPlay.scenario_id,
            StoryPlay.given_at,
            StoryPlay.steps,
        )
        .join(Enrollment, Enrollment.id == StoryPlay.enrollment_id)
        .join(Course, Course.id == Enrollment.course_id)
        .where(Enrollment.user_id.in_(sorted(user_ids)))
        .order_by(StoryPlay.id)
    )
    last: dict[tuple[int, str, str, str], tuple[datetime, list[str]]] = {}
    for user_id, slug, module, story, given_at, steps in rows:
        key = (user_id, slug, module, story)
        if key not in last or given_at >= last[key][0]:
            last[key] = (given_at, steps)
    return [Given(*key, tuple(steps)) for key, (_, steps) in last.items()]
