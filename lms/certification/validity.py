"""How long a certificate is valid: whole days in the site's zone, so that nobody loses part of their last day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from lms.clock import add_months, local_day, start_of_day

OPENS_MONTHS = 3
"""So many months before its end a course's certificate may be renewed, though not in the first half of its time."""

INSTANT = timedelta(microseconds=1)
"""The smallest step that the databases keep."""


def last_valid_day(completed_on: date, valid_months: int | None) -> date | None:
    """The same day so many months later, still valid itself. From 29 February a year on: 28 February."""
    return None if valid_months is None else add_months(completed_on, valid_months)


def renewal_opens_on(begins_on: date | None, ends_on: date) -> date:
    """The first day on which a certificate from `begins_on` to `ends_on` may be renewed."""
    opens_on = add_months(ends_on, -OPENS_MONTHS)
    return opens_on if begins_on is None else max(opens_on, begins_on + (ends_on - begins_on) / 2)


def renewed_until(day: date, valid_months: int | None, begins_on: date, ends_on: date | None) -> date | None:
    """The last valid day of what is earned on `day` by taking all of it again.

    Within the days of renewal it counts from the old end, so that nobody loses days by being early; before them (a
    certification may ask for it then) and after the end it counts from the day itself.
    """
    is_in_time = ends_on is not None and renewal_opens_on(begins_on, ends_on) <= day <= ends_on
    return last_valid_day(ends_on if is_in_time and ends_on is not None else day, valid_months)


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
