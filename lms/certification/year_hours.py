"""A calendar year under a rule of hours by area, such as Missouri's CLEE: what is there, what is missing, until when.

Pure: the numbers come from the rule (a mandate's `year`), never from here. Hours are hundredths, rounded down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """Hours of one piece of training. `topic` lies inside its area; an entry without an area adds to its topic only."""

    done_on: date
    title: str
    area: str | None
    topic: str | None
    hundredths: int
    is_by_licensed_provider: bool
    code: str = ""
    """The certificate's code; empty: training done elsewhere."""

    @property
    def adds(self) -> int:
        """What it adds to the year's total."""
        return self.hundredths if self.area is not None or self.topic is None else 0

    @property
    def hours(self) -> str:
        return shown(self.hundredths)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that the rule asks for: `kind` is total, area, topic or provider; `id` names the area or topic."""

    kind: str
    id: str
    has: int
    needs: int

    @property
    def lacks(self) -> int:
        return max(0, self.needs - self.has)

    @property
    def hours(self) -> tuple[str, str, str]:
        """What is there, what is needed, what is missing."""
        return shown(self.has), shown(self.needs), shown(self.lacks)


@dataclass(frozen=True, slots=True)
class YearHours:
    """A year as far as it is recorded here, on a day."""

    year: int
    entries: tuple[Entry, ...]
    needs: tuple[Need, ...]
    ends_on: date
    cure_by: date | None
    today: date

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing in what is recorded here; whether the mandate is met is for its body to say."""
        return all(need.lacks == 0 for need in self.needs)

    @property
    def days_left(self) -> int:
        """Whole days until the last day of the year; 0 on that day, negative after it."""
        return (self.ends_on - self.today).days

    @property
    def days_to_cure(self) -> int | None:
        return None if self.cure_by is None else (self.cure_by - self.today).days


def count_year(rule: Mapping[str, Any], year: int, entries: Iterable[Entry], today: date) -> YearHours:
    """The year under the rule. `rule` is a mandate with `hours` and `year`."""
    counted = sorted((one for one in entries if one.done_on.year == year), key=lambda one: (one.done_on, one.title))
    asked: Mapping[str, Any] = rule["year"]
    needs = [Need("total", "", sum(one.adds for one in counted), hundredths(rule["hours"]))]
    if asked.get("approved_provider_hours"):
        licensed = sum(one.adds for one in counted if one.is_by_licensed_provider)
        needs.append(Need("provider", "", licensed, hundredths(asked["approved_provider_hours"])))
    for area in asked.get("areas") or ():
        has = sum(one.adds for one in counted if one.area == area["category"])
        needs.append(Need("area", area["category"], has, hundredths(area["hours"])))
    for topic in asked.get("topics") or ():
        has = sum(one.hundredths for one in counted if one.topic == topic["topic"])
        needs.append(Need("topic", topic["topic"], has, hundredths(topic["hours"])))
    cure = asked.get("cure_by")
    return YearHours(
        year=year,
        entries=tuple(counted),
        needs=tuple(needs),
        ends_on=date(year, 12, 31),
        cure_by=date(year + 1, int(cure["month"]), int(cure["day"])) if cure else None,
        today=today,
    )


def hundredths(hours: float | str) -> int:
    """Hours as hundredths: `1.20`, 2 and 0.5."""
    return round(float(hours) * 100)


def shown(count: int) -> str:
    """Hundredths as hours to two places."""
    return f"{count // 100}.{count % 100:02d}"
