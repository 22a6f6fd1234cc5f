"""What people know before a course, after it, and some months later: the same people at both times, never one alone.

Definitions (the page prints them):
- Compared are quizzes of one blueprint in one course, by the modules of its current version: the questions before it
  (`role: pre`) with those after it (`post`) and with its boosters.
- Of each time that somebody took the course the first attempt at each counts; whoever made only one of the two is left
  out. Percents are means, rounded down.
- People count by the places that the report counts (`measures.places_in_scope`).
- Fewer than FEWEST_PEOPLE are not shown: a mean of three people tells too much of each. Of fewer than MANY_PEOPLE the
  percents come in steps of SMALL_GROUP_STEP: whoever asks for two groups that differ by one person, by filters or on
  two days, could else subtract and have that person's result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from lms.assessment.models import Attempt
from lms.catalog.versions import course_of, current_versions
from lms.courseware.course import BOOSTER_DAYS, Course
from lms.database import db
from lms.learning.models import Enrollment
from lms.reporting.inquiry import Inquiry
from lms.reporting.measures import places_in_scope

BEFORE = "pre"
LATER = ("post", *BOOSTER_DAYS)
"""What is compared with the questions before the course, in the order of time."""

FEWEST_PEOPLE = 5

MANY_PEOPLE, SMALL_GROUP_STEP = 20, 5
"""The uncertainty of a difference is about the step times the people: 25 points for 5 people by 5, 20 for 20 by 1."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One course at one later time. The percents are None where too few people can be compared."""

    course_id: int
    role: str
    people: int
    before_percent: int | None = None
    then_percent: int | None = None

    @property
    def change(self) -> int | None:
        """In points of a hundred; what was forgotten is below zero."""
        if self.before_percent is None or self.then_percent is None:
            return None
        return self.then_percent - self.before_percent


def load_comparisons(inquiry: Inquiry) -> list[Comparison]:
    """For each course with questions before it (of the one asked for) each later time at which it has some. One query
    beside the current versions."""
    compared = {
        version.course_id: roles
        for version in current_versions()
        if inquiry.course_id in (None, version.course_id)
        and (roles := compared_modules(course_of(version.version_id, version.content_hash)))
    }
    if not compared:
        return []
    counted = {row.course_id: row for row in db.session.execute(_query(inquiry, compared))}
    found = []
    for course_id, roles in compared.items():
        for role in LATER:
            if role in roles.values():
                found.append(_comparison(course_id, role, counted.get(course_id)))
    return found


def compared_modules(course: Course) -> dict[str, str]:
    """Of a course that asks before it, the modules that are compared, with their roles; empty for others."""
    quizzes = {
        entry.id: module.quiz
        for entry in course.modules
        if (module := course.module(entry.id, course.default_language)) is not None and module.quiz is not None
    }
    blueprint = next((quiz.blueprint for quiz in quizzes.values() if quiz.role == BEFORE), None)
    if blueprint is None:
        return {}
    return {
        module_id: quiz.role
        for module_id, quiz in quizzes.items()
        if quiz.blueprint == blueprint and quiz.role in (BEFORE, *LATER)
    }


def _query(inquiry: Inquiry, compared: Mapping[int, Mapping[str, str]]) -> Any:
    """By course, for each later time: how many people made both, and the sums of their percents."""
    persons = select(places_in_scope(inquiry).subquery("places").c.user_id)
    asked = [
        and_(Enrollment.course_id == course_id, Attempt.module_id.in_(sorted(roles)))
        for course_id, roles in compared.items()
    ]
    percents = {
        role: func.max(case((Attempt.role == role, Attempt.score_percent))).label(_name(role))
        for role in (BEFORE, *LATER)
    }
    each = (
        select(Enrollment.course_id, Enrollment.user_id, *percents.values())
        .join(Attempt, Attempt.enrollment_id == Enrollment.id)
        .where(or_(*asked), Attempt.number == 1, Attempt.score_percent.is_not(None), Enrollment.user_id.in_(persons))
        .where(~Attempt.awaits_marking)  # a part of what was answered is no score
        .group_by(Enrollment.id, Enrollment.course_id, Enrollment.user_id)
        .subquery("each")
    )
    before, sums = each.c[_name(BEFORE)], []
    for role in LATER:
        then = each.c[_name(role)]
        both = and_(before.is_not(None), then.is_not(None))
        sums += [
            func.count(case((both, each.c.user_id)).distinct()).label(f"people_{_name(role)}"),
            func.count(case((both, 1))).label(f"pairs_{_name(role)}"),
            func.sum(case((both, before), else_=0)).label(f"before_{_name(role)}"),
            func.sum(case((both, then), else_=0)).label(f"then_{_name(role)}"),
        ]
    return select(each.c.course_id, *sums).group_by(each.c.course_id)


def _comparison(course_id: int, role: str, row: Any) -> Comparison:
    if row is None:
        return Comparison(course_id, role, 0)
    people, pairs, before, then = (
        int(getattr(row, f"{name}_{_name(role)}")) for name in ("people", "pairs", "before", "then")
    )
    if people < FEWEST_PEOPLE:
        return Comparison(course_id, role, people)
    return Comparison(course_id, role, people, shown_percent(before, pairs, people), shown_percent(then, pairs, people))


def shown_percent(total: int, pairs: int, people: int) -> int:
    """The mean as it is shown, rounded down to the step of the group. The highest step stands for all up to 100: a mean
    of 100 would say of each that all was right. Pure."""
    step = 1 if people >= MANY_PEOPLE else SMALL_GROUP_STEP
    return min(total // (pairs * step) * step, 100 - step)


def _name(role: str) -> str:
    return role.replace("-", "_")
