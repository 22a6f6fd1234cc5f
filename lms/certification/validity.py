"""How long a certificate is valid: whole days in the site's zone, so that nobody loses part of their last day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from lms.clock import add_months, local_day, start_of_day


def last_valid_day(completed_on: date, valid_months: int | None) -> date | None:
    """The same day so many months later, still valid itself. From 29 February a year on: 28 February."""
    return None if valid_months is None else add_months(completed_on, valid_months)


def expiry_of(valid_until: date | None, time_zone: str) -> datetime | None:
    """The first moment at which it no longer counts: the day after the last valid one begins in the site's zone."""
    if valid_until is None:
        return None
    return start_of_day(date.fromordinal(valid_until.toordinal() + 1), time_zone)


def last_day_before(expires_at: datetime, time_zone: str) -> date:
    """The last day on which a certificate that expires at this moment still counts: the one printed on it."""
    return local_day(expires_at - timedelta(microseconds=1), time_zone)
