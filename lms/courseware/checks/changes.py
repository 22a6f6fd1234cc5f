"""What changed since another state of a course: right answers without a new `rev`, ids that are gone or taken over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from lms.courseware.checks.subject import finding, shown
from lms.courseware.course import Course, Problem, Question

_SAME_WORDS = 0.8
"""Two wordings this alike are the same answer with a slip mended."""


def check(course: Course, previous: Course) -> Iterator[Problem]:
    """Learners' records point at questions by id, so an id keeps its meaning for ever."""
    for language, modules in course.files.items():
        now = _questions(course, language)
        before = _questions(previous, language)
        for question_id, old in before.items():
            if question_id not in now:
                path = next((module.path for module in modules.values()), "course.yaml")
                place = old.path if any(module.path == old.path for module in modules.values()) else path
                message = f"The question {question_id} is gone. Never give its id to another question."
                yield finding(place, 1, "Q014", message)
            else:
                yield from _question(now[question_id], old)


def _questions(course: Course, language: str) -> Mapping[str, Question]:
    return {q.id: q for module in course.files.get(language, {}).values() for q in module.questions}


def _question(new: Question, old: Question) -> Iterator[Problem]:
    if new.rev < old.rev:
        message = f"`rev` went from {old.rev} to {new.rev}; it only ever grows."
        yield finding(new.path, new.line, "Q013", message)
    elif new.type != old.type and new.rev == old.rev:
        message = (
            f"{new.id} was a {old.type} question and is now {new.type}: give it `rev: {old.rev + 1}`, or a new id."
        )
        yield finding(new.path, new.line, "Q014", message)
    elif new.rev == old.rev and _answer_changed(new, old):
        message = f"The right answer of {shown(new.prompt)} has changed: write `rev: {old.rev + 1}` in its hidden line."
        yield finding(new.path, new.line, "Q013", message)


def _answer_changed(new: Question, old: Question) -> bool:
    if repr(new.payload) != repr(old.payload) and not _alike(repr(new.payload), repr(old.payload)):
        return True
    ticks = {option.text: option.is_correct for option in old.options}
    if any(ticks.get(option.text, option.is_correct) != option.is_correct for option in new.options):
        return True
    right, was_right = _right(new), _right(old)
    if len(right) != len(was_right):
        return True
    return any(not any(_alike(text, other) for other in was_right) for text in right)


def _right(question: Question) -> list[str]:
    return [option.text for option in question.options if option.is_correct]


def _alike(one: str, other: str) -> bool:
    """Alike in words, and the same in every digit: 24 hours is not 72 hours."""
    digits = [letter for letter in one if letter.isdigit()]
    if digits != [letter for letter in other if letter.isdigit()]:
        return False
    return one == other or SequenceMatcher(None, one[:2000], other[:2000]).ratio() >= _SAME_WORDS
