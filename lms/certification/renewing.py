"""When a course may be taken again: near its certificate's end or past it, when what it teaches changed, or when a
certification asks for it anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select

from lms.certification.certifying import current_rules, standings_of
from lms.certification.models import Certificate
from lms.certification.validity import last_day_of, renewal_opens_on
from lms.clock import local_day
from lms.database import db
from lms.learning.progress import Standing

MENDED_BY_A_COURSE = ("course", "score", "too-old", "not-valid", "cross-training")
"""What a certification may lack and a course, taken again, can bring."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be done now: `changed` takes again only what changed, `whole` all of it; None: nothing is due.

    `ends_on` is the last valid day of the certificate that is held or was held, `opens_on` the first on which it may be
    renewed. `counts_from_end`: what is earned now counts from the old end (`validity.renewed_until`), and not from its
    own day.
    """

    kind: Literal["changed", "whole"] | None
    ends_on: date | None = None
    opens_on: date | None = None
    is_after_revocation: bool = False
    counts_from_end: bool = False


def offer_of(
    ends_on: date | None, is_revoked: bool, was_retrained: bool, day: date, begins_on: date | None = None
) -> Offer:
    """The offer to somebody who has completed the course (on `begins_on`), on a day. Pure.

    After a revocation the whole course may be taken again: what was revoked stays revoked, the new certificate is
    another one. Without an end there is only what changed.
    """
    if is_revoked:
        return Offer("whole", is_after_revocation=True)
    opens_on = renewal_opens_on(begins_on, ends_on) if ends_on is not None else None
    if ends_on is not None and opens_on is not None and day >= opens_on:
        return Offer("whole", ends_on, opens_on, counts_from_end=day <= ends_on)
    return Offer("changed" if was_retrained else None, ends_on, opens_on)


def renewal_offer(user_id: int, standing: Standing, now: datetime, time_zone: str) -> Offer:
    """The offer to a person in a course. Two queries, none for who has not completed it, and those of a certification's
    standing where one names the course.

    A certification that ends before the course's certificate does, or wants a higher score, is a reason as well: else
    there would be no way to what it lacks.
    """
    if standing.completed_at is None:
        return Offer(None)
    row = db.session.execute(
        select(Certificate.expires_at, Certificate.revoked_at, Certificate.completed_on)
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
    is_revoked, day = row.revoked_at is not None, local_day(now, time_zone)
    offer = offer_of(ends_on, is_revoked, standing.was_retrained, day, row.completed_on)
    is_open = offer.kind is None and not is_revoked
    if is_open and _is_asked_by_a_certification(user_id, standing, now, time_zone):
        return replace(offer, kind="whole")
    return offer


def _is_asked_by_a_certification(user_id: int, standing: Standing, now: datetime, time_zone: str) -> bool:
    """Whether a certification lacks nothing for this person but courses, this completed one among them."""
    rules = [one for one in current_rules() if standing.slug in one.rule.courses]
    if not rules:
        return False
    lacks = [one.decision.lacks for one in standings_of([user_id], rules, now, time_zone)]
    return any(
        all(one.reason in MENDED_BY_A_COURSE for one in each) and any(standing.slug in one.courses for one in each)
        for each in lacks
    )
