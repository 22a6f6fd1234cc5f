"""When a course may be taken again for a new certificate: near its end or past it, or when what it teaches changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select

from lms.certification.models import Certificate
from lms.certification.validity import last_day_of
from lms.clock import add_months, local_day
from lms.database import db
from lms.learning.progress import Standing

OPENS_MONTHS = 3
"""So many months before its end a certificate may be renewed."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be done now: `changed` takes again only what changed, `whole` all of it; None: nothing is due.

    `ends_on` is the last valid day of the certificate that is held or was held, `opens_on` the first on which it may be
    renewed.
    """

    kind: Literal["changed", "whole"] | None
    ends_on: date | None = None
    opens_on: date | None = None
    is_after_revocation: bool = False


def offer_of(ends_on: date | None, is_revoked: bool, was_retrained: bool, day: date) -> Offer:
    """The offer to somebody who has completed the course, on a day. Pure.

    After a revocation the whole course may be taken again: what was revoked stays revoked, the new certificate is
    another one. Without an end there is only what changed.
    """
    if is_revoked:
        return Offer("whole", is_after_revocation=True)
    opens_on = add_months(ends_on, -OPENS_MONTHS) if ends_on is not None else None
    if opens_on is not None and day >= opens_on:
        return Offer("whole", ends_on, opens_on)
    return Offer("changed" if was_retrained else None, ends_on, opens_on)


def renewal_offer(user_id: int, standing: Standing, now: datetime, time_zone: str) -> Offer:
    """The offer to a person in a course. One query, none for who has not completed it."""
    if standing.completed_at is None:
        return Offer(None)
    row = db.session.execute(
        select(Certificate.expires_at, Certificate.revoked_at)
        .where(
            Certificate.user_id == user_id,
            Certificate.course_id == standing.course_id,
            Certificate.kind == "course",
            Certificate.superseded_by_id.is_(None),
        )
        .order_by(Certificate.cycle.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return Offer("whole" if standing.was_retrained else None)
    ends_on = None if row.expires_at is None else last_day_of(row.expires_at, time_zone)
    return offer_of(ends_on, row.revoked_at is not None, standing.was_retrained, local_day(now, time_zone))
