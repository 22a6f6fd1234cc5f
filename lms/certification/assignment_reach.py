"""Whom each assignment reaches on a day, by which place, and since when."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, and_, case, func, literal, or_, select

from lms.certification.assignment_rules import AsOf
from lms.learning.assignment_models import AssignedPerson
from lms.learning.portable_sql import days_after, is_below, last_day, latest, or_earliest
from lms.people.agency_models import AgencyArrival
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership, User

FOREVER = date(9999, 12, 31)


def reach_of(rule: Any, users: Any, here: Any, as_of: AsOf) -> Any:
    """Whom each rule reaches at a moment, by which place and since when: windows over places that follow each other.

    One pass over the places: joined with themselves they would be looked at again for each of 100,000 people, for no
    database can guess how many a rule reaches.
    """
    spans = _spans(rule, users, here, as_of)
    columns = spans.c
    begins = case((or_(columns.before.is_(None), columns.before < columns.began_on), columns.counted_on))
    begun = select(*columns, begins.label("begins")).subquery("begun").c
    began = func.max(begun.begins).over(partition_by=(begun.assignment_id, begun.user_id)).label("began")
    timed = select(*begun, began).subquery("timed").c
    since = latest(timed.starts_on, or_earliest(timed.added_on), timed.began).label("since")
    return select(*timed, since).where(timed.is_here > 0).subquery("timed_reach")


def _spans(rule: Any, users: Any, here: Any, as_of: AsOf) -> Any:
    """Present and past places in the reach of each rule, each with the latest end of those that began before it.

    A place lies there from the day on which its agency came there and, of an archived agency, to the day of that. One
    that had ended before comes too late to be followed by another, and changes nothing.
    """
    archived_on = case(
        (Agency.archived_at <= as_of.now, days_after(last_day(Agency.archived_at, as_of.zone), literal(1)))
    )
    until = func.coalesce(_earlier(Membership.ended_on, archived_on), FOREVER, type_=Date())
    began = latest(Membership.started_on, or_earliest(AgencyArrival.since_on))
    before = func.max(until).over(
        partition_by=(rule.c.id, Membership.user_id),
        order_by=(began, Membership.id),
        rows=(None, -1),
    )
    named = and_(AssignedPerson.assignment_id == rule.c.id, AssignedPerson.user_id == Membership.user_id)
    reaches = and_(
        is_below(Agency.path, rule.c.path),
        or_(rule.c.discipline.is_(None), rule.c.discipline == Membership.discipline),
    )
    arrived = and_(AgencyArrival.agency_id == Membership.agency_id, AgencyArrival.above_id == rule.c.agency_id)
    is_in_use = or_(Agency.archived_at.is_(None), Agency.archived_at > as_of.now)
    return (
        select(
            rule.c.id.label("assignment_id"),
            Membership.user_id,
            Membership.agency_id,
            Membership.discipline,
            rule.c.thing,
            rule.c.due_days,
            rule.c.due_on.label("fixed_on"),
            rule.c.starts_on,
            AssignedPerson.added_on,
            began.label("began_on"),
            latest(began, or_earliest(Membership.recorded_on)).label("counted_on"),
            before.label("before"),
            case((and_(holds_on(as_of.day), is_in_use, here), 1), else_=0).label("is_here"),
        )
        .select_from(Membership)
        .join(Agency, Agency.id == Membership.agency_id)
        .join(User, User.id == Membership.user_id)
        .join(rule, reaches)
        .outerjoin(AssignedPerson, named)
        .outerjoin(AgencyArrival, arrived)
        .where(
            Membership.started_on <= as_of.day,
            *([] if users is None else [Membership.user_id.in_(users)]),
            or_(rule.c.audience != "people", AssignedPerson.id.is_not(None)),
        )
        .subquery("spans")
    )


def _earlier(one: Any, other: Any) -> Any:
    """The earlier of two days, either of which may be missing."""
    return case((one.is_(None), other), (other.is_(None), one), (other < one, other), else_=one)
