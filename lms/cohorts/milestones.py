"""Milestones that records can show by themselves, counted: values in, value out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from lms.cohorts.coverage import Holdings, Sitting

ENOUGH_CROSS_TRAINED = (2, 3)
"""Two thirds of the members (the plan's M3)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many people of how many meet a milestone, and whether that is enough."""

    done: int
    total: int
    is_met: bool
    seats_open: int = 0
    """Seats in which nobody has what one person of each seat must have."""


def tally_all(done: int, total: int) -> Tally:
    """Met when everybody meets it, and there is somebody."""
    return Tally(done, total, is_met=done == total > 0)


def tally_own_discipline(
    sittings: Collection[Sitting],
    disciplines: Mapping[int, str],
    courses: Mapping[str, frozenset[str]],
    holdings: Holdings,
    now: datetime,
) -> Tally:
    """Present people in seats who hold a course for the discipline of their seat, of those for whom there is one.

    `disciplines` is by seat, `courses` by discipline.
    """
    asked = done = 0
    for one in sittings:
        offered = courses.get(disciplines.get(one.seat_id or 0, ""), frozenset())
        if one.left_at is not None or not offered:
            continue
        asked += 1
        done += any(
            held.course in offered and held.valid_from <= now and (held.ends_at is None or now < held.ends_at)
            for held in holdings.get(one.user_id, ())
        )
    return tally_all(done, asked)


def tally_cross_training(sittings: Collection[Sitting], trained: Collection[int], tested: Collection[int]) -> Tally:
    """Two thirds of the present people completed a module, and in each filled seat one passed a quiz, of a discipline
    that is not theirs. `trained` and `tested` are ids of people."""
    present = [one for one in sittings if one.left_at is None]
    done = sum(one.user_id in trained for one in present)
    filled = {one.seat_id for one in present if one.seat_id is not None}
    open_seats = filled - {one.seat_id for one in present if one.user_id in tested}
    share, of = ENOUGH_CROSS_TRAINED
    is_met = bool(present) and done * of >= len(present) * share and not open_seats
    return Tally(done, len(present), is_met, seats_open=len(open_seats))
