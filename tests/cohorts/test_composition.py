"""The board of a team as a pure rule: seats, needs, standing, grace."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lms.cohorts.composition import Board, MilestoneFact, Need, Rules, SeatRule, seats_board
from lms.cohorts.coverage import Holding, Sitting
from lms.cohorts.lapses import Award

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = Rules(courses=("foundations",), min_size=2)
SEATS = [SeatRule(1, "schools"), SeatRule(2, "healthcare"), SeatRule(3, "housing", is_required=False)]
TEACHER = Sitting(10, 1, NOW - 100 * DAY)
NURSE = Sitting(20, 2, NOW - 100 * DAY)
RANK = {"forming": 0, "lapsed": 0, "at-risk": 1, "ready": 2, "certified": 2}


def held(until: timedelta | None = 300 * DAY, since: timedelta = 90 * DAY) -> Holding:
    return Holding("foundations", NOW - since, None if until is None else NOW + until)


def test_an_empty_team_needs_one_person_for_each_required_seat() -> None:
    board = seats_board(RULES, SEATS, [], {}, NOW, ready_by=date(2026, 3, 31))

    assert board.standing == "forming"
    assert board.needs == (Need("schools", 1, date(2026, 3, 31)), Need("healthcare", 1, date(2026, 3, 31)))
    assert [one.state for one in board.seats] == ["empty", "empty", "empty"]


def test_a_certificate_fills_the_last_seat_and_the_team_is_ready() -> None:
    before = seats_board(RULES, SEATS, [TEACHER, NURSE], {10: [held()]}, NOW)
    after = seats_board(RULES, SEATS, [TEACHER, NURSE], {10: [held()], 20: [held()]}, NOW)

    assert (before.standing, before.needs, before.seats[1].people[0].missing) == (
        "forming",
        (Need("healthcare", 1, None),),
        ("foundations",),
    )
    assert (after.standing, after.needs, after.is_earned) == ("ready", (), True)
    assert after.seats[1].expires_at == NOW + 300 * DAY


def test_an_alternate_who_holds_the_course_keeps_the_seat_certified() -> None:
    alternate = Sitting(21, 2, NOW - DAY, is_alternate=True)

    board = seats_board(RULES, SEATS, [TEACHER, NURSE, alternate], {10: [held()], 21: [held()]}, NOW)

    assert board.seats[1].is_certified
    assert [one.user_id for one in board.seats[1].people] == [20, 21]


def test_a_team_with_too_few_people_is_not_ready() -> None:
    rules = replace(RULES, min_size=4)

    board = seats_board(rules, SEATS, [TEACHER, NURSE], {10: [held()], 20: [held()]}, NOW)

    assert (board.standing, board.people_short, board.is_earned) == ("forming", 2, False)


def test_a_lapsed_seat_puts_a_certified_team_at_risk_for_the_days_of_grace() -> None:
    award = Award(NOW - 60 * DAY, NOW + 300 * DAY)
    holdings = {10: [held()], 20: [held(until=-10 * DAY)]}

    board = seats_board(RULES, SEATS, [TEACHER, NURSE], holdings, NOW, award=award)
    last_day, after = (
        seats_board(RULES, SEATS, [TEACHER, NURSE], holdings, moment, award=award)
        for moment in (datetime(2026, 3, 21, 23, 59, tzinfo=UTC), datetime(2026, 3, 22, tzinfo=UTC))
    )

    assert (board.standing, board.grace_ends_at) == ("at-risk", datetime(2026, 3, 22, tzinfo=UTC))
    assert board.seats[1].state == "lapsed"
    assert (last_day.standing, after.standing) == ("at-risk", "lapsed")


def test_a_seat_whose_certified_member_left_lapses_on_that_day() -> None:
    award = Award(NOW - 60 * DAY, NOW + 300 * DAY)
    gone = replace(NURSE, left_at=NOW - 5 * DAY)
    successor = Sitting(22, 2, NOW - 4 * DAY)

    board = seats_board(RULES, SEATS, [TEACHER, gone, successor], {10: [held()], 20: [held()]}, NOW, award=award)

    assert board.seats[1].lapsed_at == NOW - 5 * DAY
    assert board.standing == "at-risk"


def test_a_team_whose_certificate_expired_has_lapsed_and_earns_the_next() -> None:
    award = Award(NOW - 365 * DAY, NOW)

    board = seats_board(RULES, SEATS, [TEACHER, NURSE], {10: [held()], 20: [held()]}, NOW, award=award)

    assert (board.standing, board.is_earned) == ("lapsed", True)


def test_milestones_hold_back_the_team_certificate_but_not_readiness() -> None:
    rules = replace(RULES, milestones=("m0", "m1"))
    holdings = {10: [held()], 20: [held()]}
    open_ones = [MilestoneFact("m0"), MilestoneFact("m1", is_derived=True)]
    met = [MilestoneFact("m0", NOW.date()), MilestoneFact("m1", is_derived=True)]

    waiting = seats_board(rules, SEATS, [TEACHER, NURSE], holdings, NOW, milestones=open_ones)
    done = seats_board(rules, SEATS, [TEACHER, NURSE], holdings, NOW, milestones=met)

    assert (waiting.standing, waiting.unmet_milestones, waiting.is_earned) == ("ready", ("m0",), False)
    assert done.is_earned


def test_a_renewal_asks_for_the_exercise_anew() -> None:
    rules = replace(RULES, milestones=("m0", "m6"), renewed_milestones=("m6",))
    award = Award(NOW - 365 * DAY, NOW)
    old = [MilestoneFact("m0", date(2025, 1, 1)), MilestoneFact("m6", date(2025, 1, 1))]

    board = seats_board(rules, SEATS, [TEACHER, NURSE], {10: [held()], 20: [held()]}, NOW, milestones=old, award=award)

    assert board.unmet_milestones == ("m6",)


days = st.integers(-400, 400).map(lambda number: NOW + number * DAY)
holding = st.builds(Holding, st.sampled_from(["foundations", "schools"]), days, st.none() | days)
sitting = st.builds(Sitting, st.integers(1, 4), st.none() | st.integers(1, 3), days, st.none() | days, st.booleans())
award = st.none() | st.builds(Award, st.integers(-400, 0).map(lambda number: NOW + number * DAY), st.none() | days)


@given(
    st.lists(sitting, max_size=6),
    st.dictionaries(st.integers(1, 4), st.lists(holding, max_size=4)),
    holding,
    st.integers(1, 4),
    award,
    st.booleans(),
)
def test_a_further_certificate_never_makes_a_team_less_ready(
    sittings: list[Sitting],
    holdings: dict[int, list[Holding]],
    extra: Holding,
    user_id: int,
    last: Award | None,
    asks_two: bool,
) -> None:
    rules = Rules(courses=("foundations", "schools") if asks_two else ("foundations",))
    more = {**holdings, user_id: [*holdings.get(user_id, []), extra]}

    before = seats_board(rules, SEATS, sittings, holdings, NOW, award=last)
    after = seats_board(rules, SEATS, sittings, more, NOW, award=last)

    assert RANK[after.standing] >= RANK[before.standing]
    assert after.certified_count >= before.certified_count
    assert (after.is_earned or RANK[after.standing] > RANK[before.standing]) >= before.is_earned
    assert sum(one.count for one in after.needs) <= sum(one.count for one in before.needs)


@given(st.lists(sitting, max_size=6), st.dictionaries(st.integers(1, 4), st.lists(holding, max_size=4)), award)
def test_every_required_seat_is_certified_or_counted_as_a_need(
    sittings: list[Sitting], holdings: dict[int, list[Holding]], last: Award | None
) -> None:
    board: Board = seats_board(RULES, SEATS, sittings, holdings, NOW, award=last)

    assert board.certified_count + sum(one.count for one in board.needs) == len(board.required)
    assert board.is_earned <= (not board.needs)
