"""Who is overdue with what: the people behind the figure, by name, each training of each person once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select, tuple_

from lms.access import Permission
from lms.database import db
from lms.learning.assignment_models import Assignment
from lms.people.models import Agency, User
from lms.reporting.inquiry import Inquiry
from lms.reporting.measures import overdue_rows

LINES_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class OverdueLine:
    """One person with one training that is overdue. Agency and discipline: a place by which it reaches them; the
    assignment is the one that was due first, where several are of the same training."""

    user_id: int
    name: str
    agency_id: int
    agency_name: str
    discipline: str
    course_id: int | None
    certification_id: int | None
    due_on: date
    assignment_id: int
    thing: int

    @property
    def overdue_since(self) -> date:
        return self.due_on + timedelta(days=1)


Key = tuple[date, int, int]
"""Where a page ends: due day, person, training."""


def find_overdue(inquiry: Inquiry) -> Any:
    """The lines, unnamed. A name needs the permission to see people beside the one to see figures."""
    rows = overdue_rows(inquiry, Permission.SEE_PEOPLE).subquery("late")
    first = func.row_number().over(
        partition_by=(rows.c.user_id, rows.c.thing),
        order_by=(rows.c.due_on, rows.c.assignment_id, rows.c.agency_id, rows.c.discipline),
    )
    ranked = select(rows, first.label("rank")).subquery("ranked")
    return select(ranked).where(ranked.c.rank == 1)


@dataclass(frozen=True, slots=True)
class OverdueCounts:
    """How many people, and how many trainings of theirs."""

    people: int
    lines: int


def count_overdue(inquiry: Inquiry) -> OverdueCounts:
    """How many a list names."""
    lines = find_overdue(inquiry).subquery("lines")
    row = db.session.execute(select(func.count(lines.c.user_id.distinct()), func.count()).select_from(lines)).one()
    return OverdueCounts(*row)


def load_overdue(
    inquiry: Inquiry, *, after: Key | None = None, size: int = LINES_PER_PAGE
) -> tuple[list[OverdueLine], Key | None]:
    """One page, what has been overdue longest first, and the key of the next one, if there is a next one."""
    lines = find_overdue(inquiry).subquery("lines")
    key = (lines.c.due_on, lines.c.user_id, lines.c.thing)
    page = select(lines).order_by(*key).limit(size + 1)
    if after is not None:
        page = page.where(tuple_(*key) > tuple_(*after))
    found = [OverdueLine(*row) for row in db.session.execute(_named(page))]
    shown = found[:size]
    return shown, (shown[-1].due_on, shown[-1].user_id, shown[-1].thing) if len(found) > size else None


def stream_overdue(inquiry: Inquiry) -> Iterator[OverdueLine]:
    """The whole list, read as it is sent."""
    for row in db.session.execute(_named(find_overdue(inquiry)).execution_options(yield_per=500)):
        yield OverdueLine(*row)


def _named(lines: Any) -> Any:
    page = lines.subquery("page").c
    return (
        select(
            page.user_id,
            User.name,
            Agency.id,
            Agency.name,
            page.discipline,
            Assignment.course_id,
            Assignment.certification_id,
            page.due_on,
            page.assignment_id,
            page.thing,
        )
        .join(User, User.id == page.user_id)
        .join(Agency, Agency.id == page.agency_id)
        .join(Assignment, Assignment.id == page.assignment_id)
        .order_by(page.due_on, page.user_id, page.thing)
    )
