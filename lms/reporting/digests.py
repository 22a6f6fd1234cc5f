"""The weekly digest of an administrator: how much ends in their agencies and when, and the names of what ends next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, select

from lms.access import Permission, present_users
from lms.certification.models import Certificate
from lms.certification.reminders import MARKS, horizon, is_ending
from lms.certification.validity import last_day_of
from lms.clock import local_day
from lms.database import db
from lms.people.models import User
from lms.people.viewer import Viewer

MOST_NAMES = 30
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

    @property
    def total(self) -> int:
        return self.counts[-1][1]


def load_digest(viewer: Viewer, now: datetime, time_zone: str) -> Digest:
    """What ends in the agencies whose people and figures the viewer may see. Two queries."""
    day = local_day(now, time_zone)
    ends = {days: horizon(now, time_zone, days) for days in COUNTED}
    wanted = (
        is_ending(now, ends[COUNTED[-1]]),
        User.disabled_at.is_(None),
        User.id.in_(present_users(viewer, Permission.SEE_REPORTS, day)),
        User.id.in_(present_users(viewer, Permission.SEE_PEOPLE, day)),
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
    return Digest(tuple(zip(COUNTED, counts, strict=True)), lines)
