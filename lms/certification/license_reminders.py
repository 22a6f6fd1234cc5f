"""Reminders that a license of a person expires: 60 and 14 days before, unless it was renewed or ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import aliased

from lms.certification.reminders import PAGE, SOURCES, Ending, Source
from lms.clock import local_day
from lms.database import db
from lms.people.invitations import has_account_of_their_own
from lms.people.models import License, User

LICENSE_MARKS = (60, 14)
"""So many days before; the one of 60 may be switched off, as those of certificates may (`OPTIONAL_MARKS`)."""


def _endings(now: datetime, time_zone: str) -> Any:
    """Licenses that expire within the longest mark. Renewed: a later one of the same board and state is held."""
    day = local_day(now, time_zone)
    later = aliased(License)
    is_renewed = exists().where(
        later.user_id == License.user_id,
        later.board == License.board,
        later.state == License.state,
        later.ended_at.is_(None),
        or_(later.expires_on.is_(None), later.expires_on > License.expires_on),
    )
    return (
        select(License, User.wants_early_reminders)
        .join(User, User.id == License.user_id)
        .where(
            License.ended_at.is_(None),
            License.expires_on >= day,
            License.expires_on <= day + timedelta(days=LICENSE_MARKS[0]),
            ~is_renewed,
            User.disabled_at.is_(None),
            User.email.is_not(None),
            has_account_of_their_own(),
        )
    )


def licenses_ending(now: datetime, time_zone: str, after: int) -> tuple[list[Ending], int | None]:
    """A page of them, by id."""
    query = _endings(now, time_zone).where(License.id > after).order_by(License.id).limit(PAGE)
    found = [_ending(row, time_zone) for row in db.session.execute(query)]
    return found, found[-1].id if found else None


def find_license_ending(license_id: int, part: str, now: datetime, time_zone: str) -> Ending | None:
    """One of them; None once it was renewed or ended, is over, or its holder's account is off."""
    row = db.session.execute(_endings(now, time_zone).where(License.id == license_id)).one_or_none()
    return None if row is None else _ending(row, time_zone)


def _ending(row: Any, time_zone: str) -> Ending:
    license, wants_early = row
    return Ending(
        "license",
        license.id,
        str(license.id),
        license.user_id,
        local_day(license.added_at, time_zone),
        license.expires_on,
        wants_early,
        code=f"{license.state} {license.masked}",
    )


SOURCES["license"] = Source(licenses_ending, find_license_ending, LICENSE_MARKS)
