"""What is assigned to whom, until when, and whether it is overdue: the one definition behind every page, list and mail.

The rule, which the pages print:

- An assignment reaches people by the places that they hold today in its agency and below, of its discipline where it
  names one, and only those whom it names where it names people. An archived agency asks nothing of anybody: a place
  there reaches nobody, and is over on the day of the archiving. Somebody is in its reach since the latest of three
  days: when it began, when their unbroken time there began (places that follow each other are one time; of a place that
  was entered here after it had begun, the day of that counts, and of one in an agency that was moved below the
  assigning one, or brought back after a day or more in the archive, the day of that: nobody is late for what they could
  not know of), when they were named.
- It is held while a certificate of the course or certification, or approved training elsewhere that counts as the
  course, is valid; a course that gives no certificate, once it is completed.
- It is due so many days after they came into reach; for who was there when it began, on its fixed day if it has one.
  Who comes later has the same number of days, and never less than until the fixed day. An extension moves that day on.
- A waiver takes it away through its last day; the day after it one comes into reach anew.
- What one held and what lapsed or was revoked is due again: on its last valid day, where that is the later one.
- Overdue: not held, not waived, and the due day is over. What is archived is due to nobody.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, select, true
from sqlalchemy.orm import aliased

from lms.certification.assignment_evidence import with_evidence
from lms.certification.assignment_reach import reach_of
from lms.certification.assignment_rules import AsOf, rules_in_force
from lms.learning.assignment_models import AssignmentException
from lms.learning.portable_sql import EARLIEST, days_after, latest, or_earliest

HELD, WAIVED, OVERDUE, DUE = "held", "waived", "overdue", "due"
PLACE = ("agency_id", "discipline")
STATES = (OVERDUE, DUE, WAIVED, HELD)


def assigned(users: Any, as_of: AsOf, rules: Any = None) -> Select[Any]:
    """A row for each assignment and each of the people whom it reaches today: assignment_id, user_id, thing, since,
    due_on, state, held_until, waived_until, extended_until. `users` are ids, or a subquery of them."""
    rows = assigned_by_place(users, true(), as_of, rules).subquery("by_place")
    return select(*(one for one in rows.c if one.name not in PLACE)).distinct()


def assigned_by_place(users: Any, here: Any, as_of: AsOf, rules: Any = None) -> Select[Any]:
    """The same, once for each place that holds today and is `here` (a condition over a join of Membership, Agency and
    User) and by which the assignment reaches: with agency_id and discipline of the place.

    `users` None asks about everybody. A person of two agencies is overdue, for each of them, only with what that
    agency, or one above it, assigned. Places that are not here count for since when somebody is in reach: an
    administrator sees the due day that the person sees.
    """
    if isinstance(users, Select):  # four parts of the statement ask for them: found once
        users = select(users.cte().c.user_id)
    rule = (rules_in_force(as_of) if rules is None else rules).subquery("rule")
    reach = with_evidence(reach_of(rule, users, here, as_of), users, rule, as_of)
    waiver, extension = (aliased(AssignmentException, name=kind) for kind in ("waiver", "extension"))
    is_over = and_(waiver.id.is_not(None), waiver.until_on < as_of.day)
    since = latest(reach.c.since, case((is_over, days_after(waiver.until_on, literal(1))), else_=EARLIEST))
    kept = ("assignment_id", "user_id", "thing", "due_days", "fixed_on", "starts_on", *PLACE)
    known = (
        select(
            *(reach.c[name] for name in kept),
            since.label("since"),
            case((and_(waiver.id.is_not(None), ~is_over | waiver.until_on.is_(None)), 1), else_=0).label("is_waived"),
            waiver.until_on.label("waived_until"),
            extension.until_on.label("extended_until"),
            func.coalesce(reach.c.is_valid, 0).label("is_held"),
            reach.c.lapsed_on,
            reach.c.held_until,
        )
        .outerjoin(waiver, _holds_for(waiver, reach, "waiver"))
        .outerjoin(extension, _holds_for(extension, reach, "extension"))
        .subquery("known")
    )
    dated = select(*known.c, _due(known.c).label("due_on")).subquery("dated").c
    state = case(
        (dated.is_held == 1, HELD), (dated.is_waived == 1, WAIVED), (dated.due_on < as_of.day, OVERDUE), else_=DUE
    )
    return select(
        *(dated[name] for name in ("assignment_id", "user_id", "thing", "since", "due_on")),
        state.label("state"),
        *(dated[name] for name in ("held_until", "waived_until", "extended_until", *PLACE)),
    )


def _holds_for(exception: Any, reach: Any, kind: str) -> Any:
    return and_(
        exception.assignment_id == reach.c.assignment_id,
        exception.user_id == reach.c.user_id,
        exception.kind == kind,
        exception.ended_at.is_(None),
    )


def _due(known: Any) -> Any:
    counted = days_after(known.since, known.due_days)
    base = case(
        (known.fixed_on.is_(None), counted),
        (known.since <= known.starts_on, known.fixed_on),
        else_=latest(known.fixed_on, counted),
    )
    return latest(base, or_earliest(known.extended_until), or_earliest(known.lapsed_on))


def due_day(due_on: date | None, due_days: int, starts_on: date, since: date) -> date:
    """The due day of who is in reach since a day and holds nothing, as `_due` has it: for examples on a page."""
    counted = date.fromordinal(since.toordinal() + due_days)
    if due_on is None:
        return counted
    return due_on if since <= starts_on else max(due_on, counted)
