"""The last day of what ends at a moment: the way back from an expiry, in the site's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.certification.validity import expiry_of, last_day_of, last_valid_day

ZONE = "America/Chicago"


@pytest.mark.parametrize(
    ("completed_on", "last"),
    [
        (date(2027, 3, 14), date(2028, 3, 14)),
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2027, 3, 12), date(2028, 3, 12)),  # 23 hours long: the clocks go forward
        (date(2027, 11, 5), date(2028, 11, 5)),  # 25 hours long: the clocks go back
    ],
)
def test_an_expiry_is_printed_as_the_last_valid_day(completed_on: date, last: date) -> None:
    ends_at = expiry_of(last_valid_day(completed_on, 12), ZONE)

    assert ends_at is not None
    assert last_day_of(ends_at, ZONE) == last


def test_what_ends_in_the_middle_of_a_day_counted_on_that_day() -> None:
    assert last_day_of(datetime(2028, 3, 12, 18, tzinfo=UTC), ZONE) == date(2028, 3, 12)


@given(
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    st.sampled_from([ZONE, "UTC", "Pacific/Auckland", "America/St_Johns", "America/Havana"]),
)
def test_every_day_comes_back_from_its_expiry(day: date, zone: str) -> None:
    ends_at = expiry_of(day, zone)

    assert ends_at is not None
    assert last_day_of(ends_at, zone) == day
