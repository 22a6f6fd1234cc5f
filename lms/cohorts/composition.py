"""Which seats of a team are filled and certified at a moment, and where the team stands: values in, value out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from lms.certification.validity import last_day_of
from lms.clock import local_day
from lms.cohorts.coverage import NEVER, Holding, Holdings, Sitting, Span, seat_spans
from lms.cohorts.lapses import Award, Lapses, find_lapses
from lms.cohorts.milestones import Tally, tally_all

Standing = Literal["forming", "ready", "certified", "at-risk", "lapsed"]
SeatState = Literal["certified", "in-training", "lapsed", "empty"]


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
class MilestoneFact:
    """`met_on` is the attested day. A derived one is met by its tally; without one, while every seated person holds the
    courses."""

    key: str
    met_on: date | None = None
    is_derived: bool = False
    tally: Tally | None = None


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
    tallies: Mapping[str, Tally]
    """Of the derived milestones, by key."""
    standing: Standing
    lapses: Lapses
    """Of the seats of the latest team certificate."""
    is_earned: bool
    """Whether a team certificate is due: the rule is met and none holds."""

    @property
    def grace_ends_at(self) -> datetime | None:
        """For a team at risk: the first moment at which its standing lapses unless something is done."""
        return self.lapses.running[0].grace_ends_at if self.standing == "at-risk" else None

    @property
    def required(self) -> tuple[SeatBoard, ...]:
        return tuple(one for one in self.seats if one.seat.is_required)

    @property
    def certified_count(self) -> int:
        return sum(one.is_certified for one in self.required)


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
    time_zone: str = "UTC",
) -> Board:
    """The board at `now`. A seat is certified while its member or its alternate holds every course asked for.

    `sittings` are all there ever were, in seats that were removed too; `time_zone` is where days of grace begin.
    """
    present = [one for one in sittings if one.left_at is None]
    people = [person_state(one, rules.courses, holdings.get(one.user_id, ()), now) for one in present]
    spans = {
        seat_id: seat_spans(seat_id, rules.courses, sittings, holdings)
        for seat_id in {one.id for one in seats} | ((award and award.seat_ids) or frozenset())
    }
    boards = tuple(_seat_board(seat, people, spans[seat.id], now) for seat in seats)
    required = [one for one in boards if one.seat.is_required]
    people_short = max(0, rules.min_size - len(present))
    is_ready = people_short == 0 and all(one.is_certified for one in required)
    facts = [_counted(one, people) for one in milestones]
    unmet = unmet_milestones(rules, facts, award, time_zone)
    lapses = _lapses(rules, required, spans, award, now, time_zone)
    standing = _standing(is_ready, award, lapses, now)
    is_barred = award is not None and (award.is_revoked or standing in ("certified", "at-risk"))
    return Board(
        seats=boards,
        unplaced=tuple(one for one in people if one.seat_id is None),
        size=len(present),
        people_short=people_short,
        needs=_needs(required, _due_days(standing, lapses, time_zone), ready_by),
        met_milestones=tuple(one.key for one in facts if _is_met(one)),
        unmet_milestones=unmet,
        tallies={one.key: one.tally for one in facts if one.tally is not None},
        standing=standing,
        lapses=lapses,
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


def _seat_board(seat: SeatRule, people: Sequence[PersonState], spans: Sequence[Span], now: datetime) -> SeatBoard:
    here = tuple(sorted((one for one in people if one.seat_id == seat.id), key=lambda one: one.is_alternate))
    certified = [one.expires_at or NEVER for one in here if one.is_certified]
    if certified:
        last = max(certified)
        return SeatBoard(seat, "certified", here, expires_at=None if last == NEVER else last)
    lapsed_at = max((span.end for span in spans if span.end <= now), default=None)
    state: SeatState = "empty" if not here else ("lapsed" if lapsed_at is not None else "in-training")
    return SeatBoard(seat, state, here, lapsed_at=lapsed_at)


def unmet_milestones(
    rules: Rules, milestones: Iterable[MilestoneFact], award: Award | None, time_zone: str
) -> tuple[str, ...]:
    """Keys of the asked-for milestones that are not met; after an award some must be met anew, on a later day."""
    met = {one.key: one for one in milestones if _is_met(one)}
    awarded_on = local_day(award.awarded_at, time_zone) if award is not None else None
    stale = {
        key
        for key in rules.renewed_milestones
        if awarded_on is not None and key in met and (met[key].met_on or date.max) <= awarded_on
    }
    return tuple(key for key in rules.milestones if key not in met or key in stale)


def _counted(fact: MilestoneFact, people: Iterable[PersonState]) -> MilestoneFact:
    """The fact with its tally, where it follows from the courses that every seat is asked for."""
    if not fact.is_derived or fact.tally is not None:
        return fact
    seated = [one for one in people if one.seat_id is not None]
    return replace(fact, tally=tally_all(sum(one.is_certified for one in seated), len(seated)))


def _is_met(fact: MilestoneFact) -> bool:
    return fact.met_on is not None if fact.tally is None else fact.tally.is_met


def _lapses(
    rules: Rules,
    required: Iterable[SeatBoard],
    spans: Mapping[int, Sequence[Span]],
    award: Award | None,
    now: datetime,
    time_zone: str,
) -> Lapses:
    if award is None:
        return Lapses()
    seat_ids = award.seat_ids if award.seat_ids is not None else {one.seat.id for one in required}
    return find_lapses(award, seat_ids, spans, now, grace_days=rules.grace_days, time_zone=time_zone)


def _standing(is_ready: bool, award: Award | None, lapses: Lapses, now: datetime) -> Standing:
    """Where the team stands: by its latest certificate if it has one, else by its seats."""
    if award is None:
        return "ready" if is_ready else "forming"
    if lapses.ended or (award.ends_at is not None and award.ends_at <= now):
        return "lapsed"
    return "at-risk" if lapses.running else "certified"


def _due_days(standing: Standing, lapses: Lapses, time_zone: str) -> dict[int, date]:
    """By seat: the last day of grace, which counts more than the day that the team once set itself."""
    if standing != "at-risk":
        return {}
    return {one.seat_id: last_day_of(one.grace_ends_at, time_zone) for one in lapses.running}


def _needs(required: Sequence[SeatBoard], due_days: Mapping[int, date], ready_by: date | None) -> tuple[Need, ...]:
    counts: dict[tuple[str, date | None], int] = {}
    for one in required:
        if not one.is_certified:
            key = (one.seat.discipline, due_days.get(one.seat.id, ready_by))
            counts[key] = counts.get(key, 0) + 1
    return tuple(Need(discipline, count, by) for (discipline, by), count in counts.items())
