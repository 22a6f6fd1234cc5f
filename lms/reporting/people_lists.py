"""The people behind the figures, by name: whose certificate expires, who is in progress; paged by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.orm import aliased

from lms.access import Permission
from lms.certification.models import Certificate
from lms.certification.seeing import seen
from lms.database import UtcDateTime, db
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import Agency, Membership, User
from lms.reporting.inquiry import Inquiry
from lms.reporting.measures import is_expiring, is_in_progress, last_active_at, places_in_scope, scope_conditions

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


@dataclass(frozen=True, slots=True)
class PeopleList:
    """A list that was asked for: `found` selects (id, user_id, course_id, at); names and places come in `named`."""

    inquiry: Inquiry
    found: Any


def persons(inquiry: Inquiry) -> Any:
    """Ids of the people in scope. A name needs the permission to see people beside the one to see figures."""
    return select(places_in_scope(inquiry, Permission.SEE_PEOPLE).subquery("places").c.user_id)


def list_expiring(inquiry: Inquiry) -> PeopleList:
    """Certificates that expire within the window, the next one first."""
    found = select(
        Certificate.id.label("id"),
        Certificate.user_id.label("user_id"),
        Certificate.course_id.label("course_id"),
        Certificate.expires_at.label("at"),
    ).where(
        is_expiring(inquiry),
        seen(inquiry.viewer, Permission.SEE_PEOPLE, inquiry.day),
        Certificate.user_id.in_(persons(inquiry)),
    )
    return PeopleList(inquiry, found)


def list_in_progress(inquiry: Inquiry) -> PeopleList:
    """Enrollments that are not completed, the one that has rested longest first."""
    keys = (Enrollment.id.label("id"), Enrollment.user_id.label("user_id"), Enrollment.course_id.label("course_id"))
    found = (
        select(*keys, last_active_at().label("at"))
        .outerjoin(ModuleProgress, ModuleProgress.enrollment_id == Enrollment.id)
        .where(is_in_progress(inquiry), Enrollment.user_id.in_(persons(inquiry)))
        .group_by(Enrollment.id, Enrollment.user_id, Enrollment.course_id)
    )
    return PeopleList(inquiry, found)


def count_people(people: PeopleList) -> int:
    """How many people a list names, each once."""
    lines = people.found.subquery("lines")
    return db.session.scalar(select(func.count(lines.c.user_id.distinct()))) or 0


def load_page(
    people: PeopleList, *, after: Key | None = None, size: int = PEOPLE_PER_PAGE
) -> tuple[list[PersonLine], Key | None]:
    """One page of a list and the key of the next one, if there is a next one."""
    lines = people.found.subquery("lines")
    page = select(lines).order_by(lines.c.at, lines.c.id).limit(size + 1)
    if after is not None:
        page = page.where(tuple_(lines.c.at, lines.c.id) > tuple_(literal(after[0], UtcDateTime()), after[1]))
    found = [PersonLine(*row) for row in db.session.execute(_named(people.inquiry, page))]
    shown = found[:size]
    return shown, (shown[-1].at, shown[-1].id) if len(found) > size else None


def stream_people(people: PeopleList) -> Iterator[PersonLine]:
    """The whole list, read as it is sent."""
    for row in db.session.execute(_named(people.inquiry, people.found).execution_options(yield_per=500)):
        yield PersonLine(*row)


def _named(inquiry: Inquiry, page: Any) -> Any:
    """The lines with names, and of each person one place in scope: a line says a person once, not once a place."""
    lines = page.subquery("page")
    place = (
        select(Membership.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Membership.user_id == lines.c.user_id, *scope_conditions(inquiry, Permission.SEE_PEOPLE))
        .order_by(Agency.name, Membership.id)
        .limit(1)
        .correlate(lines, User)
        .scalar_subquery()
    )
    held, held_agency = aliased(Membership), aliased(Agency)
    columns = (lines.c.id, lines.c.user_id, User.name, held_agency.id, held_agency.name, held.discipline)
    return (
        select(*columns, lines.c.course_id, lines.c.at)
        .join(User, User.id == lines.c.user_id)
        .join(held, held.id == place)
        .join(held_agency, held_agency.id == held.agency_id)
        .order_by(lines.c.at, lines.c.id)
    )
