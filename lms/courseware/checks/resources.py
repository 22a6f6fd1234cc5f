"""Whether the data beside the courses can be used: hotlines, credit bodies, mandates, teams, certifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

from lms.clock import add_months
from lms.courseware.checks.rules import courses_of_row, faults_of
from lms.courseware.checks.subject import finding, shown
from lms.courseware.course import DISCIPLINES, Problem
from lms.courseware.credit_files import body_faults, mandate_faults
from lms.courseware.directory import reading as directory
from lms.courseware.facts import Facts, read_facts

FOLDERS = ("resources", "cohorts", "certifications", "credit-bodies", "mandates")
"""What lies beside the course folders."""

_SOURCED = frozenset({"resources", "credit-bodies", "mandates"})
_MONTHS = 12
_NEEDED = {"cohorts": ("id", "title", "seats", "milestones")}
_COURSE_KEYS = ("requires_courses", "courses")


def check_data(
    path: str,
    content: bytes,
    folder: str,
    course_ids: frozenset[str] | None,
    today: date,
    *,
    line_ids: frozenset[str] | None = None,
) -> list[Problem]:
    """One YAML file of one of `FOLDERS`; `course_ids` None where the courses are not at hand, `line_ids` where
    hotlines.yaml is not."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return [finding(path, 1, "R001", "This file is not UTF-8 text; save it as UTF-8.")]
    facts, problems = read_facts(path, text)
    problems = [replace(problem, code="R001") for problem in problems]
    if facts is None:
        return problems
    problems += _keys(path, folder, facts.values, facts.lines)
    problems += _credit(path, folder, facts.values)
    if folder == "resources":
        problems += _directory(path, facts, line_ids)
    if folder in _SOURCED:
        # A body's lists are its own words for types and areas; it has one source for all of them.
        entries = [(facts.values, 1, {})] if folder == "credit-bodies" else _entries(facts.values)
        for entry, line, inherited in entries:
            problems += _sourced(path, entry, line, inherited, today)
    if folder == "certifications":
        problems += _certification(path, facts.values, facts.lines, course_ids)
    elif course_ids is not None:
        problems += _courses(path, facts.values, facts.lines, course_ids)
    return problems


def _certification(
    path: str, values: Mapping[str, Any], lines: Mapping[str, int], course_ids: frozenset[str] | None
) -> Iterator[Problem]:
    """The check that publishing makes (`rules.py`), each finding with its line; and whether its courses are there."""
    if values.get("id") != PurePath(path).stem:
        yield finding(path, lines.get("id", 1), "R001", "The `id` of a certification is the name of its file.")
    faults = faults_of(values)
    requires = values.get("requires")
    rows = requires if isinstance(requires, list) else []
    for fault in faults:
        top, _, inner = fault.key.partition(".")
        line = lines.get(top, 1)
        if fault.row is not None:
            line = getattr(rows[fault.row], "line", lines.get("requires", 1))
            line = getattr(rows[fault.row], "lines", {}).get(fault.key, line)
        elif inner:
            line = getattr(values.get(top), "lines", {}).get(inner, line)
        yield finding(path, line, "R001", f"The certification cannot be taken: {fault.text}.")
    if faults or course_ids is None:
        return
    named = [(course, getattr(row, "line", 1)) for row in rows for course in courses_of_row(row)]
    renewal = values.get("renewal") or {}
    refresher = getattr(renewal, "lines", {}).get("refresher", lines.get("renewal", 1))
    for course, line in (*named, *((course, refresher) for course in renewal.get("refresher") or ())):
        if course not in course_ids:
            message = f"There is no course {shown(course)}; mend the id or add the course."
            yield finding(path, line, "R004", message)


def _keys(path: str, folder: str, values: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Problem]:
    for key in _NEEDED.get(folder, ()):
        if not values.get(key):
            yield finding(path, 1, "R001", f"The key `{key}` is missing or empty; add it.")
    if folder != "cohorts":
        return
    seats = values.get("seats")
    for seat in seats if isinstance(seats, list) else ():
        line = getattr(seat, "line", lines.get("seats", 1))
        if not isinstance(seat, Mapping) or not seat.get("id"):
            yield finding(path, line, "R001", "A seat needs an `id` and a `discipline`.")
        elif seat.get("discipline") not in DISCIPLINES and "agency" not in seat:
            message = f"{shown(str(seat.get('discipline')))} is not a discipline; use one of {', '.join(DISCIPLINES)}."
            yield finding(path, line, "R001", message)
    for what in ("seats", "milestones"):
        items = values.get(what)
        ids = [item.get("id") for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
        for repeated in sorted({str(name) for name in ids if ids.count(name) > 1}):
            yield finding(path, lines.get(what, 1), "R001", f"The id {repeated} stands twice among the {what}.")


def _directory(path: str, facts: Facts, line_ids: frozenset[str] | None) -> list[Problem]:
    """What keeps the two files of the directory from being shown; sources and days are R002's."""
    before = len(facts.problems)
    match PurePath(path).name:
        case directory.HOTLINES:
            directory.read_lines(facts)
        case directory.ORGANIZATIONS:
            directory.read_directory(facts, None)
            if line_ids is not None:
                facts.problems += _unknown_lines(path, facts.values, line_ids)
    return [replace(problem, code="R001") for problem in facts.problems[before:]]


def _unknown_lines(path: str, values: Mapping[str, Any], line_ids: frozenset[str]) -> Iterator[Problem]:
    """Whoever refers to a line refers to one of hotlines.yaml: names and numbers stand nowhere else."""
    for entry, line, _inherited in _entries(values):
        named = entry.get("line")
        if isinstance(named, str) and named not in line_ids:
            line = getattr(entry, "lines", {}).get("line", line)
            message = f"{shown(named)} is no line of {directory.HOTLINES}; mend the id or add the line there."
            yield finding(path, line, "R001", message)


def _credit(path: str, folder: str, values: Mapping[str, Any]) -> Iterator[Problem]:
    """What keeps a credit body or a mandate from being used; sources and days are R002's."""
    if folder == "credit-bodies":
        found = [(1, fault) for fault in body_faults(values)]
        if values.get("id") != PurePath(path).stem:
            found.append((1, "`id` must be the name of the file."))
    elif folder == "mandates":
        items = values.get("mandates")
        if not isinstance(items, list) or not items:
            yield finding(path, 1, "R001", "`mandates` must be a list with at least one entry.")
            return
        found = [(getattr(item, "line", 1), fault) for item in items for fault in mandate_faults(item)]
    else:
        return
    for line, fault in found:
        if not fault.startswith(("`source`", "`checked_on`")):
            yield finding(path, line, "R001", fault)


def _entries(values: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], int, Mapping[str, Any]]]:
    """Each entry of the file's lists, with what the file says for all; the file itself where it has no lists."""
    lists = [value for value in values.values() if isinstance(value, list) and value and isinstance(value[0], Mapping)]
    if not lists:
        yield values, 1, {}
    for items in lists:
        for item in items:
            if isinstance(item, Mapping) and "id" in item:
                yield item, getattr(item, "line", 1), values


def _sourced(
    path: str, entry: Mapping[str, Any], line: int, inherited: Mapping[str, Any], today: date
) -> Iterator[Problem]:
    name = shown(str(entry.get("id", "this file")))
    source, day = (_first(entry, inherited, key) for key in ("source", "checked_on"))
    addresses: Sequence[Any] = source if isinstance(source, list) else [source]
    if not all(isinstance(address, str) and address.startswith(("https://", "http://")) for address in addresses):
        message = f"{name} has no `source`: give the address of the page that says so."
        yield finding(path, line, "R002", message)
    if isinstance(day, datetime) or not isinstance(day, date):
        yield finding(path, line, "R002", f"{name} has no `checked_on`: write the day as YYYY-MM-DD.")
    elif day > today:
        yield finding(path, line, "R002", f"{name} was checked on {day}, which is still to come; mend the date.")
    elif add_months(day, _MONTHS) < today:
        yield finding(path, line, "R003", f"{name} was last checked on {day}; look at its source again.")


def _first(entry: Mapping[str, Any], inherited: Mapping[str, Any], key: str) -> Any:
    return entry[key] if entry.get(key) is not None else inherited.get(key)


def _courses(
    path: str, values: Mapping[str, Any], lines: Mapping[str, int], course_ids: frozenset[str]
) -> Iterator[Problem]:
    for key in _COURSE_KEYS:
        named = values.get(key)
        for course_id in named if isinstance(named, list) else ():
            if isinstance(course_id, str) and course_id not in course_ids:
                message = f"There is no course {shown(course_id)}; mend the id or add the course."
                yield finding(path, lines.get(key, 1), "R004", message)
    milestones = values.get("milestones")
    for one in milestones if isinstance(milestones, list) else ():
        if isinstance(one, Mapping):
            yield from _courses(path, one, {key: getattr(one, "line", 1) for key in _COURSE_KEYS}, course_ids)
