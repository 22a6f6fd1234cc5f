"""Whom a staff list shows, in words that can be kept: the one filter of its page, its files and changes to many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from lms.access import Permission, Viewer, require_over, scope, visible_agencies
from lms.catalog.models import Course
from lms.certification.assigned import overdue_among
from lms.certification.assignment_rules import AsOf
from lms.certification.assignments import OVERDUE
from lms.certification.models import Certificate, Certification
from lms.certification.seeing import seen
from lms.certification.standing import is_valid_at
from lms.database import db
from lms.errors import N_, NotFound
from lms.people.finding import RosterFilter, chosen_ids
from lms.people.models import Agency, User
from lms.reporting.measures import is_outlasted

STANDINGS = ("holds", "lacks", "expiring")
EXPIRING_DAYS = 60


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a list shows, in words that can be kept: looked at anew, by the viewer of then, whenever it is asked."""

    search: str = ""
    agency_id: int | None = None
    discipline: str | None = None
    status: str = "current"
    role: str | None = None
    course_slug: str | None = None
    certification_slug: str | None = None
    """In the place of a course."""
    standing: str | None = None
    only: tuple[int, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Choice:
        only = stored.get("only")
        return cls(**{**stored, "only": None if only is None else tuple(only)})


def filter_of(viewer: Viewer, choice: Choice, permission: Permission, as_of: AsOf) -> RosterFilter:
    """The choice as the roster asks it. Raises NotFound for an agency out of the viewer's reach, or no such course."""
    under = None
    if choice.agency_id is not None:
        agency = db.session.get(Agency, choice.agency_id)
        if agency is None:
            raise NotFound(N_("There is nothing here that you may see."))
        require_over(viewer, permission, agency.path)
        under = agency.path
    among = None
    if choice.status == OVERDUE:
        among = overdue_among(viewer, as_of, under=under, discipline=choice.discipline)
    return RosterFilter(
        search=choice.search,
        under=under,
        discipline=choice.discipline,
        status="current" if choice.status == OVERDUE else choice.status,
        role=choice.role,
        standing=_standing(viewer, choice, as_of),
        among=among,
        only=None if choice.only is None else frozenset(choice.only),
        is_everywhere=scope(viewer, permission) is None,
    )


@dataclass(frozen=True, slots=True)
class Subject:
    """The course or certification that a list is about."""

    slug: str
    course_id: int | None
    certification_id: int | None

    def is_of(self, table: Any) -> ColumnElement[bool]:
        """The SQL condition that a certificate or an assignment is of it."""
        is_course = self.course_id is not None
        wanted: ColumnElement[bool] = (
            table.course_id == self.course_id if is_course else table.certification_id == self.certification_id
        )
        kind = "course" if is_course else "certification"
        return and_(wanted, table.kind == kind) if table is Certificate else wanted


def subject_of(choice: Choice) -> Subject | None:
    """What a choice names, if there is such a thing; one query."""
    if choice.certification_slug is not None:
        number = db.session.scalar(select(Certification.id).where(Certification.slug == choice.certification_slug))
        return None if number is None else Subject(choice.certification_slug, None, number)
    if choice.course_slug is not None:
        number = db.session.scalar(select(Course.id).where(Course.slug == choice.course_slug))
        return None if number is None else Subject(choice.course_slug, number, None)
    return None


def _standing(viewer: Viewer, choice: Choice, as_of: AsOf) -> ColumnElement[bool] | None:
    """Who holds, lacks or soon loses a certificate, as far as the viewer's agencies see it."""
    subject = subject_of(choice) if choice.standing in STANDINGS else None
    if subject is None:
        return None
    held = select(Certificate.user_id).where(
        subject.is_of(Certificate),
        Certificate.user_id.is_not(None),
        is_valid_at(as_of.now),
        seen(viewer, Permission.SEE_PEOPLE, as_of.day),
    )
    if choice.standing == "expiring":
        until = as_of.now + timedelta(days=EXPIRING_DAYS)
        outlasted = is_outlasted(
            as_of.now,
            until,
            lambda later: seen(viewer, Permission.SEE_PEOPLE, as_of.day, of=later),
            "course_id" if subject.course_id is not None else "certification_id",
        )
        held = held.where(Certificate.expires_at < until, ~outlasted)
    return User.id.not_in(held) if choice.standing == "lacks" else User.id.in_(held)


def sample_of(viewer: Viewer, choice: Choice, as_of: AsOf, size: int = 10) -> tuple[int, list[tuple[int, str]]]:
    """How many people a choice means whom the viewer manages, and the first of them by name."""
    wanted = filter_of(viewer, choice, Permission.MANAGE_PEOPLE, as_of)
    chosen = chosen_ids(visible_agencies(viewer, Permission.MANAGE_PEOPLE), wanted, day=as_of.day)
    count = db.session.scalar(select(func.count()).select_from(chosen.order_by(None).subquery())) or 0
    names = select(User.id, User.name).where(User.id.in_(chosen.order_by(None))).order_by(User.search_text, User.id)
    return count, [(row.id, row.name) for row in db.session.execute(names.limit(size))]


def ticked(choice: Choice, ids: Iterable[int]) -> Choice:
    return replace(choice, only=tuple(sorted(set(ids))))
