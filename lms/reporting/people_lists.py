"""The people behind the figures, by name: whose certificate expires, who is in progress; paged by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, tuple_

from lms.access import Permission
from lms.certification.models import Certificate
from lms.database import UtcDateTime, db
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import User
from lms.reporting.inquiry import Inquiry
from lms.reporting.measures import is_expiring, is_in_progress, last_active_at, places_in_scope

PEOPLE_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One certificate or enrollment of one person. `at` is the moment that the list is ordered by: when it expires,
    or when the person was last active. `agency_name` and `discipline` are one of the person's places in scope."""

    id: int
    user_id: int
    name: str
    agency_id: int
    agency_name: str
    discipline: str
    course_id: int
    at: datetime


Key = tuple[datetime, int]
"""Where a page ends: the moment and the id of its last line."""


def first_places(inquiry: Inquiry) -> Any:
    """One place for each person in scope: the list says a name once for each certificate, not for each place.

    The list needs the permission to see people beside the one to see figures.
    """
    places = places_in_scope(inquiry).subquery("places")
    named = places_in_scope(inquiry, Permission.SEE_PEOPLE).subquery("named")
    rank = func.row_number().over(
        partition_by=places.c.user_id, order_by=(places.c.agency_name, places.c.agency_id, places.c.discipline)
    )
    ranked = (
        select(places, rank.label("place"))
        .join(
            named,
            (named.c.user_id == places.c.user_id)
            & (named.c.agency_id == places.c.agency_id)
            & (named.c.discipline == places.c.discipline),
        )
        .subquery("ranked")
    )
    return select(ranked).where(ranked.c.place == 1).subquery("first_places")


def expiring_query(inquiry: Inquiry) -> Any:
    """Certificates that expire within the window, the next one first."""
    places = first_places(inquiry)
    return _lines(
        select(
            Certificate.id.label("id"),
            Certificate.user_id.label("user_id"),
            User.name.label("name"),
            places.c.agency_id,
            places.c.agency_name,
            places.c.discipline,
            Certificate.course_id.label("course_id"),
            Certificate.expires_at.label("at"),
        )
        .join(places, places.c.user_id == Certificate.user_id)
        .join(User, User.id == Certificate.user_id)
        .where(is_expiring(inquiry))
    )


def in_progress_query(inquiry: Inquiry) -> Any:
    """Enrollments that are not completed, the one that has rested longest first."""
    places = first_places(inquiry)
    keys = (
        Enrollment.id.label("id"),
        Enrollment.user_id.label("user_id"),
        User.name.label("name"),
        places.c.agency_id,
        places.c.agency_name,
        places.c.discipline,
        Enrollment.course_id.label("course_id"),
    )
    return _lines(
        select(*keys, last_active_at().label("at"))
        .join(places, places.c.user_id == Enrollment.user_id)
        .join(User, User.id == Enrollment.user_id)
        .outerjoin(ModuleProgress, ModuleProgress.enrollment_id == Enrollment.id)
        .where(is_in_progress(inquiry))
        .group_by(*keys)
    )


def load_page(
    query: Any, *, after: Key | None = None, size: int = PEOPLE_PER_PAGE
) -> tuple[list[PersonLine], Key | None]:
    """One page of a list and the key of the next one, if there is a next one."""
    lines = query.selected_columns
    if after is not None:
        query = query.where(tuple_(lines["at"], lines["id"]) > tuple_(literal(after[0], UtcDateTime()), after[1]))
    found = [PersonLine(*row) for row in db.session.execute(query.limit(size + 1))]
    shown = found[:size]
    return shown, (shown[-1].at, shown[-1].id) if len(found) > size else None


def stream_people(query: Any) -> Iterator[PersonLine]:
    """The whole list, read as it is sent."""
    for row in db.session.execute(query.execution_options(yield_per=500)):
        yield PersonLine(*row)


def _lines(found: Any) -> Any:
    lines = found.subquery("lines")
    return select(lines).order_by(lines.c.at, lines.c.id)
