"""Which seats of a team are filled and certified at a moment, and where the team stands: values in, value out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Standing = Literal["forming", "ready", "certified", "at-risk", "lapsed"]
SeatState = Literal["certified", "in-training", "lapsed", "empty"]

NEVER = datetime.max.replace(tzinfo=UTC)
"""Stands for "does not end", so that ends can be compared."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a team asks: courses of every seat, so many people, milestones, and how long a lapse is borne."""

    courses: tuple[str, ...]
    min_size: int = 1
    max_size: int = 15
    grace_days: int = 30
    valid_months: int = 12
    milestones: tuple[str, ...] = ()
    """Keys of the milestones without which no team certificate is issued."""
    renewed_milestones: tuple[str, ...] = ()
    """Those of them that each later certificate asks to be met anew."""


@dataclass(frozen=True, slots=True)
class SeatRule:
    id: int
    discipline: str
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Sitting:
    """A person's time in a seat (None: waiting for one). `left_at` None: still there."""

    user_id: int
    seat_id: int | None
    joined_at: datetime
    left_at: datetime | None = None
    is_alternate: bool = False


@dataclass(frozen=True, slots=True)
class Holding:
    """A certificate of a course: from when and until when (None: for good). A revoked one ends when it was revoked."""

    course: str
    valid_from: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class MilestoneFact:
    """`met_on` is the attested day; `is_derived` ones are met while every seated person holds the courses."""

    key: str
    met_on: date | None = None
    is_derived: bool = False


@dataclass(frozen=True, slots=True)
class Award:
    """The team's latest certificate: `ends_at` is its expiry or, if earlier, its revocation."""

    awarded_at: datetime
    ends_at: datetime | None
    is_revoked: bool = False
    """A revoked one is not made anew by itself: somebody took it back for a reason."""


@dataclass(frozen=True, slots=True)
class PersonState:
    """One current member: what they still miss, and until when they hold all that is asked."""

    user_id: int
    seat_id: int | None
    is_alternate: bool
    missing: tuple[str, ...]
    expires_at: datetime | None

    @property
    def is_certified(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class SeatBoard:
    """One seat now. `expires_at` is when it stops being certified unless something is renewed (None: never)."""

    seat: SeatRule
    state: SeatState
    people: tuple[PersonState, ...]
    expires_at: datetime | None = None
    lapsed_at: datetime | None = None

    @property
    def is_filled(self) -> bool:
        return bool(self.people)

    @property
    def is_certified(self) -> bool:
        return self.state == "certified"


@dataclass(frozen=True, slots=True)
class Need:
    """What the team still needs: so many people of a discipline who hold the courses, by a day."""

    discipline: str
    count: int
    by: date | None


@dataclass(frozen=True, slots=True)
class Board:
    """Everything that a team's page says about its seats."""

    seats: tuple[SeatBoard, ...]
    unplaced: tuple[PersonState, ...]
    size: int
    people_short: int
    needs: tuple[Need, ...]
    met_milestones: tuple[str, ...]
    """Of all milestones, asked for or not."""
    unmet_milestones: tuple[str, ...]
    """Those that hold a team certificate back."""
    standing: Standing
    grace_ends_at: datetime | None
    is_earned: bool
    """Whether a team certificate is due: the rule is met and none holds."""

    @property
    def required(self) -> tuple[SeatBoard, ...]:
        return tuple(one for one in self.seats if one.seat.is_required)

    @property
    def certified_count(self) -> int:
        return sum(one.is_certified for one in self.required)


Holdings = Mapping[int, Sequence[Holding]]


def seats_board(
    rules: Rules,
    seats: Sequence[SeatRule],
    sittings: Sequence[Sitting],
    holdings: Holdings,
    now: datetime,
    *,
    milestones: Iterable[MilestoneFact] = (),
    award: Award | None = None,
    ready_by: date | None = None,
) -> Board:
    """The board at `now`. A seat is certified while its member or its alternate holds every course asked for."""
    present = [one for one in sittings if one.left_at is None]
    people = [person_state(one, rules.courses, holdings.get(one.user_id, ()), now) for one in present]
    boards = tuple(_seat_board(seat, rules.courses, people, sittings, holdings, now) for seat in seats)
    required = [one for one in boards if one.seat.is_required]
    people_short = max(0, rules.min_size - len(present))
    is_ready = people_short == 0 and all(one.is_certified for one in required)
    facts = list(milestones)
    unmet = unmet_milestones(rules, facts, people, award)
    standing, grace_ends_at = _standing(rules, required, is_ready, award, now)
    is_barred = award is not None and (award.is_revoked or _after(award.ends_at, now))
    return Board(
        seats=boards,
        unplaced=tuple(one for one in people if one.seat_id is None),
        size=len(present),
        people_short=people_short,
        needs=_needs(required, ready_by),
        met_milestones=tuple(one.key for one in facts if _is_met(one, people)),
        unmet_milestones=unmet,
        standing=standing,
        grace_ends_at=grace_ends_at,
        is_earned=is_ready and not unmet and not is_barred,
    )


def person_state(sitting: Sitting, courses: Sequence[str], holdings: Sequence[Holding], now: datetime) -> PersonState:
    """What one person still misses at `now`, and until when they hold all of it."""
    ends = {course: latest_end(course, holdings, now) for course in courses}
    missing = tuple(course for course, end in ends.items() if end is None or end <= now)
    first_end = min((end for end in ends.values() if end is not None), default=NEVER)
    expires_at = None if missing or first_end == NEVER else first_end
    return PersonState(sitting.user_id, sitting.seat_id, sitting.is_alternate, missing, expires_at)


def latest_end(course: str, holdings: Sequence[Holding], before: datetime) -> datetime | None:
    """The latest end among certificates of a course that had begun by a moment; None: there is none."""
    return max(
        (one.ends_at or NEVER for one in holdings if one.course == course and one.valid_from <= before), default=None
    )


def covered_until(
    sitting: Sitting, courses: Sequence[str], holdings: Sequence[Holding], now: datetime
) -> datetime | None:
    """Until when this sitting kept its seat certified; None if it never did."""
    last = now if sitting.left_at is None else min(sitting.left_at, now)
    ends = [latest_end(course, holdings, last) for course in courses]
    if any(end is None for end in ends):
        return None
    until = min([end for end in ends if end is not None] + [sitting.left_at or NEVER])
    return until if until > sitting.joined_at else None


def _seat_board(
    seat: SeatRule,
    courses: Sequence[str],
    people: Sequence[PersonState],
    sittings: Sequence[Sitting],
    holdings: Holdings,
    now: datetime,
) -> SeatBoard:
    here = tuple(sorted((one for one in people if one.seat_id == seat.id), key=lambda one: one.is_alternate))
    certified = [one.expires_at or NEVER for one in here if one.is_certified]
    if certified:
        last = max(certified)
        return SeatBoard(seat, "certified", here, expires_at=None if last == NEVER else last)
    ends = [
        covered_until(one, courses, holdings.get(one.user_id, ()), now) for one in sittings if one.seat_id == seat.id
    ]
    lapsed_at = max((end for end in ends if end is not None), default=None)
    state: SeatState = "empty" if not here else ("lapsed" if lapsed_at is not None else "in-training")
    return SeatBoard(seat, state, here, lapsed_at=lapsed_at)


def unmet_milestones(
    rules: Rules, milestones: Iterable[MilestoneFact], people: Collection[PersonState], award: Award | None
) -> tuple[str, ...]:
    """Keys of the asked-for milestones that are not met; after an award some must be met anew."""
    met = {one.key: one for one in milestones if _is_met(one, people)}
    return tuple(key for key in rules.milestones if key not in met or _is_stale(met[key], rules, award))


def _is_met(fact: MilestoneFact, people: Collection[PersonState]) -> bool:
    if not fact.is_derived:
        return fact.met_on is not None
    seated = [one for one in people if one.seat_id is not None]
    return bool(seated) and all(one.is_certified for one in seated)


def _is_stale(fact: MilestoneFact, rules: Rules, award: Award | None) -> bool:
    """Met before the last award, where the next one asks for it anew."""
    if award is None or fact.met_on is None or fact.key not in rules.renewed_milestones:
        return False
    return fact.met_on <= award.awarded_at.date()


def _standing(
    rules: Rules, required: Sequence[SeatBoard], is_ready: bool, award: Award | None, now: datetime
) -> tuple[Standing, datetime | None]:
    """Where the team stands, and for one at risk when its grace ends."""
    if award is None:
        return ("ready" if is_ready else "forming"), None
    if not _after(award.ends_at, now):
        return "lapsed", None
    lapses = [one.lapsed_at or award.awarded_at for one in required if not one.is_certified]
    if not lapses:
        return "certified", None
    grace_ends_at = min(lapses) + timedelta(days=rules.grace_days)
    return ("at-risk", grace_ends_at) if now < grace_ends_at else ("lapsed", None)


def _needs(required: Sequence[SeatBoard], ready_by: date | None) -> tuple[Need, ...]:
    counts: dict[str, int] = {}
    for one in required:
        if not one.is_certified:
            counts[one.seat.discipline] = counts.get(one.seat.discipline, 0) + 1
    return tuple(Need(discipline, count, ready_by) for discipline, count in counts.items())


def _after(end: datetime | None, now: datetime) -> bool:
    return end is None or now < end
