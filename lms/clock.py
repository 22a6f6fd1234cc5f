"""The one clock: every moment the program notes down comes from here, so that tests can travel in time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def local_day(moment: datetime, zone: str) -> date:
    """The calendar day of an aware moment in the zone named `zone` (IANA, e.g. America/Chicago)."""
    return moment.astimezone(ZoneInfo(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """The first moment of a calendar day in a zone, in UTC; right on days when the clocks change."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """The same day so many months later; where that month is shorter, its last day (29 February + 12 → 28 February)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (first_of_next - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
