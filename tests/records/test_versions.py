"""Which version of a course counted from when to when, out of what was published."""

from __future__ import annotations

from datetime import UTC, datetime

from lms.records.versions import Published, number_at, spans_of


def day(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


FIRST = Published(day(1), 1, "first")


def numbers(*later: Published, completed: int | None = None, opened: int | None = None, pinned: int) -> list[int]:
    spans = spans_of(
        [FIRST, *later],
        enrolled_at=day(5),
        completed_at=day(completed) if completed else None,
        first_opened_at=day(opened) if opened else None,
        pinned_number=pinned,
    )
    return [one.number for one in spans]


def test_a_correction_moves_whoever_has_not_completed() -> None:
    correction = Published(day(10), 2, "correction")

    assert numbers(correction, opened=6, pinned=2) == [1, 2]
    assert numbers(correction, opened=6, completed=9, pinned=1) == [1]


def test_a_revision_moves_only_who_has_not_begun() -> None:
    revision = Published(day(10), 2, "revision")

    assert numbers(revision, opened=11, pinned=2) == [1, 2]
    assert numbers(revision, opened=6, pinned=1) == [1]


def test_going_back_to_an_older_version_is_a_change_too() -> None:
    assert numbers(Published(day(10), 2, "correction"), Published(day(12), 1, "correction"), opened=6, pinned=1) == [
        1,
        2,
        1,
    ]


def test_where_the_publications_do_not_lead_to_the_pinned_version_that_one_is_told() -> None:
    assert numbers(Published(day(10), 2, "correction"), opened=6, pinned=7) == [7]


def test_the_version_at_a_moment_is_the_one_that_counted_then() -> None:
    spans = spans_of(
        [FIRST, Published(day(10), 2, "correction")],
        enrolled_at=day(5),
        completed_at=None,
        first_opened_at=day(6),
        pinned_number=2,
    )

    assert [number_at(spans, day(one)) for one in (4, 6, 10, 20)] == [1, 1, 2, 2]
