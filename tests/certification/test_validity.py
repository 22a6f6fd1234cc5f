"""The last day of what ends at a moment: the way back from an expiry, in the site's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.certification.validity import expiry_of, last_day_of, last_valid_day, renewal_opens_on, renewed_until

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


@given(
    st.one_of(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from([date(2024, 2, 29), date(2028, 2, 29)])),
    st.integers(1, 60),
    st.integers(-100, 400),
)
def test_nobody_loses_a_day_by_renewing_early_and_nobody_wins_one(begins_on: date, months: int, days: int) -> None:
    ends_on = last_valid_day(begins_on, months)
    assert ends_on is not None
    day = max(begins_on, ends_on + timedelta(days=days))
    opens_on = renewal_opens_on(begins_on, ends_on)

    until = renewed_until(day, months, begins_on, ends_on)

    assert until is not None
    from_its_day = last_valid_day(day, months)
    assert from_its_day is not None
    assert until >= from_its_day
    if opens_on <= day <= ends_on:
        assert until == last_valid_day(ends_on, months), "the same for every day of renewal, the last one included"
    else:
        assert until == from_its_day
    assert opens_on >= begins_on


def test_a_renewal_of_what_ends_on_29_february_ends_on_the_28th_or_29th() -> None:
    begins_on, ends_on = date(2026, 2, 28), date(2028, 2, 29)

    assert renewed_until(date(2028, 1, 5), 24, begins_on, ends_on) == date(2030, 2, 28)
    assert renewed_until(date(2028, 1, 5), 48, begins_on, ends_on) == date(2032, 2, 29)
    assert renewed_until(date(2028, 2, 29), 12, begins_on, ends_on) == date(2029, 2, 28)


def test_a_course_whose_certificates_end_no_more_gives_one_without_an_end() -> None:
    assert renewed_until(date(2028, 1, 5), None, date(2026, 2, 28), date(2028, 2, 28)) is None


def test_after_a_certificate_without_an_end_the_next_one_counts_from_its_day() -> None:
    assert renewed_until(date(2028, 1, 5), 12, date(2026, 2, 28), None) == date(2029, 1, 5)
