"""A Likert scale: how far one agrees with each statement; never marked, compared before and after.

`show`: {"low", "high": what the ends mean, "rows": [{"name": "<question id>.<token>", "html", "text",
"choices": [{"value": "1"…, "text", "is_chosen"}]}]}. A response is {"ratings": {statement id: number}}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lms.courseware.course import Option, Problem, Question
from lms.courseware.questions.block import QuestionBlock
from lms.courseware.questions.given import Values, given_rows, in_order, stored
from lms.courseware.questions.type import Json, Line, Summary
from lms.courseware.questions.written_form import write_items

_SCALE = re.compile(r"(\d{1,2})\s*\.\.\s*(\d{1,2})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Scale:
    """From `first` to `last`, both included; `low` and `high` say what the ends mean."""

    first: int = 1
    last: int = 5
    low: str = ""
    high: str = ""

    @property
    def numbers(self) -> range:
        return range(self.first, self.last + 1)

    def said(self, number: int) -> str:
        end = {self.first: self.low, self.last: self.high}.get(number, "")
        return f"{number} · {end}" if end else str(number)


class Likert:
    name = "likert"
    is_scored = False
    is_marked_by_hand = False

    def read(self, block: QuestionBlock) -> tuple[tuple[Option, ...], Any, list[Problem]]:
        options = block.options(block.items(block.take_last("bullet_list")))
        if not options:
            block.report(block.line, "Q004", "There is no statement; write each one as a list item.")
        first, last = 1, 5
        match = _SCALE.match(block.value("scale", "1..5"))
        if match and 2 <= int(match[2]) - int(match[1]) + 1 <= 11:
            first, last = int(match[1]), int(match[2])
        else:
            block.report(block.line, "FM002", "`scale` is written as 1..5, with at most eleven steps.")
        return options, Scale(first, last, block.value("low"), block.value("high")), block.problems

    def write(self, question: Question) -> str:
        return write_items(question, "- ")

    def items(self, question: Question) -> tuple[str, ...]:
        return tuple(option.id for option in question.options)

    def shuffled(self, question: Question, shuffle: Any, shuffle_options: bool) -> tuple[str, ...]:
        """Statements keep their order, so that before and after are asked alike."""
        return self.items(question)

    def show(
        self, question: Question, tokens: Mapping[str, str], order: Sequence[str], response: Json | None
    ) -> Mapping[str, Any]:
        scale: Scale = question.payload
        given = stored(response, "ratings", dict)
        options = {option.id: option for option in question.options}
        return {
            "low": scale.low,
            "high": scale.high,
            "rows": [
                {
                    "name": f"{question.id}.{tokens[item]}",
                    "html": options[item].html,
                    "text": options[item].text,
                    "choices": [
                        {"value": str(n), "text": scale.said(n), "is_chosen": given.get(item) == n}
                        for n in scale.numbers
                    ],
                }
                for item in in_order(order, list(options))
            ],
        }

    def accept(self, question: Question, values: Values, tokens: Mapping[str, str]) -> Json | None:
        allowed = {str(n): n for n in question.payload.numbers}
        given = given_rows(question, values, tokens, self.items(question), allowed)
        return {"ratings": given} if given else None

    def mark(self, question: Question, response: Json | None) -> Fraction | None:
        return None

    def is_complete(self, question: Question, response: Json | None) -> bool:
        given = stored(response, "ratings", dict)
        return bool(question.options) and all(item in given for item in self.items(question))

    def summarize(self, question: Question, response: Json | None) -> Summary:
        given = stored(response, "ratings", dict)
        lines = tuple(
            Line(
                option.html,
                is_chosen=option.id in given,
                is_correct=False,
                given_html=str(given.get(option.id, "")),
            )
            for option in question.options
        )
        said = "; ".join(f"{option.text}: {given[option.id]}" for option in question.options if option.id in given)
        return Summary(lines, said)
