"""Reminders of what is assigned: 30, 7 and 1 days before it is due, the day after, and every two weeks after that.

Nobody hears of any before they have accepted their invitation: until then the pages that a mail leads to are closed to
them. A person hears once of each training, by the assignment that is due first; a later due day is news, and is told
anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from lms.certification.assignment_rules import AsOf
from lms.certification.assignments import DUE, OVERDUE, assigned
from lms.certification.reminders import SOURCES, Ending, Source
from lms.database import db
from lms.people.invitations import has_account_of_their_own
from lms.people.models import Membership, User
from lms.people.notices import NoticePreferences

NAME = "assignment"

LATE = tuple(-1 - 14 * times for times in range(6))
"""The day after it was due, then every 14 days: six in all."""

MARKS = (30, 7, 1, *LATE)
OPTIONAL_MARKS = frozenset({30})
"""The one that a person may switch off."""

PEOPLE = 500
"""So many people are looked at in one go."""

LONG_AGO = date(1, 1, 1)
"""Nothing told them when it was assigned, so that the first mark speaks to who has fewer days than it, too."""


def assignments_due(now: datetime, time_zone: str, after: int) -> tuple[list[Ending], int | None]:
    """What is due soon or overdue for the next people, by their ids."""
    ids = list(
        db.session.scalars(
            select(Membership.user_id)
            .where(Membership.user_id > after)
            .distinct()
            .order_by(Membership.user_id)
            .limit(PEOPLE)
        )
    )
    return _endings(ids, now, time_zone), ids[-1] if ids else None


def find_assignment_due(user_id: int, part: str, now: datetime, time_zone: str) -> Ending | None:
    """What a mail speaks of, if that is still so: the same training, still not done, with the same due day."""
    return next((one for one in _endings([user_id], now, time_zone) if one.part == part), None)


def _endings(user_ids: Sequence[int], now: datetime, time_zone: str) -> list[Ending]:
    """Of each person and training the assignment that is due first. One query."""
    if not user_ids:
        return []
    as_of = AsOf.at(now, time_zone)
    rows = assigned(user_ids, as_of).subquery("rows")
    wants = NoticePreferences.wants_first_reminder
    query = (
        select(rows.c.user_id, rows.c.thing, rows.c.due_on, wants)
        .join(User, User.id == rows.c.user_id)
        .outerjoin(NoticePreferences, NoticePreferences.user_id == rows.c.user_id)
        .where(
            rows.c.state.in_((DUE, OVERDUE)),
            rows.c.due_on <= as_of.day + timedelta(days=max(MARKS)),
            User.disabled_at.is_(None),
            User.email.is_not(None),
            has_account_of_their_own(),
        )
        .order_by(rows.c.user_id, rows.c.thing, rows.c.due_on, rows.c.assignment_id)
    )
    first: dict[tuple[int, int], Any] = {}
    for row in db.session.execute(query):
        first.setdefault((row[0], row[1]), row)
    return [
        Ending(
            NAME,
            user_id,
            f"{user_id}:{thing}",
            user_id,
            LONG_AGO,
            due_on,
            wants is not False,
            part=f"{thing}:{due_on.isoformat()}",
        )
        for user_id, thing, due_on, wants in first.values()
    ]


SOURCES[NAME] = Source(assignments_due, find_assignment_due, MARKS, OPTIONAL_MARKS)
