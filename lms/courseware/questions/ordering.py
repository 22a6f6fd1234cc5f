"""Ordering: the items stand in the source in their right order and are always shuffled.

`show`: {"rows": [{"name": "<question id>.<token>", "html", "text", "choices": [{"value", "text", "is_chosen"}]}]};
a choice's value is the position 1…n. A response is {"positions": {item id: position}}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from lms.courseware.course import Option, Problem, Question
from lms.courseware.questions.block import QuestionBlock
from lms.courseware.questions.given import Values, given_rows, in_order, stored
from lms.courseware.questions.type import Json, Line, Summary
from lms.courseware.questions.written_form import write_items


class Ordering:
    name = "ordering"
    is_scored = True
    is_marked_by_hand = False

    def read(self, block: QuestionBlock) -> tuple[tuple[Option, ...], Any, list[Problem]]:
        items = block.items(block.take("ordered_list"))
        if len(items) < 2:
            message = "There is nothing to order; write the items as “1.”, “2.”, “3.” in their right order."
            block.report(block.line, "Q004", message)
        return block.options(items), None, block.problems

    def write(self, question: Question) -> str:
        return write_items(question, "{}. ")

    def items(self, question: Question) -> tuple[str, ...]:
        return tuple(option.id for option in question.options)

    def shuffled(self, question: Question, shuffle: Any, shuffle_options: bool) -> tuple[str, ...]:
        """Never the right order, where another is possible."""
        right = list(self.items(question))
        ids = list(right)
        for _ in range(20):
            shuffle.shuffle(ids)
            if ids != right:
                return tuple(ids)
        return tuple(reversed(right))

    def show(
        self, question: Question, tokens: Mapping[str, str], order: Sequence[str], response: Json | None
    ) -> Mapping[str, Any]:
        options = {option.id: option for option in question.options}
        given = stored(response, "positions", dict)
        numbers = range(1, len(options) + 1)
        return {
            "rows": [
                {
                    "name": f"{question.id}.{tokens[item]}",
                    "html": options[item].html,
                    "text": options[item].text,
                    "choices": [{"value": str(n), "text": str(n), "is_chosen": given.get(item) == n} for n in numbers],
                }
                for item in in_order(order, list(options))
            ]
        }

    def accept(self, question: Question, values: Values, tokens: Mapping[str, str]) -> Json | None:
        """Takes what there is, the same position twice as well: it is kept, and marked wrong."""
        allowed = {str(n): n for n in range(1, len(question.options) + 1)}
        given = given_rows(question, values, tokens, self.items(question), allowed)
        return {"positions": given} if given else None

    def mark(self, question: Question, response: Json | None) -> Fraction | None:
        """All or nothing; with partial credit the share of items in their place (a position given twice counts not)."""
        given = stored(response, "positions", dict)
        taken = list(given.values())
        right = sum(
            given.get(option.id) == place and taken.count(place) == 1
            for place, option in enumerate(question.options, 1)
        )
        if not question.options:
            return Fraction(0)
        share = Fraction(right, len(question.options))
        return share if question.partial_credit else Fraction(int(share == 1))

    def is_complete(self, question: Question, response: Json | None) -> bool:
        given = stored(response, "positions", dict)
        return sorted(given.values()) == list(range(1, len(question.options) + 1))

    def summarize(self, question: Question, response: Json | None) -> Summary:
        given = stored(response, "positions", dict)
        lines = tuple(
            Line(
                html=option.html,
                is_chosen=option.id in given,
                is_correct=given.get(option.id) == place,
                answer_html=str(place),
                given_html=str(given.get(option.id, "")),
                feedback_html=option.feedback_html,
            )
            for place, option in enumerate(question.options, 1)
        )
        placed = sorted((option for option in question.options if option.id in given), key=lambda o: given[o.id])
        return Summary(
            lines,
            "; ".join(f"{given[option.id]}. {option.text}" for option in placed),
            "; ".join(f"{place}. {option.text}" for place, option in enumerate(question.options, 1)),
        )
