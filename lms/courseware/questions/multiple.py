"""Multiple choice: every right option and no other is to be ticked.

`show`: {"name": question id, "options": [{"value": token, "html", "is_chosen"}]}.
A response is {"chosen": [option id, …]} in the order of the source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from lms.courseware.course import Option, Problem, Question
from lms.courseware.questions.block import QuestionBlock
from lms.courseware.questions.choices import Boxed, names, option_lines, read_options, show_options
from lms.courseware.questions.given import Values, given_choices, stored
from lms.courseware.questions.type import Json, Summary


class Multiple(Boxed):
    name = "multiple"

    def read(self, block: QuestionBlock) -> tuple[tuple[Option, ...], Any, list[Problem]]:
        options = read_options(block)
        if options and not any(option.is_correct for option in options):
            block.report(block.line, "Q005", "No option is ticked as right; put an “[x]” before each right one.")
        return options, None, block.problems

    def show(
        self, question: Question, tokens: Mapping[str, str], order: Sequence[str], response: Json | None
    ) -> Mapping[str, Any]:
        return show_options(question, tokens, order, stored(response, "chosen", list))

    def accept(self, question: Question, values: Values, tokens: Mapping[str, str]) -> Json | None:
        chosen = given_choices(question, values, tokens)
        return {"chosen": chosen} if chosen else None

    def mark(self, question: Question, response: Json | None) -> Fraction | None:
        """All or nothing; with partial credit (right − wrong) / number of right ones, from 0 to 1.

        An option's own `credit` is what ticking it adds, and makes the question one with partial credit.
        """
        chosen = set(stored(response, "chosen", list))
        right = {option.id for option in question.options if option.is_correct}
        has_credits = any(option.credit is not None for option in question.options)
        if not (question.partial_credit or has_credits) or not right:
            return Fraction(int(bool(right) and chosen == right))
        share = Fraction(0)
        for option in question.options:
            if option.id in chosen:
                usual = Fraction(1 if option.is_correct else -1, len(right))
                share += option.credit if option.credit is not None else usual
        return min(max(share, Fraction(0)), Fraction(1))

    def is_complete(self, question: Question, response: Json | None) -> bool:
        return bool(stored(response, "chosen", list))

    def summarize(self, question: Question, response: Json | None) -> Summary:
        chosen = stored(response, "chosen", list)
        right = [option.id for option in question.options if option.is_correct]
        return Summary(option_lines(question, chosen), names(question, chosen), names(question, right))
