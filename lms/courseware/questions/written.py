"""A written answer, marked by a trainer along a rubric that learners do not see beforehand.

The last list below the prompt is the rubric. `question.options` are its criteria.
`show`: {"name": question id, "text": what was written, "max_length"}. A response is {"text": as it was typed}.
"""

from __future__ import annotations

from typing import Any

from lms.courseware.course import Option, Problem, Question
from lms.courseware.questions.block import QuestionBlock
from lms.courseware.questions.given import stored
from lms.courseware.questions.reflection import Reflection
from lms.courseware.questions.type import Json, Line, Summary
from lms.courseware.questions.written_form import write_items


class Written(Reflection):
    name = "written"
    is_scored = True
    is_marked_by_hand = True

    def read(self, block: QuestionBlock) -> tuple[tuple[Option, ...], Any, list[Problem]]:
        criteria = block.options(block.items(block.take_last("bullet_list")))
        if not criteria:
            message = "The rubric is missing; list below the prompt what the trainer looks for."
            block.report(block.line, "Q004", message)
        return criteria, None, block.problems

    def write(self, question: Question) -> str:
        return write_items(question, "- ")

    def summarize(self, question: Question, response: Json | None) -> Summary:
        """The criteria as lines, for the result page once the trainer has marked the answer."""
        lines = tuple(Line(option.html, False, True) for option in question.options)
        return Summary(lines, stored(response, "text", str))
