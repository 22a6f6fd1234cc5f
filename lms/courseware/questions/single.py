"""Single choice: one option is right.

`show`: {"name": question id, "options": [{"value": token, "html", "is_chosen"}]}.
A response is {"chosen": option id}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from lms.courseware.course import Option, Problem, Question
from lms.courseware.questions.block import QuestionBlock
from lms.courseware.questions.choices import Boxed, names, option_lines, read_options, show_options
from lms.courseware.questions.given import NOT_ON_THE_PAGE, Values, given_choices, stored
from lms.courseware.questions.type import Json, Summary
from lms.errors import Invalid


class Single(Boxed):
    name = "single"

    def read(self, block: QuestionBlock) -> tuple[tuple[Option, ...], Any, list[Problem]]:
        options = read_options(block)
        ticks = sum(option.is_correct for option in options)
        if options and ticks != 1:
            message = f"One option is right here, but {ticks} are ticked; mend the “[x]” or use `type: multiple`."
            block.report(block.line, "Q005", message)
        return options, None, block.problems

    def show(
        self, question: Question, tokens: Mapping[str, str], order: Sequence[str], response: Json | None
    ) -> Mapping[str, Any]:
        return show_options(question, tokens, order, [stored(response, "chosen", str)])

    def accept(self, question: Question, values: Values, tokens: Mapping[str, str]) -> Json | None:
        chosen = given_choices(question, values, tokens)
        if len(chosen) > 1:
            raise Invalid(NOT_ON_THE_PAGE, field=question.id)
        return {"chosen": chosen[0]} if chosen else None

    def mark(self, question: Question, response: Json | None) -> Fraction | None:
        """1 for the right option; another may carry a `credit` of its own."""
        chosen = stored(response, "chosen", str)
        for option in question.options:
            if option.id == chosen:
                return option.credit if option.credit is not None else Fraction(int(option.is_correct))
        return Fraction(0)

    def is_complete(self, question: Question, response: Json | None) -> bool:
        return stored(response, "chosen", str) in self.items(question)

    def summarize(self, question: Question, response: Json | None) -> Summary:
        chosen = [stored(response, "chosen", str)]
        right = [option.id for option in question.options if option.is_correct]
        return Summary(option_lines(question, chosen), names(question, chosen), names(question, right))
