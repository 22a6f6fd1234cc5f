"""When a team's certificate stops standing: seats, gaps, and whole days of grace."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from lms.certification.validity import expiry_of
from lms.cohorts.composition import Board, Need, Rules, SeatRule, seats_board
from lms.cohorts.coverage import NEVER, Holding, Sitting, Span, gaps, seat_spans
from lms.cohorts.lapses import Award, grace_end_of

ZONE = "America/Chicago"
DAY = timedelta(days=1)
START = datetime(2028, 1, 3, 18, tzinfo=UTC)
RULES = Rules(courses=("foundations",))
SEATS = [SeatRule(1, "schools"), SeatRule(2, "healthcare")]
SITTINGS = [Sitting(10, 1, START - DAY), Sitting(20, 2, START - DAY)]
AWARD = Award(START, START + 366 * DAY, seat_ids=frozenset({1, 2}))
FOR_GOOD = Holding("foundations", START - DAY, None)


def board_at(now: datetime, *nurse: Holding, sittings: list[Sitting] = SITTINGS, award: Award = AWARD) -> Board:
    held = {10: [FOR_GOOD], 20: list(nurse)}
    return seats_board(RULES, SEATS, sittings, held, now, award=award, time_zone=ZONE)


def until(last: date, since: datetime = START - DAY) -> Holding:
    return Holding("foundations", since, expiry_of(last, ZONE))


@pytest.mark.parametrize(
    ("last", "grace_last"),
    [
        (date(2028, 2, 20), date(2028, 3, 21)),  # over 29 February and the clocks going forward
        (date(2028, 10, 20), date(2028, 11, 19)),  # over the clocks going back
    ],
)
def test_the_days_of_grace_are_whole_days_where_the_clocks_change(last: date, grace_last: date) -> None:
    ends_at = expiry_of(last, ZONE)

    assert ends_at is not None
    assert grace_end_of(ends_at, 30, ZONE) == expiry_of(grace_last, ZONE)


def test_what_a_team_at_risk_needs_it_needs_by_the_last_day_of_grace() -> None:
    board = seats_board(
        RULES,
        SEATS,
        SITTINGS,
        {10: [FOR_GOOD], 20: [until(date(2028, 2, 20))]},
        START + 60 * DAY,
        award=AWARD,
        ready_by=date(2028, 12, 1),
        time_zone=ZONE,
    )

    assert board.needs == (Need("healthcare", 1, date(2028, 3, 21)),)


def test_a_lapse_that_was_healed_in_grace_leaves_nothing_behind() -> None:
    renewed = Holding("foundations", START + 60 * DAY, None)

    board = board_at(START + 100 * DAY, until(date(2028, 2, 20)), renewed)

    assert (board.standing, board.is_earned, board.lapses.ended) == ("certified", False, ())


def test_a_lapse_that_outlasted_its_grace_is_healed_only_by_a_new_award() -> None:
    renewed = Holding("foundations", START + 100 * DAY, None)

    board = board_at(START + 101 * DAY, until(date(2028, 2, 20)), renewed)

    assert (board.standing, board.is_earned) == ("lapsed", True)
    (lapse,) = board.lapses.ended
    assert (lapse.seat_id, lapse.since) == (2, expiry_of(date(2028, 2, 20), ZONE))


def test_the_award_after_a_lapse_stands_on_its_own_days() -> None:
    renewed = Holding("foundations", START + 100 * DAY, None)
    award = Award(START + 100 * DAY, None, seat_ids=frozenset({1, 2}))

    board = board_at(START + 101 * DAY, until(date(2028, 2, 20)), renewed, award=award)

    assert board.standing == "certified"


def test_a_seat_added_after_the_award_is_asked_for_by_the_next_one_only() -> None:
    award = Award(START, None, seat_ids=frozenset({1}))

    board = board_at(START + 200 * DAY, award=award)

    assert (board.standing, board.needs[0].discipline) == ("certified", "healthcare")


def test_a_seat_that_was_removed_still_counts_for_the_certificate_that_names_it() -> None:
    left = [SITTINGS[0], Sitting(20, 2, START - DAY, left_at=START + 5 * DAY)]
    held = {10: [FOR_GOOD], 20: [FOR_GOOD]}

    board = seats_board(RULES, SEATS[:1], left, held, START + 60 * DAY, award=AWARD, time_zone=ZONE)

    assert board.standing == "lapsed"


def test_a_seat_is_certified_while_one_person_holds_every_course_at_once() -> None:
    holdings = {20: [Holding("a", START, START + 10 * DAY), Holding("b", START + 20 * DAY, None)]}

    spans = seat_spans(2, ("a", "b"), SITTINGS, holdings)

    assert spans == []


def test_member_and_alternate_cover_one_another() -> None:
    alternate = Sitting(21, 2, START + 5 * DAY, is_alternate=True)
    holdings = {
        20: [Holding("a", START, START + 10 * DAY)],
        21: [Holding("a", START + 6 * DAY, START + 20 * DAY)],
    }

    spans = seat_spans(2, ("a",), [SITTINGS[1], alternate], holdings)

    assert spans == [Span(START, START + 20 * DAY)]
    assert gaps(spans, START + DAY) == [Span(START + 20 * DAY, NEVER)]
