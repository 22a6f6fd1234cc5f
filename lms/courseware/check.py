"""The linter of the course language: reads courses, looks for all that `codes.py` lists, says how to mend it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from lms.clock import utc_now
from lms.courseware.checks import (
    accessibility,
    allowances,
    changes,
    front_matter,
    glossaries,
    law,
    questions,
    reading_level,
    resources,
    safety,
    scenarios,
    translations,
    words,
)
from lms.courseware.checks.codes import CODES, ERRORS
from lms.courseware.checks.source import Source
from lms.courseware.checks.subject import Subject
from lms.courseware.checks.walk import read_source
from lms.courseware.course import Course, Problem
from lms.courseware.directory.reading import HOTLINES, read_lines
from lms.courseware.facts import read_facts
from lms.courseware.folder import load_file, load_folder
from lms.courseware.read import read_course
from lms.courseware.revision import files_at
from lms.errors import Invalid

__all__ = ["CODES", "ERRORS", "FORMATS", "check_course", "check_paths", "exit_code", "format_problems", "source_rev"]

source_rev = translations.source_rev

_FAMILIES = (
    front_matter.check,
    questions.check,
    scenarios.check,
    translations.check,
    accessibility.check,
    safety.check,
    law.check,
    words.check,
    allowances.check,
    reading_level.check,
)


def check_course(
    files: Mapping[str, bytes],
    name: str,
    *,
    today: date,
    previous: Mapping[str, bytes] | None = None,
    show_allowed: bool = False,
) -> list[Problem]:
    """All that is wrong with a course; see `read_and_check`, which gives the course too."""
    return read_and_check(files, name, today=today, previous=previous, show_allowed=show_allowed)[1]


def read_and_check(
    files: Mapping[str, bytes],
    name: str,
    *,
    today: date,
    previous: Mapping[str, bytes] | None = None,
    show_allowed: bool = False,
) -> tuple[Course | None, list[Problem]]:
    """The course, None where it cannot be read, and all that is wrong with it, by path, line and code.

    `files` are its files by path from its own folder. `previous` is another state of the same course
    (`--against REV`): what was published keeps its meaning. `show_allowed` tells also the warnings that authors have
    answered, with their reasons. Never raises, whatever the files hold.
    """
    course, problems = read_course(files, name)
    unreadable = {problem.path for problem in problems if problem.code == "X000"}
    subject = _subject(files, name, course, unreadable, today)
    found = [problem for family in _FAMILIES for problem in family(subject)]
    if previous is not None and course is not None:
        before, _ = read_course(previous, name)
        if before is not None:
            found += changes.check(course, before)
    ours = ("course.yaml", subject.fact_lines.get("reading_level"), "FM002")
    problems = [p for p in problems if p.is_error or (p.path, p.line, p.code) != ours]
    return course, _settled([*problems, *found], subject.sources, show_allowed)


def _subject(
    files: Mapping[str, bytes], name: str, course: Course | None, unreadable: set[str], today: date
) -> Subject:
    sources: dict[str, Source] = {}
    for path, content in files.items():
        if path.endswith(".md") and not path.startswith("media/") and path not in unreadable:
            sources[path] = read_source(path, content.decode(errors="replace"))
    facts = _course_facts(files.get("course.yaml", b"").decode(errors="replace"))
    values = {key: value for key, (_, value) in facts.items()}
    return Subject(name, files, course, sources, today, values, {key: line for key, (line, _) in facts.items()})


def _course_facts(text: str) -> dict[str, tuple[int, str]]:
    """The keys at the left edge of course.yaml with line and value; what they mean is for read.py to say."""
    facts: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        key, separator, value = line.partition(":")
        if separator and key.isidentifier():
            facts.setdefault(key, (number, value.partition("#")[0].strip()))
    return facts


def _settled(problems: Iterable[Problem], sources: Mapping[str, Source], show_allowed: bool) -> list[Problem]:
    """Each finding once, in order, without the warnings that the author has answered (see `Source.allowed`)."""
    seen: dict[tuple[str, int, str], Problem] = {}
    for problem in problems:
        source = sources.get(problem.path)
        reason = source.allowed.get(problem.line, {}).get(problem.code) if source and not problem.is_error else None
        if reason is not None and not show_allowed:
            continue
        if reason is not None:
            problem = replace(problem, message=f"{problem.message} Allowed, because: {reason}")
        seen.setdefault((problem.path, problem.line, problem.code), problem)
    return sorted(seen.values(), key=lambda p: (p.path, p.line, p.code, p.message))


@dataclass(frozen=True, slots=True)
class Look:
    """How the folders are looked at."""

    today: date
    against: str | None = None
    show_allowed: bool = False


def check_paths(
    paths: Sequence[Path], today: date | None = None, against: str | None = None, *, show_allowed: bool = False
) -> list[Problem]:
    """Checks course folders, folders of course folders, and single files of a course or of the data beside them.

    `against` is a Git revision to compare answers and ids with. What cannot be
    read is a finding too. Raises `Invalid` where Git does not know the revision.
    """
    look = Look(today or utc_now().date(), against, show_allowed)
    problems: list[Problem] = []
    for path in paths:
        if path.is_dir():
            problems += _check_folder(path, look)
        elif path.is_file():
            problems += _check_file(path, look)
        else:
            problems.append(_unreadable(path, "There is no such file or folder."))
    return sorted(set(problems), key=lambda p: (p.path, p.line, p.code, p.message))


def _unreadable(path: Path, sentence: str) -> Problem:
    return Problem(str(path), 1, "X000", sentence)


def _check_folder(folder: Path, look: Look) -> list[Problem]:
    if (folder / "course.yaml").is_file():
        problems = _check_one(folder, look)
        return [replace(problem, path=str(folder / problem.path)) for problem in problems]
    if folder.name in resources.FOLDERS:
        return _check_data(folder, None, look.today)
    courses = sorted(path.parent for path in folder.glob("*/course.yaml"))
    if not courses and not any((folder / name).is_dir() for name in resources.FOLDERS):
        return [_unreadable(folder, "There is no course here: a course has a course.yaml at its top.")]
    checked = {course: _read_one(course, look) for course in courses}
    problems = [replace(each, path=str(course / each.path)) for course in courses for each in checked[course][1]]
    problems += glossaries.check({course: found for course, (found, _) in checked.items() if found is not None})
    course_ids = frozenset(course.name for course in courses)
    for name in resources.FOLDERS:
        problems += _check_data(folder / name, course_ids, look.today)
    for stray in sorted(folder.iterdir()):
        if stray.is_dir() and stray not in courses and (stray / "en").is_dir():
            problems.append(Problem(str(stray), 1, "FM001", "This course has no course.yaml; add one at its top."))
    return problems


def _check_data(folder: Path, course_ids: frozenset[str] | None, today: date) -> list[Problem]:
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    return [problem for file in files for problem in _check_data_file(file, course_ids, today)]


def _check_data_file(file: Path, course_ids: frozenset[str] | None, today: date) -> list[Problem]:
    try:
        content = load_file(file)
    except Invalid as refusal:
        return [_unreadable(file, refusal.message)]
    line_ids = _line_ids(file.parent / HOTLINES) if file.parent.name == "resources" else None
    return resources.check_data(str(file), content, file.parent.name, course_ids, today, line_ids=line_ids)


def _line_ids(file: Path) -> frozenset[str] | None:
    """Ids of the telephone lines that the file beside this one holds; None where they cannot be read."""
    try:
        facts, _problems = read_facts(str(file), load_file(file).decode())
    except (Invalid, OSError, UnicodeDecodeError):
        return None
    return None if facts is None else frozenset(read_lines(facts))


def _check_file(file: Path, look: Look) -> list[Problem]:
    """A single file is checked with its whole course, and only what concerns it is told."""
    if file.parent.name in resources.FOLDERS:
        return _check_data_file(file, None, look.today)
    for folder in file.resolve().parents:
        if (folder / "course.yaml").is_file():
            inner = file.resolve().relative_to(folder).as_posix()
            problems = _check_one(folder, look)
            return [replace(problem, path=str(file)) for problem in problems if problem.path == inner]
    return [_unreadable(file, "This file belongs to no course: no folder above it has a course.yaml.")]


def _check_one(folder: Path, look: Look) -> list[Problem]:
    return _read_one(folder, look)[1]


def _read_one(folder: Path, look: Look) -> tuple[Course | None, list[Problem]]:
    previous = files_at(folder, look.against) if look.against else None
    try:
        files = load_folder(folder)
    except Invalid as refusal:
        return None, [Problem("course.yaml", 1, "X000", refusal.message)]
    return read_and_check(
        files, folder.resolve().name, today=look.today, previous=previous, show_allowed=look.show_allowed
    )


def format_text(problems: Sequence[Problem]) -> str:
    """One line each, as compilers do; editors can jump to it."""
    return "\n".join(
        f"{p.path}:{p.line}: {p.code} {p.message}" + ("" if p.is_error else " (warning)") for p in problems
    )


def format_json(problems: Sequence[Problem]) -> str:
    return json.dumps([asdict(problem) for problem in problems], ensure_ascii=False, indent=2)


def format_github(problems: Sequence[Problem]) -> str:
    """Workflow commands, which GitHub shows beside the line in a pull request."""
    return "\n".join(
        f"::{'error' if p.is_error else 'warning'} file={_property(p.path)},line={p.line},title={p.code}"
        f"::{_data(p.message)}"
        for p in problems
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS = {"text": format_text, "json": format_json, "github": format_github}


def format_problems(problems: Sequence[Problem], name: str) -> str:
    return FORMATS[name](problems)


def exit_code(problems: Iterable[Problem]) -> int:
    """1 where anything is an error; warnings alone do not stop a build."""
    return int(any(problem.is_error for problem in problems))
