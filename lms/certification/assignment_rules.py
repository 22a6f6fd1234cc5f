"""Assignments as rules in a query: those that count at a moment, one that is only tried, and what each assigns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, String, bindparam, func, literal, null, or_, select

from lms.catalog.models import Course
from lms.certification.models import Certification
from lms.clock import local_day
from lms.database import UtcDateTime
from lms.learning.assignment_models import Assignment
from lms.people.models import Agency


@dataclass(frozen=True, slots=True)
class AsOf:
    """The moment of a question, and what day that is in the site's zone."""

    now: datetime
    day: date
    time_zone: str

    @classmethod
    def at(cls, now: datetime, time_zone: str) -> AsOf:
        return cls(now, local_day(now, time_zone), time_zone)

    @classmethod
    def bound(cls) -> AsOf:
        """Parameters in place of the values, for a statement that is made once: it takes the `values` of a moment."""
        parameters: dict[str, Any] = {
            name: bindparam(name, type_=kind)
            for name, kind in (("now", UtcDateTime()), ("day", Date()), ("time_zone", String()))
        }
        return cls(**parameters)

    @property
    def values(self) -> dict[str, Any]:
        return {"now": self.now, "day": self.day, "time_zone": self.time_zone}

    @property
    def zone(self) -> ColumnElement[str]:
        """The site's zone as a value of a statement."""
        zone: Any = self.time_zone
        return literal(zone) if isinstance(zone, str) else zone


def thing_of(course_id: Any, certification_id: Any) -> Any:
    """One number for what is assigned, so that it can be joined by: even for courses, odd for certifications."""
    return func.coalesce(course_id * 2, certification_id * 2 + 1)


def number_of(course_id: int | None, certification_id: int | None) -> int:
    """The same number in Python."""
    return course_id * 2 if course_id is not None else (certification_id or 0) * 2 + 1


def rules_in_force(as_of: AsOf, *conditions: Any) -> Any:
    """The assignments that count at the moment, with the paths of their agencies."""
    query: Any = (
        select(
            Assignment.id,
            thing_of(Assignment.course_id, Assignment.certification_id).label("thing"),
            Assignment.audience,
            Assignment.discipline,
            Assignment.due_on,
            Assignment.due_days,
            Assignment.starts_on,
            Assignment.agency_id,
            Agency.path,
        )
        .join(Agency, Agency.id == Assignment.agency_id)
        .outerjoin(Course, Course.id == Assignment.course_id)
        .outerjoin(Certification, Certification.id == Assignment.certification_id)
        .where(
            or_(Assignment.ended_at.is_(None), Assignment.ended_at > as_of.now),
            Assignment.starts_on <= as_of.day,
            Course.archived_at.is_(None),
            Certification.archived_at.is_(None),
            *conditions,
        )
    )
    return query


def rule_to_try(thing: int, path: str, discipline: str | None, due_on: date | None, due_days: int, day: date) -> Any:
    """An assignment that is not saved, as a rule that begins on a day; of named people ask only about these."""
    return select(
        literal(0).label("id"),
        literal(thing).label("thing"),
        literal("discipline" if discipline else "everybody").label("audience"),
        (literal(discipline) if discipline else null()).label("discipline"),
        literal(due_on, Date()).label("due_on"),
        literal(due_days).label("due_days"),
        literal(day, Date()).label("starts_on"),
        literal(int(path.strip("/").rpartition("/")[2])).label("agency_id"),
        literal(path).label("path"),
    )
