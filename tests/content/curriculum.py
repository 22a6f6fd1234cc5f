"""The shipped curriculum, read once for all tests of its content, with the words that a learner meets in a module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

from lms.courseware.checks.source import Source
from lms.courseware.checks.walk import read_source
from lms.courseware.course import Course, Module, Question, Scenario
from lms.courseware.folder import load_folder
from lms.courseware.read import read_course
from tests.support.world import SHIPPED_COURSES

TEACHING = ("module", "scenario", "exercise")
"""The kinds of modules whose minutes may be claimed."""

_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"\w[\w'’-]*")


@dataclass(frozen=True)
class Loaded:
    """A course with its files, as they lie in its folder."""

    folder: Path
    course: Course
    sources: dict[str, Source]
    """By path, the Markdown files."""

    def __str__(self) -> str:
        return self.course.code

    def modules(self) -> Iterator[Module]:
        """Every module in every language."""
        for modules in self.course.files.values():
            yield from modules.values()

    def modules_in(self, language: str) -> list[Module]:
        return list(self.course.files[language].values())


@cache
def load(folder: Path) -> Loaded:
    files = load_folder(folder)
    course, problems = read_course(files, folder.name)
    assert course is not None, problems
    markdown = {path: content.decode() for path, content in files.items() if path.endswith(".md")}
    return Loaded(folder, course, {path: read_source(path, text) for path, text in markdown.items()})


FOLDERS = [path.parent for path in sorted(SHIPPED_COURSES.glob("*/course.yaml"))]
COURSE_IDS = {folder.name for folder in FOLDERS}


def all_loaded() -> list[Loaded]:
    return [load(folder) for folder in FOLDERS]


def words_in(html: str) -> int:
    return len(_WORD.findall(_TAG.sub(" ", html)))


def words_met(module: Module) -> int:
    """The words that one goes through: all prose, the drawn share of each pool, the shortest way through each story."""
    met = Fraction(0)
    for section in module.sections:
        met += words_in(section.html)
        if section.pool is not None and section.pool.questions:
            drawn = section.pool.draw or len(section.pool.questions)
            whole = sum(_words_of(question) for question in section.pool.questions)
            met += Fraction(whole * drawn, len(section.pool.questions))
        if section.scenario is not None:
            met += words_in(section.scenario.intro_html) + _shortest_way(section.scenario)
    return int(met)


def _words_of(question: Question) -> Fraction:
    """A question with its explanation, and the feedback of one option."""
    asked = (question.prompt, question.body_html, question.hint_html, question.explanation_html)
    feedback = Fraction(sum(words_in(one.feedback_html) for one in question.options), len(question.options) or 1)
    return sum(map(words_in, asked)) + sum(words_in(one.html) for one in question.options) + feedback


def _shortest_way(scenario: Scenario) -> int:
    """The words of the shortest way to an end: that of somebody who chooses well, and what everybody reads at least."""
    words = {
        step.id: words_in(step.html) + sum(words_in(choice.text) for choice in step.choices) for step in scenario.steps
    }

    def from_step(step_id: str, passed: frozenset[str]) -> int | None:
        step = scenario.step(step_id)
        if step is None or step_id in passed:
            return None
        ways = [from_step(choice.target, passed | {step_id}) for choice in step.choices]
        known = [way for way in ways if way is not None]
        if step.is_end or known:
            return words[step_id] + min(known, default=0)
        return None

    return from_step(scenario.start, frozenset()) or 0
