"""The measures: who is in scope, certified, about to expire, in progress; one statement, whatever the size.

Definitions (the page prints them):
- A person is in scope by each place (membership) that holds on the day, in an agency of the viewer, and while the
  account is not disabled. A person with two places counts in each cell, and once in every total.
- Certified: holds at least one valid certificate of a course (half open, see certification.standing) that the
  viewer's agencies see (certification.seeing). Expiring: holds a valid one that ends within 60 days, with no other one
  of the same course beyond that.
- In progress: enrolled and not completed. Idle: in progress, and nothing opened for 30 days or more.
- Overdue: something assigned is overdue (see certification.assignments). A place counts only what reaches the person by
  that place; a total counts whoever is overdue in any of its places, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import CTE, and_, case, func, literal, null, or_, select, tuple_, union_all
from sqlalchemy.orm import aliased

from lms.access import Permission, within
from lms.certification.assigned import people_here, people_to_ask
from lms.certification.assignment_rules import AsOf, rules_in_force
from lms.certification.assignments import OVERDUE, assigned_by_place
from lms.certification.models import Certificate
from lms.certification.seeing import seen
from lms.certification.standing import is_valid_at
from lms.database import db
from lms.learning.assignment_models import Assignment
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership, User
from lms.reporting.inquiry import Inquiry, find_agency

AGENCIES_PER_PAGE = 50

Part = Literal["cell", "agency", "discipline", "total"]
PARTS: dict[tuple[int, int], Part] = {(0, 0): "cell", (0, 1): "agency", (1, 0): "discipline", (2, 0): "total"}
"""Sections of the table by (section, rank): cells and totals of each agency, then by discipline, then the total."""

COUNTS = ("is_certified", "is_expiring", "is_in_progress", "is_idle", "is_overdue")


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers of people, each counted once."""

    people: int = 0
    certified: int = 0
    expiring: int = 0
    in_progress: int = 0
    idle: int = 0
    overdue: int = 0

    @property
    def share_percent(self) -> int:
        """Certified of all, 0-100, rounded down: 79.9 is not 80."""
        return self.certified * 100 // self.people if self.people else 0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Agency is None in totals over agencies, discipline None in totals over disciplines."""

    part: Part
    agency_id: int | None
    agency_name: str | None
    discipline: str | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Overview:
    """A page of agencies with the totals of all that was asked for; `next_agency_id` continues after it."""

    rows: tuple[Row, ...]
    disciplines: tuple[Row, ...]
    total: Figures
    next_agency_id: int | None = None


def load_overview(inquiry: Inquiry, *, after_agency_id: int | None = None, size: int = AGENCIES_PER_PAGE) -> Overview:
    """One page of the table, with the totals of the whole. Raises NotFound for a foreign `after_agency_id`."""
    if after_agency_id is not None:
        find_agency(inquiry.viewer, after_agency_id)
    found = list(_read(overview_query(inquiry, after_agency_id, size + 1)))
    agencies = list(dict.fromkeys(row.agency_id for row in found if row.agency_id is not None))
    shown = set(agencies[:size])
    return Overview(
        rows=tuple(row for row in shown_rows(found) if row.agency_id in shown),
        disciplines=tuple(row for row in found if row.part == "discipline"),
        total=next(row.figures for row in found if row.part == "total"),
        next_agency_id=agencies[size - 1] if len(agencies) > size else None,
    )


def stream_rows(inquiry: Inquiry) -> Iterator[Row]:
    """The whole table, every agency, then the totals, read as it is sent."""
    yield from shown_rows(_read(overview_query(inquiry, None, None).execution_options(yield_per=500)))


def shown_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """An agency's own total is left out where it would only repeat its single cell."""
    cells = 0
    for row in rows:
        cells = cells + 1 if row.part == "cell" else cells
        if row.part == "agency" and cells == 1:
            cells = 0
            continue
        if row.part != "cell":
            cells = 0
        yield row


def _read(statement: Any) -> Iterator[Row]:
    for section, rank, agency_id, agency_name, discipline, *numbers in db.session.execute(statement):
        yield Row(PARTS[section, rank], agency_id, agency_name, discipline, Figures(*map(int, numbers)))


def scope_conditions(inquiry: Inquiry, *permissions: Permission) -> list[Any]:
    """What a place must be to count, over a join of Membership, Agency and User: it holds on the day, the account is
    in use, the agency is the viewer's (by every one of the permissions), and the filters let it pass."""
    filters = inquiry.filters
    wanted: list[Any] = [within(inquiry.viewer, permission) for permission in (Permission.SEE_REPORTS, *permissions)]
    wanted += [
        holds_on(inquiry.day),
        User.disabled_at.is_(None),
    ]
    if inquiry.agency_path is not None:
        wanted.append(Agency.path.startswith(inquiry.agency_path, autoescape=True))
    if filters.discipline is not None:
        wanted.append(Membership.discipline == filters.discipline)
    if filters.county_fips is not None:
        wanted.append(Agency.county_fips == filters.county_fips)
    return wanted


def places_in_scope(inquiry: Inquiry, *permissions: Permission) -> Any:
    """Every place that counts, with its person, agency and discipline."""
    return (
        select(Membership.user_id, Membership.agency_id, Agency.name.label("agency_name"), Membership.discipline)
        .join(Agency, Agency.id == Membership.agency_id)
        .join(User, User.id == Membership.user_id)
        .where(*scope_conditions(inquiry, *permissions))
        .distinct()
    )


def holds_valid(inquiry: Inquiry) -> Any:
    """The condition of a certificate that counts: a course's (the one asked for), valid at the moment."""
    wanted: list[Any] = [
        Certificate.kind == "course",
        is_valid_at(inquiry.as_of),
        seen(inquiry.viewer, Permission.SEE_REPORTS, inquiry.day),
    ]
    if inquiry.course_id is not None:
        wanted.append(Certificate.course_id == inquiry.course_id)
    return and_(*wanted)


def is_expiring(inquiry: Inquiry) -> Any:
    """The condition of a certificate that ends within the window, and that nothing of the same course outlasts."""
    outlasted = is_outlasted(
        inquiry.as_of,
        inquiry.expiring_until,
        lambda later: seen(inquiry.viewer, Permission.SEE_REPORTS, inquiry.day, of=later),
    )
    return and_(holds_valid(inquiry), Certificate.expires_at < inquiry.expiring_until, ~outlasted)


def is_outlasted(now: datetime, until: datetime, is_seen: Callable[[Any], Any], subject: str = "course_id") -> Any:
    """Whether the same person holds another certificate of the same course (or `subject`) that is still valid then.

    `is_seen` gives the condition that the other one may be known of; it gets the certificate as an alias.
    """
    later = aliased(Certificate)
    return (
        select(later.id)
        .where(
            later.user_id == Certificate.user_id,
            getattr(later, subject) == getattr(Certificate, subject),
            later.kind == subject.removesuffix("_id"),
            later.revoked_at.is_(None),
            later.superseded_by_id.is_(None),
            later.valid_from <= now,
            or_(later.expires_at.is_(None), later.expires_at >= until),
            is_seen(later),
        )
        .exists()
    )


def is_in_progress(inquiry: Inquiry) -> Any:
    """The condition of an enrollment (in the course asked for) that is not completed."""
    wanted: list[Any] = [Enrollment.completed_at.is_(None)]
    if inquiry.course_id is not None:
        wanted.append(Enrollment.course_id == inquiry.course_id)
    return and_(*wanted)


def overdue_rows(inquiry: Inquiry, *permissions: Permission) -> Any:
    """What is overdue (of the course asked for), once for each of the places by which it reaches its person."""
    as_of, here = AsOf(inquiry.as_of, inquiry.day, inquiry.time_zone), and_(*scope_conditions(inquiry, *permissions))
    wanted = [] if inquiry.course_id is None else [Assignment.course_id == inquiry.course_id]
    is_narrowed = inquiry.agency_path or inquiry.filters.discipline or inquiry.filters.county_fips
    seeing = (Permission.SEE_REPORTS, *permissions)
    people = people_here(here) if is_narrowed else people_to_ask(inquiry.viewer, here, *seeing)
    rows = assigned_by_place(people, here, as_of, rules_in_force(as_of, *wanted)).subquery("assigned_here")
    return select(rows).where(rows.c.state == OVERDUE)


def last_active_at() -> Any:
    """The last moment at which something was opened, over a join of enrollments with their progress."""
    return func.max(func.coalesce(ModuleProgress.last_seen_at, Enrollment.enrolled_at))


def people_cte(inquiry: Inquiry) -> CTE:
    """Every place in scope with its person's standing as 0 or 1; joined from the places, so that a small agency
    costs little however many people the whole state has."""
    places = places_in_scope(inquiry).cte("places")
    persons = select(places.c.user_id)
    lasts = or_(Certificate.expires_at.is_(None), Certificate.expires_at >= inquiry.expiring_until)
    held = (
        select(Certificate.user_id, func.max(case((lasts, 1), else_=0)).label("lasts"))
        .where(holds_valid(inquiry), Certificate.user_id.in_(persons))
        .group_by(Certificate.user_id, Certificate.course_id)
        .subquery("held")
    )
    certified = (
        select(held.c.user_id, func.min(held.c.lasts).label("lasts")).group_by(held.c.user_id).subquery("certified")
    )
    progress = (
        select(Enrollment.user_id, last_active_at().label("last_active_at"))
        .outerjoin(ModuleProgress, ModuleProgress.enrollment_id == Enrollment.id)
        .where(is_in_progress(inquiry), Enrollment.user_id.in_(persons))
        .group_by(Enrollment.user_id)
        .subquery("progress")
    )
    late = overdue_rows(inquiry).cte("late_rows")
    keys = ("user_id", "agency_id", "discipline")
    # Looked up and not joined: no database can guess how many are overdue.
    is_overdue = tuple_(*(places.c[key] for key in keys)).in_(select(*(late.c[key] for key in keys)))
    return (
        select(
            places,
            case((certified.c.user_id.is_not(None), 1), else_=0).label("is_certified"),
            case((certified.c.lasts == 0, 1), else_=0).label("is_expiring"),
            case((progress.c.user_id.is_not(None), 1), else_=0).label("is_in_progress"),
            case((progress.c.last_active_at <= inquiry.idle_since, 1), else_=0).label("is_idle"),
            case((is_overdue, 1), else_=0).label("is_overdue"),
        )
        .outerjoin(certified, certified.c.user_id == places.c.user_id)
        .outerjoin(progress, progress.c.user_id == places.c.user_id)
        .cte("people")
    )


def overview_query(inquiry: Inquiry, after_agency_id: int | None, size: int | None) -> Any:
    """Cells, agency totals, discipline totals and the total, in one statement: they are of the same instant."""
    people = people_cte(inquiry)
    columns = people.c
    agency = (columns.agency_id, columns.agency_name)
    page = None if size is None else columns.agency_id.in_(_agency_page(people, after_agency_id, size))
    parts = union_all(
        _counted(people, (0, 0), (*agency, columns.discipline), page),
        _counted(people, (0, 1), (*agency, None), page),
        _counted(people, (1, 0), (None, None, columns.discipline), None),
        _counted(people, (2, 0), (None, None, None), None),
    ).subquery("parts")
    order = (parts.c.section, parts.c.agency_name, parts.c.agency_id, parts.c.rank, parts.c.discipline)
    return select(parts).order_by(*order)


def _counted(people: CTE, place: tuple[int, int], keys: tuple[Any, ...], page: Any) -> Any:
    """People by the given keys, each once in every group."""
    names = ("agency_id", "agency_name", "discipline")
    kept = [column for column in keys if column is not None]
    flags = [func.max(people.c[name]).label(name) for name in COUNTS]
    each = select(people.c.user_id, *flags, *kept).group_by(people.c.user_id, *kept)
    once = (each if page is None else each.where(page)).subquery()
    given = [null().label(name) if column is None else once.c[name] for name, column in zip(names, keys, strict=True)]
    totals = [func.coalesce(func.sum(once.c[name]), 0).label(name) for name in COUNTS]
    counted = select(
        literal(place[0]).label("section"), literal(place[1]).label("rank"), *given, func.count().label("n"), *totals
    ).select_from(once)
    return counted.group_by(*(once.c[column.name] for column in kept)) if kept else counted


def _agency_page(people: CTE, after_agency_id: int | None, size: int) -> Any:
    """Ids of the agencies of one page, by name."""
    agencies = select(people.c.agency_id, people.c.agency_name).distinct().subquery("agencies")
    wanted = select(agencies.c.agency_id).order_by(agencies.c.agency_name, agencies.c.agency_id).limit(size)
    if after_agency_id is None:
        return wanted
    name = select(Agency.name).where(Agency.id == after_agency_id).scalar_subquery()
    return wanted.where(tuple_(agencies.c.agency_name, agencies.c.agency_id) > tuple_(name, after_agency_id))
