"""Marking is exact, rounds down only to be shown, and passes nobody who did not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from lms.assessment.marking import mark_attempt, unanswered
from lms.courseware.course import Module, Option, Question
from lms.courseware.folder import load_folder
from lms.courseware.read import read_course


def single(question_id: str, points: Fraction = Fraction(1)) -> Question:
    options = (Option("1", "Yes", "Yes", is_correct=True), Option("2", "No", "No"))
    return Question(question_id, "single", "<p>?</p>", "?", points=points, options=options)


RIGHT, WRONG = {"chosen": "1"}, {"chosen": "2"}


def attempt(right: int, of: int) -> tuple[list[Question], dict[str, object]]:
    """`right` right answers of so many questions."""
    questions = [single(f"q{number}") for number in range(of)]
    return questions, {question.id: RIGHT if number < right else WRONG for number, question in enumerate(questions)}


@pytest.mark.parametrize(
    ("right", "of", "pass_mark", "percent", "passed"),
    [
        (4, 5, 80, 80, True),
        (799, 1000, 80, 79, False),
        (2, 3, 67, 66, False),
        (2, 3, 66, 66, True),
        (0, 3, 0, 0, True),
        (3, 3, 100, 100, True),
        (3, 3, None, 100, None),
    ],
)
def test_a_percentage_is_rounded_down(right: int, of: int, pass_mark: int, percent: int, passed: bool | None) -> None:
    mark = mark_attempt(*attempt(right, of), pass_mark)

    assert (mark.percent, mark.passed) == (percent, passed)


def test_points_are_exact_fractions() -> None:
    questions = [single("a", Fraction(1, 3)), single("b", Fraction(1, 3)), single("c", Fraction(1, 3))]

    mark = mark_attempt(questions, dict.fromkeys("abc", RIGHT), 100)

    assert (mark.points, mark.possible, mark.passed) == (Fraction(1), Fraction(1), True)


def test_an_empty_question_earns_nothing_and_still_counts() -> None:
    mark = mark_attempt([single("a"), single("b")], {"a": RIGHT}, 80)

    assert (mark.percent, mark.passed) == (50, False)


def test_reflections_and_scales_count_for_nothing() -> None:
    thought = Question("r", "reflection", "<p>?</p>", "?")

    mark = mark_attempt([single("a"), thought], {"a": RIGHT}, 80)

    assert (mark.possible, mark.percent, mark.credits["r"]) == (1, 100, None)
    assert unanswered([thought], {}) == ()


def test_nobody_passes_before_a_trainer_has_marked_the_written_part() -> None:
    written = Question("w", "written", "<p>?</p>", "?")

    mark = mark_attempt([single("a"), written], {"a": RIGHT, "w": {"text": "Long."}}, 80)

    assert (mark.percent, mark.passed, mark.awaits_trainer) == (100, None, True)


def test_a_quiz_with_nothing_to_mark_is_neither_passed_nor_failed() -> None:
    mark = mark_attempt([Question("r", "reflection", "<p>?</p>", "?")], {}, 80)

    assert (mark.percent, mark.passed) == (None, None)


@pytest.fixture
def final(tiny_course: Path) -> Module:
    course, _ = read_course(load_folder(tiny_course), "tiny")
    assert course is not None
    module = course.module("final", "en")
    assert module is not None
    return module


def test_what_is_half_answered_counts_as_unanswered(final: Module) -> None:
    responses = {"t-single": RIGHT, "t-order": {"positions": {"1": 1}}, "t-number": {"text": "not a number"}}

    assert unanswered(final.questions, responses) == ("t-multiple", "t-true", "t-order", "t-number")
