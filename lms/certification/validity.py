"""How long a certificate is valid: whole days in the site's zone, so that nobody loses part of their last day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from lms.clock import add_months, local_day, start_of_day

INSTANT = timedelta(microseconds=1)
"""The smallest step that the databases keep."""


def last_valid_day(completed_on: date, valid_months: int | None) -> date | None:
    """The same day so many months later, still valid itself. From 29 February a year on: 28 February."""
    return None if valid_months is None else add_months(completed_on, valid_months)


def expiry_of(valid_until: date | None, time_zone: str) -> datetime | None:
    """The first moment at which it no longer counts: the day after the last valid one begins in the site's zone."""
    if valid_until is None:
        return None
    return end_of_day(valid_until, time_zone)


def end_of_day(day: date, time_zone: str) -> datetime:
    """The first moment after a day in a zone."""
    return start_of_day(date.fromordinal(day.toordinal() + 1), time_zone)


def last_day_of(ends_at: datetime, time_zone: str) -> date:
    """The last day, in a zone, on which something still counted that ends at a moment and excludes it.

    The way back from `expiry_of`, and the only way to print such a moment as a day: printed as it is, it names the
    day after. What ends in the middle of a day counted on that day.
    """
    return local_day(ends_at - INSTANT, time_zone)
