"""Whether a team's certificate still stands: which of its seats lapsed, since when, and when the grace for it ended.

A lapse within the days of grace costs nothing once the seat is certified again. One that outlasts them ends the
certificate's standing for good: what is certified afterwards counts for the next certificate. Values in, value out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lms.certification.validity import end_of_day, last_day_of
from lms.cohorts.coverage import NEVER, Span, gaps


@dataclass(frozen=True, slots=True)
class Award:
    """A team's certificate: `ends_at` is its expiry or, if earlier, its revocation."""

    awarded_at: datetime
    ends_at: datetime | None
    is_revoked: bool = False
    """A revoked one is not made anew by itself: somebody took it back for a reason."""
    seat_ids: frozenset[int] | None = None
    """The required seats of the day of the award, by which it stands or lapses; None: those that are required now."""


@dataclass(frozen=True, slots=True)
class Lapse:
    """A seat that nobody kept certified: since when, and the first moment after the days of grace for it."""

    seat_id: int
    since: datetime
    grace_ends_at: datetime


@dataclass(frozen=True, slots=True)
class Lapses:
    """What became of an award: the lapses that ended it, and those that will unless something is done."""

    ended: tuple[Lapse, ...] = ()
    """The first that outlasted their grace, all with the same end."""
    running: tuple[Lapse, ...] = ()
    """Still in grace, the one that ends first before the others."""


def find_lapses(
    award: Award,
    seat_ids: Iterable[int],
    spans: Mapping[int, Sequence[Span]],
    now: datetime,
    *,
    grace_days: int,
    time_zone: str,
) -> Lapses:
    """The lapses of the award's seats from its first moment on, as far as its grace ended within its own dates."""
    last = min(now, award.ends_at or NEVER)
    ended: list[Lapse] = []
    running: list[Lapse] = []
    for seat_id in sorted(seat_ids):
        for gap in gaps(spans.get(seat_id, ()), award.awarded_at):
            if gap.start > now:
                continue
            grace_ends_at = grace_end_of(gap.start, grace_days, time_zone)
            if gap.end > grace_ends_at and grace_ends_at <= last:
                ended.append(Lapse(seat_id, gap.start, grace_ends_at))
            elif gap.end > now:
                running.append(Lapse(seat_id, gap.start, grace_ends_at))
    first = min((one.grace_ends_at for one in ended), default=None)
    return Lapses(
        ended=tuple(one for one in ended if one.grace_ends_at == first),
        running=tuple(sorted(running, key=lambda one: one.grace_ends_at)),
    )


def grace_end_of(lapsed_at: datetime, grace_days: int, time_zone: str) -> datetime:
    """The first moment after so many whole days that follow the last certified one, also where the clocks change."""
    return end_of_day(last_day_of(lapsed_at, time_zone) + timedelta(days=grace_days), time_zone)
