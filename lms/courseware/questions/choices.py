"""Options with boxes: how single, multiple and true-false questions are read and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lms.courseware.course import Option, Question
from lms.courseware.document import Block
from lms.courseware.questions.block import QuestionBlock
from lms.courseware.questions.given import in_order
from lms.courseware.questions.type import Line
from lms.courseware.questions.written_form import write_options


class Boxed:
    """What all of them do alike."""

    is_scored = True
    is_marked_by_hand = False

    def write(self, question: Question) -> str:
        return write_options(question)

    def items(self, question: Question) -> tuple[str, ...]:
        return tuple(option.id for option in question.options)

    def shuffled(self, question: Question, shuffle: Any, shuffle_options: bool) -> tuple[str, ...]:
        ids = list(self.items(question))
        if shuffle_options:
            shuffle.shuffle(ids)
        return tuple(ids)


def read_options(block: QuestionBlock) -> tuple[Option, ...]:
    """The options of every list with boxes; a list without boxes before them belongs to the prompt."""
    lists = [inner for inner in block.blocks if inner.type == "bullet_list"]
    with_boxes = [inner for inner in lists if _has_boxes(inner)] or lists
    items = block.items(block.take("bullet_list", lambda inner: inner in with_boxes))
    for item in items:
        if item.checked is None:
            message = "This option has no box; begin it with “- [ ]”, or “- [x]” where it is right."
            block.report(item.line, "Q007", message)
    options = block.options(items)
    for option in options:
        if not option.text and "<img" not in option.html:
            block.report(option.line, "Q004", "This option is empty; write what can be chosen.")
    if len(options) < 2:
        message = "There is nothing to choose from; write at least two options, each beginning with “- [ ]” or “- [x]”."
        block.report(block.line, "Q004", message)
    return options


def _has_boxes(block: Block) -> bool:
    return any(token.type == "list_item_open" and "checked" in token.meta for token in block.tokens)


def show_options(
    question: Question, tokens: Mapping[str, str], order: Sequence[str], chosen: Sequence[str]
) -> Mapping[str, Any]:
    options = {option.id: option for option in question.options}
    return {
        "name": question.id,
        "options": [
            {"value": tokens[item], "html": options[item].html, "is_chosen": item in chosen}
            for item in in_order(order, list(options))
        ],
    }


def option_lines(question: Question, chosen: Sequence[str]) -> tuple[Line, ...]:
    return tuple(
        Line(option.html, option.id in chosen, option.is_correct, feedback_html=option.feedback_html)
        for option in question.options
    )


def names(question: Question, ids: Sequence[str]) -> str:
    """The options' texts in one line."""
    return "; ".join(option.text for option in question.options if option.id in ids)
