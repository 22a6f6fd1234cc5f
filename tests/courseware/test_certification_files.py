"""`lms check` finds what is wrong with a certification's file, with the line, by the check that publishing makes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lms.courseware.check import check_paths
from lms.courseware.checks.resources import check_data

GOOD = """id: night-watch
title: {en: Night watch}
requires:
  - {course: tiny}
  - one_of: [tiny, other]
    count: 2
valid_months: 24
renewal: {opens_months: 3, grace_days: 60, refresher: [tiny]}
"""


def findings(text: str, courses: frozenset[str] | None = frozenset({"tiny", "other"})) -> list[tuple[str, int]]:
    found = check_data("certifications/night-watch.yaml", text.encode(), "certifications", courses, date(2026, 11, 25))
    return [(problem.code, problem.line) for problem in found]


def test_a_good_file_has_no_finding() -> None:
    assert findings(GOOD) == []


@pytest.mark.parametrize(
    ("before", "after", "code", "line"),
    [
        ("id: night-watch", "id: other", "R001", 1),
        ("title: {en: Night watch}", "title: {es: Ronda}", "R001", 2),
        ("{course: tiny}", "{course: tiny, min_percent: 101}", "R001", 4),
        ("    count: 2", "    count: 3", "R001", 6),
        ("valid_months: 24", "valid_months: 0", "R001", 7),
        ("grace_days: 60", "grace_days: -1", "R001", 8),
        ("valid_months: 24", "colour: 24", "R001", 7),
        ("[tiny, other]", "[tiny, gone]", "R004", 5),
        ("refresher: [tiny]", "refresher: [gone]", "R004", 8),
    ],
)
def test_each_fault_is_told_with_its_line(before: str, after: str, code: str, line: int) -> None:
    assert (code, line) in findings(GOOD.replace(before, after))


def test_without_the_courses_at_hand_no_course_is_missed() -> None:
    assert findings(GOOD.replace("[tiny, other]", "[tiny, gone]"), None) == []


def test_the_command_looks_beside_the_courses(tmp_path: Path) -> None:
    folder = tmp_path / "certifications"
    folder.mkdir()
    (folder / "night-watch.yaml").write_text(GOOD.replace("  - {course: tiny}\n", "  - {curse: tiny}\n"))

    found = check_paths([folder], date(2026, 11, 25))

    assert [(problem.code, problem.line) for problem in found] == [("R001", 4)]
