"""A course's outline: its modules in order, each as far as somebody has come in it, and where to go on."""

from __future__ import annotations

from dataclasses import dataclass

from lms.courseware.course import Course
from lms.courseware.hours import needed_modules
from lms.learning.progress import Standing, choose_next, is_unlocked


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


def module_rows(course: Course, standing: Standing, language_code: str) -> list[ModuleRow]:
    """The modules of a course in its order, each as far as this person has come in it."""
    rows = []
    needed = needed_modules(course)
    for number, entry in enumerate(course.modules, 1):
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
                is_open=is_unlocked(course, standing, entry.id),
                is_needed=entry.id in needed,
                pass_mark=module.quiz.pass_mark if module.quiz else None,
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
