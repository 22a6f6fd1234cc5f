"""How the tests of question types ask one question and answer it: read from Markdown, tokens, values, mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from lms.courseware.course import Problem, Question
from lms.courseware.questions import question_type
from lms.courseware.questions.type import QuestionType
from lms.courseware.read import read_module

HEAD = """---
id: a-quiz
title: A quiz
kind: quiz
disciplines: [shared]
minutes: 1
objectives: []
content_note: none
---

## Quiz

<!-- pool: p -->

"""


def read_question(answers: str, type_name: str, more: str = "") -> tuple[Question, list[Problem]]:
    metadata = f"<!-- q: the-question; type: {type_name}{more} -->"
    module, problems = read_module("en/a.md", f"{HEAD}### What?\n\n{metadata}\n\n{answers}\n", "en")
    assert module is not None
    return module.questions[0], problems


class Asked:
    """One question on a page: its items' tokens are their ids turned round behind an x."""

    def __init__(self, answers: str, type_name: str, more: str = "") -> None:
        self.question, self.problems = read_question(answers, type_name, more)
        self.type: QuestionType = question_type(self.question.type)
        self.tokens = {item: f"x{item[::-1]}" for item in self.type.items(self.question)}

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.problems]

    def accept(self, values: Mapping[str, Sequence[str]]) -> Any:
        return self.type.accept(self.question, values, self.tokens)

    def tick(self, *items: str) -> Any:
        return self.accept({"the-question": [self.tokens[item] for item in items]})

    def place(self, **rows: str) -> Any:
        """Rows by item id (written `i1` for 1); values as they stand on the page, or an item's id for its token."""
        named = {name.removeprefix("i"): value for name, value in rows.items()}
        return self.accept(
            {f"the-question.{self.tokens[name]}": [self.tokens.get(f"r{v}", v)] for name, v in named.items()}
        )

    def write(self, text: str) -> Any:
        return self.accept({"the-question": [text]})

    def mark(self, response: Any) -> Fraction | None:
        return self.type.mark(self.question, response)

    def show(self, response: Any = None) -> Mapping[str, Any]:
        return self.type.show(self.question, self.tokens, tuple(self.tokens), response)
