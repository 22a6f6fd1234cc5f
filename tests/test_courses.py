"""Every course that ships with the program checks clean: no error and no warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from lms.courseware import check

COURSES = Path(__file__).parents[1] / "courses"
DUE = {"L002", "R003"}
"""What only the calendar brings up: `lms check` tells it, but it must not break a build that worked yesterday."""

FOLDERS = sorted(path.parent for path in COURSES.glob("*/course.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_shipped_course_has_no_finding(folder: Path):
    found = findings(folder)

    assert found == ""


def test_the_courses_and_the_data_beside_them_agree():
    found = findings(COURSES)

    assert found == ""


def findings(folder: Path) -> str:
    return check.format_text([problem for problem in check.check_paths([folder]) if problem.code not in DUE])
