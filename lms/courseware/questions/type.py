"""What every question type can do: read itself, show itself, take an answer, mark it and sum it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from lms.courseware.course import Option, Problem, Question

Json = Any
"""What a response is stored as: plain JSON that names the question's own item ids (never the opaque tokens)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a summary: an option or item, whether it was chosen, whether it is right, and why."""

    html: str
    is_chosen: bool
    is_correct: bool
    answer_html: str = ""
    """For items that are paired or placed: what belongs there."""
    given_html: str = ""
    """For items that are paired or placed: what the learner put there."""
    feedback_html: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the result page says of one question."""

    lines: tuple[Line, ...]
    given: str = ""
    """What was answered, in plain text, for reports and for types without lines."""
    answer: str = ""
    """What is right, in plain text; empty where nothing is right or wrong."""


class QuestionType(Protocol):
    """One file in this folder holds one instance each, registered in `questions/__init__.py`.

    `tokens` maps each item id (see `items`) to the opaque value the browser sees in this attempt;
    `order` is the order in which the items are shown.
    """

    name: str
    is_scored: bool
    """False for reflections and Likert scales: answered, never marked."""
    is_marked_by_hand: bool
    """True for written answers: marked by a trainer."""

    def read(self, block: Any) -> tuple[tuple[Option, ...], Any, list[Problem]]:
        """Options, payload and problems out of the question's tokens (`QuestionBlock`, see read.py)."""

    def write(self, question: Question) -> str:
        """The answers as Markdown, as `read` takes them; empty where there are none."""

    def items(self, question: Question) -> tuple[str, ...]:
        """Ids of all that gets an opaque token: options; for pairs both the left and the right sides."""

    def shuffled(self, question: Question, shuffle: Any, shuffle_options: bool) -> tuple[str, ...]:
        """The order to show the items in, by `shuffle` (a random.Random): ordering is always shuffled."""

    def show(
        self, question: Question, tokens: Mapping[str, str], order: Sequence[str], response: Json | None
    ) -> Mapping[str, Any]:
        """The data that `templates/questions/<name>.html` renders; holds nothing that tells what is right."""

    def accept(self, question: Question, values: Mapping[str, Sequence[str]], tokens: Mapping[str, str]) -> Json | None:
        """The response out of form values named `<question-id>` or `<question-id>.<token>`.

        None when nothing was answered. Raises `lms.errors.Invalid` for a value that was not on the page.
        """

    def mark(self, question: Question, response: Json | None) -> Fraction | None:
        """The share of the points earned, 0..1, exact; None where nothing is marked (or not by machine)."""

    def is_complete(self, question: Question, response: Json | None) -> bool:
        """Whether every part of the question was answered."""

    def summarize(self, question: Question, response: Json | None) -> Summary:
        """What was given and what is right, for the result page."""
