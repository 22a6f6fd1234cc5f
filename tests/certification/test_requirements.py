"""The decision behind every certification: the same to issue and to explain."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lms.certification.requirements import (
    CertificationRule,
    Earlier,
    Holding,
    Lack,
    Needed,
    Person,
    Renewal,
    decide,
    valid_until_of,
)

DAY = date(2026, 7, 30)
RULE = CertificationRule(
    "schools",
    needed=(Needed(("core",)), Needed(("sn", "cr", "dr"))),
    disciplines=("schools",),
    valid_months=24,
    renewal=Renewal(opens_months=3, grace_days=60),
)


def held(course: str, on: date = DAY, until: date | None = None, score: int | None = 100, number: int = 1) -> Holding:
    return Holding(course, on, until, score, certificate_id=number)


def teacher(*holdings: Holding, cross: tuple[date, ...] = ()) -> Person:
    return Person(frozenset({"schools"}), holdings, cross)


def test_who_holds_the_course_and_one_of_the_alternatives_has_earned_it() -> None:
    decision = decide(RULE, teacher(held("core"), held("cr", number=2)), DAY)

    assert decision.is_earned
    assert [one.course for one in decision.evidence] == ["core", "cr"]
    assert (decision.cycle, decision.valid_until) == (1, date(2028, 7, 30))


def test_each_thing_that_is_missing_is_named_once() -> None:
    decision = decide(RULE, Person(frozenset({"healthcare"}), ()), DAY)

    assert decision.lacks == (
        Lack("discipline", disciplines=("schools",)),
        Lack("course", ("core",)),
        Lack("course", ("sn", "cr", "dr")),
    )


def test_a_certificate_that_ended_says_when_instead_of_asking_for_the_course() -> None:
    ended = held("core", date(2024, 1, 1), until=date(2026, 1, 1))

    decision = decide(RULE, teacher(ended, held("sn", number=2)), DAY)

    assert decision.lacks == (Lack("not-valid", ("core",), on=date(2026, 1, 1)),)


def test_what_is_older_than_the_rule_takes_does_not_count() -> None:
    rule = CertificationRule("fresh", needed=(Needed(("core",)),), freshness_months=12)

    old = decide(rule, teacher(held("core", date(2025, 7, 29))), DAY)
    just_fresh = decide(rule, teacher(held("core", date(2025, 7, 30))), DAY)

    assert old.lacks == (Lack("too-old", ("core",), on=date(2025, 7, 29)),)
    assert just_fresh.is_earned


def test_a_score_below_what_is_asked_does_not_count_and_an_unmeasured_one_neither() -> None:
    rule = CertificationRule("strict", needed=(Needed(("core",), min_percent=90),))

    assert decide(rule, teacher(held("core", score=89)), DAY).lacks == (Lack("score", ("core",), percent=90),)
    assert decide(rule, teacher(held("core", score=None)), DAY).lacks == (Lack("score", ("core",), percent=90),)
    assert decide(rule, teacher(held("core", score=90)), DAY).is_earned


def test_cross_training_counts_modules_of_other_disciplines_on_days_that_count() -> None:
    rule = CertificationRule("cross", needed=(Needed(("xt",)),), cross_modules=2, freshness_months=24)
    old, new = date(2020, 1, 1), date(2026, 5, 1)

    one_short = decide(rule, teacher(held("xt"), cross=(old, new)), DAY)
    enough = decide(rule, teacher(held("xt"), cross=(new, new)), DAY)

    assert one_short.lacks == (Lack("cross-training", count=1),)
    assert enough.is_earned


def test_two_of_three_asks_for_as_many_as_are_missing() -> None:
    rule = CertificationRule("two", needed=(Needed(("sn", "cr", "dr"), count=2),))

    decision = decide(rule, teacher(held("cr")), DAY)

    assert decision.lacks == (Lack("course", ("sn", "dr"), 1),)


EARLIER = Earlier(1, date(2024, 7, 30), date(2026, 7, 30))


def test_before_the_window_opens_nothing_is_issued_and_the_day_is_said() -> None:
    decision = decide(RULE, teacher(held("core"), held("sn")), date(2026, 4, 29), EARLIER)

    assert decision.lacks == (Lack("not-open-yet", on=date(2026, 4, 30)),)
    assert decision.holds
    assert decision.holds_until == date(2026, 7, 30)


def test_a_renewal_needs_what_was_completed_after_the_award_that_it_renews() -> None:
    day = date(2026, 6, 15)

    old = decide(RULE, teacher(held("core", date(2024, 7, 30)), held("sn", date(2025, 5, 1))), day, EARLIER)
    new = decide(RULE, teacher(held("core", date(2024, 7, 31)), held("sn", date(2025, 5, 1))), day, EARLIER)

    assert old.lacks == (Lack("too-old", ("core",), on=date(2024, 7, 30)),)
    assert new.is_earned


def test_whoever_renews_early_loses_no_day_and_whoever_is_late_counts_from_then() -> None:
    early = decide(
        RULE, teacher(held("core", date(2026, 6, 1)), held("sn", date(2026, 6, 1))), date(2026, 6, 2), EARLIER
    )
    late = decide(
        RULE, teacher(held("core", date(2026, 9, 1)), held("sn", date(2026, 9, 1))), date(2026, 9, 2), EARLIER
    )

    assert (early.cycle, early.valid_until) == (2, date(2028, 7, 30))
    assert (late.cycle, late.valid_until, late.is_renewal) == (2, date(2028, 9, 2), True)


def test_within_the_window_the_refresher_is_enough_and_after_the_grace_it_is_not() -> None:
    rule = CertificationRule(
        "schools", needed=(Needed(("core",)),), renewal=Renewal(opens_months=3, grace_days=60, refresher=("short",))
    )
    person = teacher(held("short", date(2026, 7, 1)))

    in_time = decide(rule, person, date(2026, 7, 2), EARLIER)
    last_day = decide(rule, person, EARLIER.valid_until + timedelta(days=60), EARLIER)
    too_late = decide(rule, person, EARLIER.valid_until + timedelta(days=61), EARLIER)

    assert in_time.is_earned
    assert in_time.is_refresher
    assert last_day.is_earned
    assert too_late.lacks == (Lack("course", ("core",)),)


def test_after_the_grace_what_the_lapsed_award_rests_on_does_not_carry_the_next_one() -> None:
    rule = CertificationRule("schools", needed=(Needed(("core",)),))
    late = EARLIER.valid_until + timedelta(days=61)

    same_again = decide(rule, teacher(held("core", EARLIER.completed_on)), late, EARLIER)
    anew = decide(rule, teacher(held("core", date(2026, 9, 1))), late, EARLIER)

    assert same_again.lacks == (Lack("too-old", ("core",), on=EARLIER.completed_on),)
    assert (anew.is_earned, anew.cycle) == (True, 2)


def test_what_was_revoked_is_not_made_anew_by_itself_and_earned_again_by_what_comes_after() -> None:
    taken = Earlier(1, None, None, taken_back_on=date(2026, 7, 1))
    same_day, after = date(2026, 7, 1), date(2026, 7, 2)

    barred = decide(RULE, teacher(held("core", same_day), held("sn", after)), DAY, taken)
    again = decide(RULE, teacher(held("core", after), held("sn", after)), DAY, taken)

    assert barred.lacks == (Lack("taken-back", on=same_day), Lack("too-old", ("core",), on=same_day))
    assert (again.is_earned, again.cycle, again.valid_until) == (True, 2, date(2028, 7, 30))


def test_a_revoked_early_renewal_leaves_the_first_award_and_its_window_as_they_were() -> None:
    day, revoked_on = date(2026, 6, 10), date(2026, 6, 1)
    earlier = Earlier(2, EARLIER.completed_on, EARLIER.valid_until, taken_back_on=revoked_on)
    same_again, anew = (teacher(held("core", on), held("sn", on)) for on in (date(2026, 5, 20), date(2026, 6, 5)))

    barred, renewed = decide(RULE, same_again, day, earlier), decide(RULE, anew, day, earlier)

    assert (barred.holds, barred.holds_until, barred.is_earned) == (True, EARLIER.valid_until, False)
    assert barred.lacks[0] == Lack("taken-back", on=revoked_on)
    assert (renewed.is_earned, renewed.is_renewal, renewed.cycle) == (True, True, 3)
    assert renewed.valid_until == date(2028, 7, 30)


def test_a_course_counts_for_each_line_that_names_it_and_is_evidence_once() -> None:
    rule = CertificationRule("both", needed=(Needed(("sn", "cr")), Needed(("cr", "dr"), min_percent=90)))
    newest, best = held("cr", DAY, score=80, number=2), held("cr", date(2026, 7, 1), score=95, number=1)

    decision = decide(rule, teacher(newest, best), DAY)

    assert decision.is_earned
    assert decision.evidence == (best,)


def test_two_different_courses_are_asked_for_by_a_count() -> None:
    rule = CertificationRule("two", needed=(Needed(("sn", "cr", "dr"), count=2),))

    decision = decide(rule, teacher(held("cr", number=1), held("cr", number=2)), DAY)

    assert decision.lacks == (Lack("course", ("sn", "dr"), 1),)


def test_the_whole_course_shows_more_than_the_part_of_it_that_was_taken_again() -> None:
    part = Holding("core", DAY, certificate_id=1, is_part=True)
    whole = held("core", DAY, number=2)

    assert decide(CertificationRule("one", needed=(Needed(("core",)),)), teacher(whole, part), DAY).evidence == (whole,)


def test_a_certification_that_never_ends_is_not_renewed() -> None:
    rule = CertificationRule("once", needed=(Needed(("core",)),), valid_months=None)

    first = decide(rule, teacher(held("core")), DAY)
    again = decide(rule, teacher(held("core")), DAY, Earlier(1, DAY, None))

    assert first.valid_until is None
    assert again.lacks == (Lack("not-open-yet"),)


def test_earned_on_29_february_it_ends_on_28_february() -> None:
    assert valid_until_of(RULE, date(2028, 2, 29)) == date(2030, 2, 28)


days = st.dates(date(2024, 1, 1), date(2029, 1, 1))


@given(
    day=days,
    ends=days,
    done=st.lists(st.tuples(st.sampled_from(["core", "sn", "cr"]), days), max_size=6),
    opens=st.integers(0, 24),
    grace=st.integers(0, 365),
)
def test_what_is_issued_rests_on_evidence_that_counted_that_day_and_never_shortens(
    day: date, ends: date, done: list[tuple[str, date]], opens: int, grace: int
) -> None:
    rule = CertificationRule(
        "any", needed=RULE.needed, renewal=Renewal(opens_months=opens, grace_days=grace), valid_months=24
    )
    earlier = Earlier(1, ends - timedelta(days=730), ends)
    person = teacher(*(held(course, on, number=number) for number, (course, on) in enumerate(done, 1)))

    decision = decide(rule, person, day, earlier)

    if decision.is_earned:
        assert decision.evidence
        assert all(one.is_valid_on(day) and one in person.holdings for one in decision.evidence)
        assert decision.valid_until is not None
        assert decision.valid_until > max(day, ends if day <= ends else day)
    else:
        assert decision.lacks
