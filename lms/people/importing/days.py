"""Days as people and spreadsheets write them; pure."""

from __future__ import annotations

import re
from datetime import date, timedelta

from lms.people.names import fold

EXCEL_BEGAN = date(1899, 12, 30)
SERIALS = range(10_000, 80_000)
"""Excel's numbers for days of the years 1927 to 2119."""

YEARS = range(1900, 2200)
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january ene enero", "feb february febrero", "mar march marzo", "apr april abr abril", "may mayo",
            "jun june junio", "jul july julio", "aug august ago agosto", "sep sept september septiembre",
            "oct october octubre", "nov november noviembre", "dec december dic diciembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip


def read_day(text: str) -> date | None:
    """The day that a cell means: ISO, 3/14/2026, 3-14-26, Mar 14, 2026, 14-mar-2026, 14 de marzo de 2026, a number.

    The month comes first, as in the United States, unless that is no month. Raises ValueError for anything else; None
    for an empty cell.
    """
    words = fold(text).replace(",", " ").strip()
    if not words:
        return None
    if re.fullmatch(r"\d{5}(\.\d+)?", words):
        return _from_serial(int(float(words)))
    words = re.sub(r"[t ]\d{1,2}:\d{2}.*$", "", words)
    parts = [part for part in re.split(r"[\s./\-]+", words) if part and part not in ("de", "del", "of", "th")]
    if len(parts) != 3:
        raise ValueError(text)
    return _checked(*_in_order(parts))


def _from_serial(number: int) -> date:
    if number not in SERIALS:
        raise ValueError(number)
    return EXCEL_BEGAN + timedelta(days=number)


def _in_order(parts: list[str]) -> tuple[int, int, int]:
    """Year, month and day out of three parts. Raises ValueError."""
    if parts[0] in MONTHS:
        return _year(parts[2]), MONTHS[parts[0]], int(re.sub(r"(st|nd|rd|th)$", "", parts[1]))
    if parts[1] in MONTHS:
        return _year(parts[2]), MONTHS[parts[1]], int(parts[0])
    if len(parts[0]) == 4:
        return _year(parts[0]), int(parts[1]), int(parts[2])
    first, second = int(parts[0]), int(parts[1])
    return (_year(parts[2]), second, first) if first > 12 else (_year(parts[2]), first, second)


def _year(text: str) -> int:
    number = int(text)
    if len(text) == 2:
        return number + (2000 if number < 70 else 1900)
    return number


def _checked(year: int, month: int, day: int) -> date:
    if year not in YEARS:
        raise ValueError(year)
    return date(year, month, day)
