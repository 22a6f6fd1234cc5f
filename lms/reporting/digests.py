"""The weekly digest of an administrator: how much ends in their agencies and when, and the names of what ends next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, select, true

from lms.access import Permission, present_users, within
from lms.certification.assigned import people_here, people_to_ask
from lms.certification.assignment_rules import AsOf
from lms.certification.assignments import DUE, OVERDUE, assigned_by_place
from lms.certification.models import Certificate
from lms.certification.reminders import MARKS, horizon, is_ending
from lms.certification.seeing import seen
from lms.certification.validity import last_day_of
from lms.clock import local_day
from lms.database import db
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership, User
from lms.people.viewer import Viewer

MOST_NAMES = 30
DUE_SOON = timedelta(days=30)
SEEING = (Permission.SEE_REPORTS, Permission.SEE_PEOPLE)
COUNTED = tuple(sorted(mark for mark in MARKS if mark <= 60))
"""Days within which certificates are counted: 7, 30 and 60."""


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One certificate that ends; its subject stays out of the mail."""

    name: str
    ends_on: date


@dataclass(frozen=True, slots=True)
class Digest:
    """How many certificates end within each number of days (each includes the shorter ones), and the next of them."""

    counts: tuple[tuple[int, int], ...]
    lines: tuple[DigestLine, ...]
    overdue: int = 0
    """People with something assigned that is overdue."""
    due_soon: int = 0
    """People with something assigned that is due within 30 days."""
    overdue_lines: tuple[DigestLine, ...] = ()
    """The first of them, with the day on which it was due."""

    @property
    def is_empty(self) -> bool:
        return not (self.total or self.overdue or self.due_soon)

    @property
    def total(self) -> int:
        return self.counts[-1][1]


def load_digest(viewer: Viewer, now: datetime, time_zone: str, *, under: str = "") -> Digest:
    """What ends and what is overdue in the agencies whose people and figures the viewer may see, or in those `under` a
    path. Three queries."""
    day = local_day(now, time_zone)
    ends = {days: horizon(now, time_zone, days) for days in COUNTED}
    wanted = (
        is_ending(now, ends[COUNTED[-1]]),
        User.disabled_at.is_(None),
        User.id.in_(present_users(viewer, Permission.SEE_REPORTS, day)),
        User.id.in_(present_users(viewer, Permission.SEE_PEOPLE, day)),
        *([User.id.in_(_present_under(under, day))] if under else ()),
        seen(viewer, Permission.SEE_REPORTS, day),
        seen(viewer, Permission.SEE_PEOPLE, day),
    )
    within: list[Any] = [func.count(case((Certificate.expires_at <= ends[days], 1))) for days in COUNTED]
    join = (User, User.id == Certificate.user_id)
    counts = db.session.execute(select(*within).select_from(Certificate).join(*join).where(*wanted)).one()
    rows = db.session.execute(
        select(User.name, Certificate.expires_at)
        .select_from(Certificate)
        .join(*join)
        .where(*wanted)
        .order_by(Certificate.expires_at, User.search_text, Certificate.id)
        .limit(MOST_NAMES)
    )
    lines = tuple(DigestLine(name, last_day_of(ends_at, time_zone)) for name, ends_at in rows if ends_at is not None)
    overdue, due_soon, late = _assigned(viewer, AsOf(now, day, time_zone), under)
    return Digest(tuple(zip(COUNTED, counts, strict=True)), lines, overdue, due_soon, late)


def _present_under(path: str, day: date) -> Any:
    places = select(Membership.user_id).join(Agency, Agency.id == Membership.agency_id)
    return places.where(Agency.path.startswith(path, autoescape=True), holds_on(day))


def _assigned(viewer: Viewer, as_of: AsOf, under: str) -> tuple[int, int, tuple[DigestLine, ...]]:
    """How many people are overdue and how many soon due, and the names of who has been overdue longest."""
    wanted = [within(viewer, permission) for permission in SEEING]
    under_path = Agency.path.startswith(under, autoescape=True)
    here = and_(*wanted, under_path, holds_on(as_of.day), User.disabled_at.is_(None))
    people = people_here(here) if under else people_to_ask(viewer, here, *SEEING)
    rows = assigned_by_place(people, here, as_of).cte("rows")
    is_late, is_soon = rows.c.state == OVERDUE, (rows.c.state == DUE) & (rows.c.due_on <= as_of.day + DUE_SOON)
    counts = select(*(func.count(case((one, rows.c.user_id)).distinct()) for one in (is_late, is_soon))).subquery(
        "counts"
    )
    first = func.min(rows.c.due_on)
    names = (
        select(User.id, User.name, User.search_text, first.label("due_on"))
        .join(rows, rows.c.user_id == User.id)
        .where(is_late)
        .group_by(User.id, User.name, User.search_text)
        .order_by(first, User.search_text, User.id)
        .limit(MOST_NAMES)
        .subquery("names")
    )
    # One statement, in which the rows are read twice: among 100,000 people it takes seconds to make them.
    query = (
        select(*counts.c, names.c.name, names.c.due_on)
        .select_from(counts.outerjoin(names, true()))
        .order_by(names.c.due_on, names.c.search_text, names.c.id)
    )
    found = db.session.execute(query).all()
    lines = tuple(DigestLine(row[2], row[3]) for row in found if row[3] is not None)
    return found[0][0], found[0][1], lines
