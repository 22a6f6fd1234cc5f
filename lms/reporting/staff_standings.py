"""How the people of a page of the staff list stand with the course or certification that it is about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from lms.access import Permission, Viewer
from lms.catalog.models import Course
from lms.certification.assigned import RANK, here_for
from lms.certification.assignment_evidence import held_in_sight
from lms.certification.assignment_rules import AsOf, rules_in_force
from lms.certification.assignments import DUE, HELD, OVERDUE, WAIVED, assigned_by_place
from lms.certification.certifying import current_rules
from lms.certification.models import Certificate
from lms.certification.seeing import seen
from lms.certification.standing import stands
from lms.certification.validity import last_day_of
from lms.database import db
from lms.learning.assignment_models import Assignment
from lms.learning.models import Enrollment
from lms.reporting.staff_choices import Subject

CERTIFIED, ELSEWHERE, COMPLETED, IN_PROGRESS, NOT_BEGUN = (
    "certified",
    "elsewhere",
    "completed",
    "in-progress",
    "not-begun",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one person stands, as far as the viewer sees it: `until` when it is certified or held (None: no end), since
    when it is overdue or by when due, and when the last certificate ended."""

    state: str
    until: date | None = None
    due_on: date | None = None
    ended_on: date | None = None
    is_begun: bool = False


def standings_on_page(
    viewer: Viewer, subject: Subject, user_ids: Collection[int], present: Collection[int], as_of: AsOf
) -> dict[int, Standing]:
    """By person; five queries at most, however many they are. Of who is not `present` in the viewer's agencies only
    certificates are known: nobody learns what they do elsewhere."""
    if not user_ids:
        return {}
    certified, ended = _certificates(viewer, subject, user_ids, as_of)
    asked = _assigned(viewer, subject, user_ids, as_of)
    held = [one for one in asked.values() if one[0] == HELD and one[2] not in certified]
    known = held_in_sight(viewer, [one[2] for one in held], {one[3] for one in held}, as_of)
    begun = _enrollments(subject, sorted(set(present) - set(certified)))
    found: dict[int, Standing] = {}
    for user_id in user_ids:
        state, due_on, _user, number = asked.get(user_id, ("", None, user_id, 0))
        if user_id in certified:
            found[user_id] = Standing(CERTIFIED, certified[user_id])
        elif state == HELD:
            mine = known.get((user_id, number))
            found[user_id] = Standing(HELD, mine.until) if mine else Standing(ELSEWHERE)
        elif user_id in present:
            told = state if state in (OVERDUE, WAIVED) else begun.get(user_id, NOT_BEGUN)
            by = due_on if state in (OVERDUE, DUE) else None
            found[user_id] = Standing(told, None, by, ended.get(user_id), user_id in begun)
        elif user_id in ended:
            found[user_id] = Standing("", ended_on=ended[user_id])
    return found


def _certificates(
    viewer: Viewer, subject: Subject, user_ids: Collection[int], as_of: AsOf
) -> tuple[dict[int, date | None], dict[int, date]]:
    """Until when each is certified, and of the others when the last certificate ended; of what the viewer sees."""
    rows = db.session.execute(
        select(Certificate.user_id, Certificate.expires_at)
        .where(
            Certificate.user_id.in_(user_ids),
            subject.is_of(Certificate),
            stands(),
            Certificate.valid_from <= as_of.now,
            seen(viewer, Permission.SEE_PEOPLE, as_of.day),
        )
        .order_by(Certificate.expires_at)
    )
    certified: dict[int, date | None] = {}
    ended: dict[int, date] = {}
    endless: set[int] = set()
    for user_id, expires_at in rows:
        if user_id is None:
            continue
        last = last_day_of(expires_at, as_of.time_zone) if expires_at is not None else None
        if expires_at is not None and last is not None and expires_at <= as_of.now:
            ended[user_id] = last
        else:
            endless |= {user_id} if last is None else set()
            certified[user_id] = None if user_id in endless else last
    return certified, ended


def _assigned(
    viewer: Viewer, subject: Subject, user_ids: Collection[int], as_of: AsOf
) -> dict[int, tuple[str, date, int, int]]:
    """What is assigned to each by a place that the viewer sees, the most urgent of it: state, due day, person, rule."""
    wanted = rules_in_force(as_of, subject.is_of(Assignment))
    here = here_for(viewer, Permission.SEE_PEOPLE, as_of.day)
    rows = assigned_by_place(sorted(user_ids), here, as_of, wanted).subquery("rows").c
    found: dict[int, tuple[str, date, int, int]] = {}
    query = select(rows.state, rows.due_on, rows.user_id, rows.assignment_id).distinct()
    for state, due_on, user_id, number in db.session.execute(query):
        line = (state, due_on, user_id, number)
        found[user_id] = min(found.get(user_id, line), line, key=lambda one: (RANK[one[0]], one[1], one[3]))
    return found


def _enrollments(subject: Subject, user_ids: list[int]) -> dict[int, str]:
    """Who is in it: a course that is not completed, or any course of a certification; or has completed the course."""
    if not user_ids:
        return {}
    wanted: Any = Enrollment.course_id == subject.course_id
    if subject.certification_id is not None:
        courses = next((one.rule.courses for one in current_rules(subject.slug)), ())
        wanted = Enrollment.course_id.in_(select(Course.id).where(Course.slug.in_(courses)))
    latest = func.row_number().over(partition_by=Enrollment.user_id, order_by=Enrollment.cycle.desc())
    rows = (
        select(Enrollment.user_id, Enrollment.completed_at, latest.label("rank"))
        .where(Enrollment.user_id.in_(user_ids), wanted)
        .subquery("rows")
        .c
    )
    found = db.session.execute(select(rows.user_id, rows.completed_at).where(rows.rank == 1))
    is_course = subject.course_id is not None
    return {user_id: COMPLETED if is_course and completed_at else IN_PROGRESS for user_id, completed_at in found}
