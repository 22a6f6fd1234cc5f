"""Days as HR departments write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.people.importing.days import read_day


@pytest.mark.parametrize(
    "text",
    ["2026-03-14", "3/14/2026", "03/14/26", "3-14-2026", "3.14.2026", "Mar 14, 2026", "14-Mar-2026", "March 14th 2026",
     "14 de marzo de 2026", "46095", "46095.0", "2026-03-14 00:00:00", "14/3/2026", "2026/03/14"],
)  # fmt: skip
def test_every_spelling_is_the_same_day(text: str) -> None:
    assert read_day(text) == date(2026, 3, 14)


@pytest.mark.parametrize("text", ["13/13/2026", "soon", "2026", "2/30/2026", "99999", "3/14/1026", "//", "1/2/3/4"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_day(text)


def test_an_empty_cell_is_no_day() -> None:
    assert read_day("  ") is None


@given(st.dates(date(1930, 1, 1), date(2099, 12, 31)))
def test_an_excel_number_and_a_us_date_are_read_back(day: date) -> None:
    assert read_day(str((day - date(1899, 12, 30)) // timedelta(days=1))) == day
    assert read_day(f"{day.month}/{day.day}/{day.year}") == day
    assert read_day(day.isoformat()) == day


@given(st.text(max_size=30))
def test_any_text_is_a_day_or_refused(text: str) -> None:
    with suppress(ValueError, OverflowError):
        assert isinstance(read_day(text), date | None)
