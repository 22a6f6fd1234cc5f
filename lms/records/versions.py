"""Which version of a course counted for an enrollment, from when to when: out of what was published. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Published:
    """A version became current. One that is brought back does so a second time."""

    at: datetime
    number: int
    change: str


@dataclass(frozen=True, slots=True)
class Span:
    """A version counted from `since` on; `why` is `enrolled`, or the kind of change that moved the enrollment to it."""

    number: int
    since: datetime
    why: str


def spans_of(
    published: Sequence[Published],
    *,
    enrolled_at: datetime,
    completed_at: datetime | None,
    first_opened_at: datetime | None,
    pinned_number: int,
) -> list[Span]:
    """The versions that an enrollment was pinned to, in order; the rules are those of `apply_new_version`.

    A correction moves everybody who has not completed the course, another change only who has not opened a module.
    Where this does not end at the version that the enrollment is pinned to, that one alone is told: it is what counted.
    """
    in_order = sorted(published, key=lambda one: one.at)
    before = [one for one in in_order if one.at <= enrolled_at]
    number = before[-1].number if before else (in_order[0].number if in_order else pinned_number)
    spans = [Span(number, enrolled_at, "enrolled")]
    for one in in_order:
        if one.at <= enrolled_at or (completed_at is not None and completed_at <= one.at):
            continue
        has_begun = first_opened_at is not None and first_opened_at <= one.at
        if one.number != spans[-1].number and (one.change == "correction" or not has_begun):
            spans.append(Span(one.number, one.at, one.change))
    if spans[-1].number != pinned_number:
        return [Span(pinned_number, enrolled_at, "enrolled")]
    return spans


def number_at(spans: Sequence[Span], moment: datetime) -> int:
    """The version that counted at a moment."""
    return next((one.number for one in reversed(spans) if one.since <= moment), spans[0].number)
