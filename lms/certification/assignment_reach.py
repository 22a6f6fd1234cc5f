"""Whom each assignment reaches on a day, by which place, and since when."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, and_, case, func, or_, select

from lms.learning.assignment_models import AssignedPerson
from lms.learning.portable_sql import is_below, latest, or_earliest
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership, User

FOREVER = date(9999, 12, 31)


def reach_of(rule: Any, users: Any, here: Any, day: date) -> Any:
    """Whom each rule reaches on a day by which place, and since when: windows over the places that follow each other.

    One pass over the places: joined with themselves they would be looked at again for each of 100,000 people, for no
    database can guess how many a rule reaches.
    """
    spans = _spans(rule, users, here, day)
    columns = spans.c
    begins = case((or_(columns.before.is_(None), columns.before < columns.began_on), columns.counted_on))
    begun = select(*columns, begins.label("begins")).subquery("begun").c
    began = func.max(begun.begins).over(partition_by=(begun.assignment_id, begun.user_id)).label("began")
    timed = select(*begun, began).subquery("timed").c
    since = latest(timed.starts_on, or_earliest(timed.added_on), timed.began).label("since")
    return select(*timed, since).where(timed.is_here > 0).subquery("timed_reach")


def _spans(rule: Any, users: Any, here: Any, day: date) -> Any:
    """Present and past places in the reach of each rule, each with the latest end of those that began before it."""
    until = func.coalesce(Membership.ended_on, FOREVER, type_=Date())
    before = func.max(until).over(
        partition_by=(rule.c.id, Membership.user_id),
        order_by=(Membership.started_on, Membership.id),
        rows=(None, -1),
    )
    named = and_(AssignedPerson.assignment_id == rule.c.id, AssignedPerson.user_id == Membership.user_id)
    reaches = and_(
        is_below(Agency.path, rule.c.path),
        or_(rule.c.discipline.is_(None), rule.c.discipline == Membership.discipline),
    )
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
            Membership.started_on.label("began_on"),
            latest(Membership.started_on, or_earliest(Membership.recorded_on)).label("counted_on"),
            before.label("before"),
            case((and_(holds_on(day), here), 1), else_=0).label("is_here"),
        )
        .select_from(Membership)
        .join(Agency, Agency.id == Membership.agency_id)
        .join(User, User.id == Membership.user_id)
        .join(rule, reaches)
        .outerjoin(AssignedPerson, named)
        .where(
            Membership.started_on <= day,
            *([] if users is None else [Membership.user_id.in_(users)]),
            or_(rule.c.audience != "people", AssignedPerson.id.is_not(None)),
        )
        .subquery("spans")
    )
