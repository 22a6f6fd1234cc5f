"""A year under a rule of hours by area: the numbers come from the rule, what lies inside an area is not counted twice."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from lms.certification.year_hours import Entry, Need, YearHours, count_year, hundredths, shown
from tests.support.world import SHIPPED_COURSES

DAY = date(2026, 11, 25)
CLEE = next(
    one
    for one in yaml.safe_load((SHIPPED_COURSES / "mandates" / "missouri.yaml").read_text(encoding="utf-8"))["mandates"]
    if one["id"] == "missouri-peace-officers-clee"
)


def entry(
    hours: float, area: str | None = None, topic: str | None = None, *, licensed: bool = False, day: date = DAY
) -> Entry:
    return Entry(day, "Training", area, topic, hundredths(hours), licensed)


def year(*entries: Entry, today: date = DAY) -> YearHours:
    return count_year(CLEE, 2026, entries, today)


def need(found: YearHours, name: str) -> Need:
    return next(one for one in found.needs if name in (one.kind, one.id))


def test_an_empty_year_lacks_all_that_the_rule_asks_for() -> None:
    found = year()

    assert {one.id or one.kind: shown(one.lacks) for one in found.needs} == {
        "total": "24.00",
        "provider": "8.00",
        "legal-studies": "2.00",
        "technical-studies": "2.00",
        "interpersonal-perspectives": "2.00",
        "skill-development-firearms": "2.00",
        "racial-profiling": "1.00",
        "implicit-bias": "1.00",
        "de-escalation": "1.00",
    }
    assert not found.is_complete


def test_a_topic_lies_inside_its_area_and_is_not_added_twice() -> None:
    found = year(
        entry(2, "legal-studies"), entry(1, None, "racial-profiling"), entry(1, "legal-studies", "implicit-bias")
    )

    assert need(found, "total").has == 300
    assert need(found, "legal-studies").has == 300
    assert (need(found, "racial-profiling").has, need(found, "implicit-bias").has) == (100, 100)


def test_electives_count_for_the_total_only() -> None:
    found = year(entry(16, ""))

    assert need(found, "total").has == 1600
    assert all(one.has == 0 for one in found.needs if one.kind == "area")


def test_hours_of_a_licensed_provider_are_counted_apart() -> None:
    found = year(entry(5, "legal-studies", licensed=True), entry(4, "technical-studies"))

    assert need(found, "provider").hours == ("5.00", "8.00", "3.00")


def test_another_year_does_not_count() -> None:
    found = year(entry(2, "legal-studies", day=date(2025, 12, 31)), entry(2, "legal-studies", day=date(2027, 1, 1)))

    assert found.entries == ()


def test_too_much_of_one_area_does_not_make_up_for_another() -> None:
    found = year(entry(24, "legal-studies", licensed=True))

    assert need(found, "total").lacks == 0
    assert need(found, "technical-studies").lacks == 200
    assert not found.is_complete


def test_a_full_year_lacks_nothing() -> None:
    areas = [one["category"] for one in CLEE["year"]["areas"]]
    topics = [entry(1, None, one["topic"]) for one in CLEE["year"]["topics"]]

    assert year(*(entry(6, area, licensed=True) for area in areas), *topics).is_complete


@pytest.mark.parametrize(
    ("today", "left", "cure"),
    [(date(2026, 12, 31), 0, 74), (date(2026, 11, 25), 36, 110), (date(2027, 3, 15), -74, 0)],
)
def test_the_days_to_the_end_of_the_year_and_to_the_cure_date(today: date, left: int, cure: int) -> None:
    found = year(today=today)

    assert (found.days_left, found.days_to_cure) == (left, cure)


def test_the_numbers_come_from_the_rule() -> None:
    rule = {"hours": 10, "year": {"areas": [{"category": "law", "hours": 1.5}]}}

    found = count_year(rule, 2026, [entry(1, "law")], DAY)

    assert [(one.kind, shown(one.lacks)) for one in found.needs] == [("total", "9.00"), ("area", "0.50")]
    assert found.cure_by is None
    assert found.days_to_cure is None
