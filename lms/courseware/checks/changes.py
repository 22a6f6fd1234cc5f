"""What changed since another state of a course: right answers without a new `rev`, ids that are gone or taken over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from lms.courseware.checks.subject import finding, shown
from lms.courseware.course import Course, Problem, Question
from lms.courseware.questions.pairs import Pairing

_SAME_WORDS = 0.8
"""Two wordings this alike are the same answer with a slip mended."""

_PLACE = re.compile(r"\bline=\d+")
"""Where a cell stands in its file. It is no part of the answer: a table that moved down the page says the same."""


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
    payload, was_payload = (_PLACE.sub("", repr(question.payload)) for question in (new, old))
    if payload != was_payload and not _alike(payload, was_payload):
        return True
    if _paired_otherwise(new, old) or _ordered_otherwise(new, old):
        return True
    ticks = {option.text: option.is_correct for option in old.options}
    if any(ticks.get(option.text, option.is_correct) != option.is_correct for option in new.options):
        return True
    right, was_right = _right(new), _right(old)
    if len(right) != len(was_right):
        return True
    return any(not any(_alike(text, other) for other in was_right) for text in right)


def _paired_otherwise(new: Question, old: Question) -> bool:
    """Whether a left side that stayed has another right side: a swap leaves nearly all of the words as they were."""
    pairs, were = _pairs(new), _pairs(old)
    return any(left in were and not _alike(right, were[left]) for left, right in pairs.items())


def _pairs(question: Question) -> dict[str, str]:
    pairing = question.payload
    if not isinstance(pairing, Pairing):
        return {}
    rights = {right.id: right.text for right in pairing.rights}
    lefts = {left.id: left.text for left in question.options}
    return {lefts[left]: rights[right] for left, right in pairing.answers}


def _ordered_otherwise(new: Question, old: Question) -> bool:
    if new.type != "ordering":
        return False
    steps, were = [option.text for option in new.options], [option.text for option in old.options]
    return [one for one in steps if one in were] != [one for one in were if one in steps]


def _right(question: Question) -> list[str]:
    return [option.text for option in question.options if option.is_correct]


def _alike(one: str, other: str) -> bool:
    """Alike in words, and the same in every digit: 24 hours is not 72 hours."""
    digits = [letter for letter in one if letter.isdigit()]
    if digits != [letter for letter in other if letter.isdigit()]:
        return False
    return one == other or SequenceMatcher(None, one[:2000], other[:2000]).ratio() >= _SAME_WORDS
