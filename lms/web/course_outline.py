"""A course's outline: its modules in order, each as far as somebody has come in it, and where to go on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from lms.clock import utc_now
from lms.courseware.course import Course, ModuleEntry
from lms.courseware.hours import needed_modules
from lms.learning.progress import Standing, booster_opens_on, choose_next, is_unlocked
from lms.web.guards import settings


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """One module in a course's outline."""

    id: str
    number: int
    title: str
    kind: str
    minutes: int
    language: str
    content_note: str | None
    is_completed: bool
    is_read: bool
    is_open: bool
    is_needed: bool
    pass_mark: int | None
    booster_days: int | None = None
    """Of a booster, so many days after the course was completed it opens."""
    opens_on: date | None = None
    """Of a booster of a completed course: its first day."""

    @property
    def shown(self) -> tuple[bool, bool, bool, date | None]:
        """What a page that is shared by many says of it, beside what stands in the course."""
        return self.is_completed, self.is_read, self.is_open, self.opens_on


def module_rows(course: Course, standing: Standing, language_code: str) -> list[ModuleRow]:
    """The modules of a course in its order, each as far as this person has come in it; its boosters are none."""
    return _rows(course, course.core_modules, standing, language_code)


def booster_rows(course: Course, standing: Standing, language_code: str) -> list[ModuleRow]:
    """What opens some time after the course was completed, in the order in which it opens."""
    boosters = sorted(course.boosters, key=lambda entry: course.booster_days(entry.id) or 0)
    return _rows(course, boosters, standing, language_code)


def _rows(course: Course, entries: Iterable[ModuleEntry], standing: Standing, language_code: str) -> list[ModuleRow]:
    rows = []
    needed, now, time_zone = needed_modules(course), utc_now(), settings().time_zone
    for number, entry in enumerate(entries, 1):
        module = course.module(entry.id, language_code)
        if module is None:
            continue
        rows.append(
            ModuleRow(
                id=entry.id,
                number=number,
                title=module.title,
                kind=module.kind,
                minutes=module.minutes,
                language=module.language,
                content_note=module.content_note,
                is_completed=standing.is_completed(entry.id),
                is_read=standing.is_read(entry.id),
                is_open=is_unlocked(course, standing, entry.id, now, time_zone),
                is_needed=entry.id in needed,
                pass_mark=module.quiz.pass_mark if module.quiz else None,
                booster_days=course.booster_days(entry.id),
                opens_on=booster_opens_on(course, standing, entry.id, time_zone),
            )
        )
    return rows


def next_row(rows: list[ModuleRow], standing: Standing) -> ModuleRow | None:
    """Where to go on."""
    by_id = {row.id: row for row in rows}
    chosen = choose_next(
        list(by_id),
        ready={row.id for row in rows if row.is_open and not row.is_completed},
        needed={row.id for row in rows if row.is_needed},
        seen_last=standing.seen_last,
    )
    return None if chosen is None else by_id[chosen]
