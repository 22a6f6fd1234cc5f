"""Marking: questions and responses in, exact points and a percentage rounded down out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lms.courseware.course import Question
from lms.courseware.questions import question_type


@dataclass(frozen=True, slots=True)
class Mark:
    """What an attempt is worth. `percent` is a whole number, rounded down: 79.9 does not pass an 80.

    `passed` is None where nobody passes or fails: no pass mark, nothing to mark, or a trainer has yet to mark a part.
    `credits` is the share earned of each question, None where nobody has marked it, or nobody will.
    """

    points: Fraction
    possible: Fraction
    percent: int | None
    passed: bool | None
    awaits_trainer: bool
    credits: Mapping[str, Fraction | None]


def mark_attempt(
    questions: Iterable[Question],
    responses: Mapping[str, Any],
    pass_mark: int | None,
    by_hand: Mapping[str, Fraction] | None = None,
    *,
    is_form: bool = False,
) -> Mark:
    """Mark the drawn questions of an attempt. Exact fractions throughout; an empty question earns nothing.

    `by_hand` has the shares that a trainer found in written answers, by question. In a form nobody marks those.
    """
    points = possible = Fraction(0)
    awaits_trainer = False
    credits: dict[str, Fraction | None] = {}
    for question in questions:
        kind = question_type(question.type)
        response = responses.get(question.id)
        credit = kind.mark(question, response) if kind.is_scored else None
        if kind.is_scored and kind.is_marked_by_hand and not is_form:
            is_empty = not kind.is_complete(question, response)
            credit = Fraction(0) if is_empty else (by_hand or {}).get(question.id)
            awaits_trainer = awaits_trainer or credit is None
        credits[question.id] = credit
        if credit is not None:
            points += credit * question.points
            possible += question.points
    percent = points * 100 // possible if possible else None
    passed = None if pass_mark is None or percent is None or awaits_trainer else percent >= pass_mark
    return Mark(points, possible, percent, passed, awaits_trainer, credits)


def unanswered(questions: Iterable[Question], responses: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids of the questions that count and are not answered whole; reflections and scales may always stay empty."""
    return tuple(
        question.id
        for question in questions
        if question_type(question.type).is_scored
        and not question_type(question.type).is_complete(question, responses.get(question.id))
    )
