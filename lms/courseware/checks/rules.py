"""Whether the rule of a certification means something: one pure check, for files, forms and the linter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lms.courseware.course import DISCIPLINES
from lms.courseware.facts import SLUG

KEYS = frozenset(
    [
        "id",
        "code",
        "title",
        "description",
        "disciplines",
        "requires",
        "cross_modules",
        "valid_months",
        "freshness_months",
        "renewal",
    ]
)
MOST_MONTHS = 240
MOST_DAYS = 1000
LONGEST_TITLE = 200
RESERVED_IDS = frozenset({"new"})
RULE_DISCIPLINES = tuple(one for one in DISCIPLINES if one != "shared")
"""Whom a certification can be for; one for everybody names none."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong. `key` says where: of a part of the renewal `renewal.grace_days`; `row` counts from 0 in
    `requires`. `text` goes on after "…cannot be taken: "."""

    key: str
    text: str
    row: int | None = None


def faults_of(rules: Mapping[str, Any]) -> list[Fault]:
    """All that is wrong with a certification as it is written, in the order of its keys; nothing: it can be taken."""
    return [
        *_names(rules),
        *_disciplines(rules),
        *_requires(rules),
        *_number(rules, "cross_modules", 0, 100, may_be_none=False),
        *_number(rules, "valid_months", 1, MOST_MONTHS),
        *_number(rules, "freshness_months", 1, MOST_MONTHS),
        *_renewal(rules),
    ]


def courses_of_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The courses of one line of `requires`."""
    named = row.get("one_of", [row.get("course")])
    return tuple(named) if isinstance(named, list) else ()


def _names(rules: Mapping[str, Any]) -> Iterator[Fault]:
    unknown = sorted(str(key) for key in set(rules) - KEYS)
    if unknown:
        yield Fault(unknown[0], f"it has keys that mean nothing: {', '.join(unknown)}")
    if not isinstance(rules.get("id"), str) or not SLUG.match(rules["id"]):
        yield Fault("id", "its id needs 3 to 40 small letters, digits and hyphens")
    elif rules["id"] in RESERVED_IDS:
        yield Fault("id", f"its id cannot be {rules['id']}, which is an address of its own")
    title = rules.get("title")
    if not isinstance(title, Mapping) or not isinstance(title.get("en"), str) or not title["en"].strip():
        yield Fault("title", "title needs an English text (en)")
    for key in ("title", "description"):
        texts = rules.get(key)
        if texts is None:
            continue
        most = LONGEST_TITLE if key == "title" else 1000
        if not isinstance(texts, Mapping) or not all(
            isinstance(text, str) and len(text) <= most for text in texts.values()
        ):
            yield Fault(key, f"{key} must be texts by language, of {most} characters at most")
    code = rules.get("code")
    if code is not None and (not isinstance(code, str) or len(code) > 32):
        yield Fault("code", "code must be a text of 32 characters at most")


def _disciplines(rules: Mapping[str, Any]) -> Iterator[Fault]:
    named = rules.get("disciplines") or []
    if not isinstance(named, list) or not all(one in RULE_DISCIPLINES for one in named):
        yield Fault("disciplines", f"disciplines must be out of {', '.join(RULE_DISCIPLINES)}")


def _requires(rules: Mapping[str, Any]) -> Iterator[Fault]:
    requires = rules.get("requires") or []
    if not isinstance(requires, list) or not requires:
        yield Fault("requires", "requires must name at least one course: whatever is awarded rests on evidence")
        return
    for number, row in enumerate(requires):
        yield from _needed(row, number)


def _needed(row: Any, number: int) -> Iterator[Fault]:
    if not isinstance(row, Mapping) or ("course" in row) == ("one_of" in row):
        yield Fault("requires", "each line of requires is either course: id or one_of: [ids]", number)
        return
    if set(row) - {"course", "one_of", "count", "min_percent"}:
        yield Fault("requires", "a line of requires knows course, one_of, count and min_percent", number)
    courses = courses_of_row(row)
    if not courses or not all(isinstance(course, str) and course for course in courses):
        yield Fault("requires", "a line of requires names no course", number)
        return
    if len(set(courses)) != len(courses):
        yield Fault("requires", "a line of requires names a course twice", number)
    yield from _number(row, "count", 1, len(courses), may_be_none=False, row=number)
    yield from _number(row, "min_percent", 1, 100, row=number)


def _renewal(rules: Mapping[str, Any]) -> Iterator[Fault]:
    renewal = rules.get("renewal")
    if renewal is None:
        return
    if not isinstance(renewal, Mapping) or set(renewal) - {"opens_months", "grace_days", "refresher"}:
        yield Fault("renewal", "renewal knows opens_months, grace_days and refresher")
        return
    months = rules.get("valid_months")
    most = months if isinstance(months, int) and months > 0 else MOST_MONTHS
    yield from _number(renewal, "opens_months", 0, most, may_be_none=False, under="renewal.")
    yield from _number(renewal, "grace_days", 0, MOST_DAYS, may_be_none=False, under="renewal.")
    refresher = renewal.get("refresher") or []
    if not isinstance(refresher, list) or not all(isinstance(one, str) and one for one in refresher):
        yield Fault("renewal.refresher", "refresher must be a list of courses")


def _number(
    values: Mapping[str, Any],
    key: str,
    least: int,
    most: int,
    *,
    may_be_none: bool = True,
    row: int | None = None,
    under: str = "",
) -> Iterator[Fault]:
    if key not in values or (values[key] is None and may_be_none):
        return
    value = values[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        where = key if row is not None else f"{under}{key}"
        yield Fault(where, f"{key} must be a whole number from {least} to {most}", row)
