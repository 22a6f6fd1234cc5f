"""Clocks that jump, leap days, summer time, and the very instant of an end (faults 19 to 22)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from lms.certification.models import Certificate
from lms.certification.standing import is_valid_at, status_of
from lms.certification.validity import expiry_of, last_day_of, last_valid_day
from lms.clock import local_day
from lms.database import db
from tests.certification.conftest import NOON, Learners

ZONE = "America/Chicago"
END = datetime(2028, 3, 15, 5, tzinfo=UTC)
"""The first moment after the last valid day in Chicago."""

INSTANT = timedelta(microseconds=1)


def counted(learners: Learners, now: datetime) -> int:
    """How many certificates a report counts at a moment."""
    return learners.world.read(lambda: len(db.session.scalars(select(Certificate.id).where(is_valid_at(now))).all()))


def test_a_clock_that_jumps_forth_and_back_leaves_no_certificate_expired(learners: Learners) -> None:
    user, code = learners.certified(now=NOON)
    client = learners.world.client_of(user)
    before = learners.row(code)

    def told(at: datetime) -> str:
        with time_machine.travel(at, tick=False):
            return str(client.get(f"/verify/{code}.json").get_json()["status"])

    assert [told(one) for one in (NOON, END + timedelta(days=1), NOON + timedelta(days=1))] == [
        "valid",
        "expired",
        "valid",
    ]
    after = learners.row(code)
    assert (after.expires_at, after.facts, after.revoked_at) == (before.expires_at, before.facts, None)


def test_a_clock_that_jumps_back_before_the_award_does_not_call_it_expired(learners: Learners) -> None:
    _, code = learners.certified(now=NOON)

    assert status_of(learners.row(code), NOON - timedelta(hours=3)) == "not-yet"


@pytest.mark.parametrize(
    ("completed", "months", "last"),
    [
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 24, date(2030, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2027, 2, 28), 12, date(2028, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
    ],
)
def test_a_leap_day_ends_on_the_last_day_of_a_shorter_february(completed: date, months: int, last: date) -> None:
    assert last_valid_day(completed, months) == last
    end = expiry_of(last, ZONE)
    assert end is not None
    assert last_day_of(end, ZONE) == last


@pytest.mark.parametrize(
    ("last", "end"),
    [
        (date(2027, 3, 13), datetime(2027, 3, 14, 6, tzinfo=UTC)),
        (date(2027, 3, 14), datetime(2027, 3, 15, 5, tzinfo=UTC)),
        (date(2027, 11, 6), datetime(2027, 11, 7, 5, tzinfo=UTC)),
        (date(2027, 11, 7), datetime(2027, 11, 8, 6, tzinfo=UTC)),
    ],
)
def test_where_the_clocks_change_the_end_is_stored_in_utc_and_shown_as_the_local_day(
    learners: Learners, last: date, end: datetime
) -> None:
    _, code = learners.certified()
    learners.change(code, expires_at=expiry_of(last, ZONE))

    stored = learners.row(code).expires_at

    assert stored == end
    assert stored.tzinfo is not None
    assert (last_day_of(stored, ZONE), local_day(stored, ZONE)) == (last, last + timedelta(days=1))


def test_at_the_very_instant_of_its_end_a_certificate_has_ended_on_the_page_and_in_every_count(
    learners: Learners,
) -> None:
    _, code = learners.certified(now=NOON)
    row = learners.row(code)
    assert row.expires_at == END

    assert (status_of(row, END - INSTANT), counted(learners, END - INSTANT)) == ("valid", 1)
    assert (status_of(row, END), counted(learners, END)) == ("expired", 0)
    assert (status_of(row, NOON), counted(learners, NOON)) == ("valid", 1)
    assert (status_of(row, NOON - INSTANT), counted(learners, NOON - INSTANT)) == ("not-yet", 0)
