"""A reflection: private, never graded, and in no report; only its writer sees it again.

`show`: {"name": question id, "text": what was written, "max_length"}. A response is {"text": as it was typed}.
`summarize` gives the text for the writer's own page; reports must leave types out that are not scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from lms.courseware.course import Option, Problem, Question
from lms.courseware.questions.block import QuestionBlock
from lms.courseware.questions.given import Values, given_text, stored
from lms.courseware.questions.type import Json, Summary
from lms.courseware.questions.typed import Typed

MOST_CHARACTERS = 5000


class Reflection(Typed):
    name = "reflection"
    is_scored = False

    def read(self, block: QuestionBlock) -> tuple[tuple[Option, ...], Any, list[Problem]]:
        """Everything below the heading belongs to the prompt."""
        return (), None, block.problems

    def write(self, question: Question) -> str:
        return ""

    def show(
        self, question: Question, tokens: Mapping[str, str], order: Sequence[str], response: Json | None
    ) -> Mapping[str, Any]:
        return {"name": question.id, "text": stored(response, "text", str), "max_length": MOST_CHARACTERS}

    def accept(self, question: Question, values: Values, tokens: Mapping[str, str]) -> Json | None:
        text = given_text(question, values, MOST_CHARACTERS)
        return None if text is None else {"text": text}

    def mark(self, question: Question, response: Json | None) -> Fraction | None:
        return None

    def is_complete(self, question: Question, response: Json | None) -> bool:
        return bool(stored(response, "text", str).strip())

    def summarize(self, question: Question, response: Json | None) -> Summary:
        return Summary((), stored(response, "text", str))
