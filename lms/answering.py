"""The right answers to drawn questions, in the form a browser sends them: for demo people, load tests and tests."""

from __future__ import annotations

from collections.abc import Mapping

from lms.assessment.sittings import Sitting
from lms.assessment.tokens import item_tokens
from lms.courseware.course import Question
from lms.courseware.questions import question_type

FormValues = dict[str, list[str]]


def right_values(question: Question, tokens: Mapping[str, str]) -> FormValues:
    """Form values that earn all points; an empty mapping for what is not marked (reflections, scales, written)."""
    if question.type in ("single", "multiple", "true-false"):
        return {question.id: [tokens[option.id] for option in question.options if option.is_correct]}
    if question.type == "ordering":
        return {f"{question.id}.{tokens[item.id]}": [str(n)] for n, item in enumerate(question.options, 1)}
    if question.type in ("matching", "sort"):
        return {f"{question.id}.{tokens[left]}": [tokens[right]] for left, right in question.payload.answers}
    if question.type == "numeric":
        low = question.payload.bounds[0].low
        return {question.id: [str(float(low)) if low.denominator > 1 else str(low.numerator)]}
    if question.type == "short":
        text = next((one.source for one in question.payload if not one.source.startswith("/")), "")
        return {question.id: [text]}
    return {}


def right_answers(sitting: Sitting) -> FormValues:
    """Right answers to everything that one attempt asks."""
    values: FormValues = {}
    for question in sitting.marked_questions.values():
        items = question_type(question.type).items(question)
        values |= right_values(question, item_tokens(sitting.attempt.secret, question.id, items))
    return values
