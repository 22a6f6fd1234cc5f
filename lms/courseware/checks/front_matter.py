"""Whether the facts of a course agree with each other: prerequisites, languages, teaching time, dates of review."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from lms.clock import add_months
from lms.courseware.checks.source import Source
from lms.courseware.checks.subject import Subject, finding
from lms.courseware.course import Course, Module, Problem
from lms.courseware.hours import teaching_minutes

_JURISDICTION = re.compile(r"US(-[A-Z]{2})?\Z")
_COMMON = {
    "en": frozenset(("the", "of", "and", "to", "in", "that", "is", "for", "with", "you", "are", "not", "this", "it")),
    "es": frozenset(("de", "la", "que", "el", "en", "y", "los", "se", "del", "las", "un", "por", "con", "una", "es")),
}
_FEWEST_WORDS = 80


def check(subject: Subject) -> Iterator[Problem]:
    if subject.course is not None:
        yield from _prerequisites(subject, subject.course)
        yield from _boosters(subject, subject.course)
        yield from _teaching_time(subject, subject.course)
        yield from _course_reviews(subject, subject.course)
    for module, source in subject.modules():
        yield from _law_facts(subject, module, source)
    for source in subject.sources.values():
        yield from _language(source)


def _prerequisites(subject: Subject, course: Course) -> Iterator[Problem]:
    line = subject.fact_lines.get("modules", 1)
    waits = {entry.id: entry.prerequisites for entry in course.modules}
    for module_id, prerequisites in waits.items():
        for other in prerequisites:
            if other not in waits:
                message = f"{module_id} asks for {other} first, but the course has no such module; mend the id."
                yield finding("course.yaml", line, "C001", message)
    circle = _circle(waits)
    if circle:
        message = f"These modules wait for each other, so nobody could start: {' → '.join(circle)}. Remove one of them."
        yield finding("course.yaml", line, "C002", message)


def _boosters(subject: Subject, course: Course) -> Iterator[Problem]:
    """A booster opens months after the course: nothing in the course can wait for it."""
    for booster in course.boosters:
        if booster.id in course.required_modules:
            message = (
                f"{booster.id} is a booster: it opens {course.booster_days(booster.id)} days after the course was "
                "completed, so the course cannot require it. Take it out of `pass`."
            )
            yield finding("course.yaml", subject.fact_lines.get("pass", 1), "C005", message)
        for entry in course.modules:
            if booster.id in entry.prerequisites:
                message = (
                    f"{entry.id} asks for {booster.id} first, but that is a booster, which opens only long after the "
                    "course. Take it out of the prerequisites."
                )
                yield finding("course.yaml", subject.fact_lines.get("modules", 1), "C005", message)


def _circle(waits: Mapping[str, tuple[str, ...]]) -> list[str]:
    """One circle of prerequisites, if there is any."""
    done: set[str] = set()
    for start in waits:
        path: list[str] = []
        stack = [(start, iter(waits[start]))] if start not in done else []
        path = [start]
        while stack:
            following = next((other for other in stack[-1][1] if other in waits and other not in done), None)
            if following is None:
                done.add(stack.pop()[0])
                path.pop()
            elif following in path:
                return [*path[path.index(following) :], following]
            else:
                stack.append((following, iter(waits[following])))
                path.append(following)
    return []


def _teaching_time(subject: Subject, course: Course) -> Iterator[Problem]:
    """Boards count these minutes, so no more are claimed than the modules that teach hold."""
    if len(course.files.get(course.default_language, {})) < len(course.modules):
        return  # said already, as C003; the sum would be wrong
    minutes = teaching_minutes(course)
    if minutes < course.contact_minutes:
        message = (
            f"The course claims {course.contact_minutes} contact minutes, but the required modules that teach add up "
            f"to {minutes}. Quizzes, surveys and optional modules do not count; lower the claim or mend the minutes."
        )
        yield finding("course.yaml", subject.fact_lines.get("contact_minutes", 1), "C004", message)
    for credit in course.suggested_credit:
        if credit.minutes > course.contact_minutes:
            message = (
                f"{credit.minutes} minutes are suggested to {credit.body}, but the course has "
                f"{course.contact_minutes} contact minutes; suggest no more than those."
            )
            yield finding("course.yaml", subject.fact_lines.get("suggested_credit", 1), "C004", message)


def _course_reviews(subject: Subject, course: Course) -> Iterator[Problem]:
    if not course.review_every_months:
        return
    for review in course.reviews:
        if review.reviewed_on and add_months(review.reviewed_on, course.review_every_months) < subject.today:
            message = f"The review of the {review.role} of {review.reviewed_on} is due again; have it done."
            yield finding("course.yaml", subject.fact_lines.get("reviews", 1), "L002", message)


def _law_facts(subject: Subject, module: Module, source: Source) -> Iterator[Problem]:
    line = front_line(source, "jurisdictions")
    for jurisdiction in module.jurisdictions:
        if not _JURISDICTION.match(jurisdiction):
            message = f"“{jurisdiction[:40]}” is not a jurisdiction; write US for federal law or US-MO for Missouri's."
            yield finding(module.path, line, "FM002", message)
    if module.jurisdictions and module.review_by is None:
        message = "A module that states law needs `review_by`: the day by which somebody must check the law again."
        yield finding(module.path, line, "FM001", message)
    if module.review_by and module.review_by < subject.today:
        yield _overdue(module, module.review_by, source)


def _overdue(module: Module, day: date, source: Source) -> Problem:
    message = f"This was to be reviewed by {day}. Check what it says, then set a new date."
    return finding(module.path, front_line(source, "review_by"), "L002", message)


def _language(source: Source) -> Iterator[Problem]:
    """A file that lies in the folder of one language and is written in another."""
    language = source.language.partition("-")[0]
    if language not in _COMMON:
        return
    words = " ".join(block.plain for block in source.blocks if block.kind in {"paragraph", "item"}).lower().split()
    if len(words) < _FEWEST_WORDS:
        return
    counts = {name: sum(word in common for word in words) for name, common in _COMMON.items()}
    for other, count in counts.items():
        if count > 3 * counts[language]:
            message = (
                f"This file lies in {source.language}/ but seems to be written in “{other}”; translate or move it."
            )
            yield finding(source.path, source.front[1] + 1, "FM003", message)


def front_line(source: Source, key: str) -> int:
    """The line of a key in the front matter; its first line where the key is not there."""
    first, last = source.front
    for number in range(first, last):
        if source.lines[number - 1].startswith(f"{key}:"):
            return number
    return 1
