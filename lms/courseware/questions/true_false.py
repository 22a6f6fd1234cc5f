"""True or false: two options, always shown in the author's order.

`show` and the response are those of a single choice.
"""

from __future__ import annotations

from typing import Any

from lms.courseware.course import Option, Problem, Question
from lms.courseware.questions.block import QuestionBlock
from lms.courseware.questions.single import Single


class TrueFalse(Single):
    name = "true-false"

    def read(self, block: QuestionBlock) -> tuple[tuple[Option, ...], Any, list[Problem]]:
        options, payload, problems = super().read(block)
        if len(options) > 2:
            message = "A true-or-false question has two options; use `type: single` for more."
            block.report(block.line, "Q005", message)
        return options, payload, problems

    def shuffled(self, question: Question, shuffle: Any, shuffle_options: bool) -> tuple[str, ...]:
        return self.items(question)
