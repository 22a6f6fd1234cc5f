"""The directory of a folder, opened for use: both files, refused whole where one of them has an error."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from lms.courseware.checks.resources import check_data
from lms.courseware.course import Problem
from lms.courseware.directory.entries import Directory, Line
from lms.courseware.directory.reading import HOTLINES, ORGANIZATIONS, read_directory, read_lines
from lms.courseware.facts import Facts, read_facts


class BrokenDirectory(Exception):
    """The files cannot be used; the message names each fault as `lms check` does."""


@cache
def open_lines(folder: Path) -> dict[str, Line]:
    """Every line of hotlines.yaml by id, read once. Raises BrokenDirectory."""
    facts = _read(folder / HOTLINES, None)
    return read_lines(facts)


@cache
def open_directory(folder: Path) -> Directory:
    """Both files, read once. Raises BrokenDirectory."""
    lines = open_lines(folder)
    return read_directory(_read(folder / ORGANIZATIONS, frozenset(lines)), lines)


def _read(path: Path, line_ids: frozenset[str] | None) -> Facts:
    """As of whatever day: that a date is still to come is for authors to mend, and no reason why a site whose clock is
    behind should show no page."""
    content = path.read_bytes()
    _refuse(check_data(str(path), content, path.parent.name, None, date.max, line_ids=line_ids))
    facts, _problems = read_facts(str(path), content.decode())
    assert facts is not None
    return facts


def _refuse(problems: list[Problem]) -> None:
    faults = [problem for problem in problems if problem.is_error]
    if faults:
        raise BrokenDirectory("\n".join(f"{one.path}:{one.line}: {one.code} {one.message}" for one in faults))
