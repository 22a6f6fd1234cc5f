"""Two-column tables: how matching and sorting questions are read, shown and marked.

`show`: {"left_title", "right_title", "rows": [{"name": "<question id>.<token>", "html", "text",
"choices": [{"value": token, "text", "is_chosen"}]}]}. A response is {"pairs": {left id: right id}}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lms.courseware.course import Option, Problem, Question
from lms.courseware.questions.block import Cell, QuestionBlock
from lms.courseware.questions.given import Values, given_rows, in_order, stored
from lms.courseware.questions.type import Json, Line, Summary
from lms.courseware.questions.written_form import source_or_text


@dataclass(frozen=True, slots=True)
class Pairing:
    """`rights` are the right-hand sides, each once, with ids r1, r2, …; `answers` pairs left ids with right ids."""

    left_title: str
    right_title: str
    rights: tuple[Option, ...]
    answers: tuple[tuple[str, str], ...]
    titles_source: tuple[str, str] = ("", "")

    def answer(self, left_id: str) -> str | None:
        return dict(self.answers).get(left_id)

    def right(self, right_id: str) -> Option | None:
        return next((option for option in self.rights if option.id == right_id), None)


def read_pairs(block: QuestionBlock) -> tuple[tuple[Option, ...], Pairing | None]:
    """The left sides as options, in order, and what belongs to each."""
    rows, lines = block.rows(block.take("table"))
    if not rows or len(rows[0]) != 2:
        message = "Write a table with two columns: on the left what is asked, on the right what belongs to it."
        block.report(block.line, "Q004", message)
        return (), None
    lefts: list[Option] = []
    rights: dict[str, Option] = {}
    answers: list[tuple[str, str]] = []
    for row, line in zip(rows[1:], lines[1:], strict=True):
        left, right = row[0], row[1]
        if not right.source:
            block.report(line, "Q004", "The right cell of this row is empty; write what belongs there.")
            continue
        known = rights.setdefault(right.source, _option(f"r{len(rights) + 1}", right, line))
        if left.source:
            lefts.append(_option(str(len(lefts) + 1), left, line))
            answers.append((lefts[-1].id, known.id))
    titles = rows[0]
    sources = (titles[0].source, titles[1].source)
    return tuple(lefts), Pairing(titles[0].text, titles[1].text, tuple(rights.values()), tuple(answers), sources)


def _option(option_id: str, cell: Cell, line: int) -> Option:
    return Option(option_id, cell.text, cell.html, line=line, source=cell.source)


class Pairs:
    """What matching and sorting have in common."""

    name = ""
    is_scored = True
    is_marked_by_hand = False
    shuffles_rights = True

    def read(self, block: QuestionBlock) -> tuple[tuple[Option, ...], Any, list[Problem]]:
        options, pairing = read_pairs(block)
        self.check(block, options, pairing)
        return options, pairing, block.problems

    def check(self, block: QuestionBlock, lefts: tuple[Option, ...], pairing: Pairing | None) -> None:
        if pairing is not None and (len(lefts) < 2 or len(pairing.rights) < 2):
            message = "There is too little to tell apart: write at least two rows with two different right sides."
            block.report(block.line, "Q004", message)

    def write(self, question: Question) -> str:
        """A table; the rows of extra wrong choices stand last."""
        pairing: Pairing = question.payload
        rows = [pairing.titles_source, ("---", "---")]
        answers = dict(pairing.answers)
        sources = {right.id: source_or_text(right) for right in pairing.rights}
        rows += [(source_or_text(left), sources[answers[left.id]]) for left in question.options]
        rows += [("", source) for right, source in sources.items() if right not in answers.values()]
        return "\n".join(f"| {_cell(left)} | {_cell(right)} |" for left, right in rows)

    def items(self, question: Question) -> tuple[str, ...]:
        rights = question.payload.rights if isinstance(question.payload, Pairing) else ()
        return tuple(option.id for option in (*question.options, *rights))

    def shuffled(self, question: Question, shuffle: Any, shuffle_options: bool) -> tuple[str, ...]:
        lefts = [option.id for option in question.options]
        rights = [item for item in self.items(question) if item not in lefts]
        if shuffle_options:
            shuffle.shuffle(lefts)
        if self.shuffles_rights:
            shuffle.shuffle(rights)
        return (*lefts, *rights)

    def show(
        self, question: Question, tokens: Mapping[str, str], order: Sequence[str], response: Json | None
    ) -> Mapping[str, Any]:
        pairing: Pairing = question.payload
        lefts = {option.id: option for option in question.options}
        rights = {option.id: option for option in pairing.rights}
        given = stored(response, "pairs", dict)
        return {
            "left_title": pairing.left_title,
            "right_title": pairing.right_title,
            "rows": [
                {
                    "name": f"{question.id}.{tokens[left]}",
                    "html": lefts[left].html,
                    "text": lefts[left].text,
                    "choices": [
                        {"value": tokens[right], "text": rights[right].text, "is_chosen": given.get(left) == right}
                        for right in in_order(order, list(rights))
                    ],
                }
                for left in in_order(order, list(lefts))
            ],
        }

    def accept(self, question: Question, values: Values, tokens: Mapping[str, str]) -> Json | None:
        lefts = [option.id for option in question.options]
        allowed = {tokens[right.id]: right.id for right in question.payload.rights}
        given = given_rows(question, values, tokens, lefts, allowed)
        return {"pairs": given} if given else None

    def mark(self, question: Question, response: Json | None) -> Fraction | None:
        """All or nothing; with partial credit the share of items that are placed right."""
        given = stored(response, "pairs", dict)
        if not question.options:
            return Fraction(0)
        right = sum(given.get(left) == answer for left, answer in question.payload.answers)
        share = Fraction(right, len(question.options))
        return share if question.partial_credit else Fraction(int(share == 1))

    def is_complete(self, question: Question, response: Json | None) -> bool:
        given = stored(response, "pairs", dict)
        return bool(question.options) and all(option.id in given for option in question.options)

    def summarize(self, question: Question, response: Json | None) -> Summary:
        given = stored(response, "pairs", dict)
        pairing: Pairing = question.payload
        lines, said, right = [], [], []
        for left in question.options:
            answer = pairing.right(pairing.answer(left.id) or "")
            chosen = pairing.right(given.get(left.id, ""))
            lines.append(
                Line(
                    html=left.html,
                    is_chosen=chosen is not None,
                    is_correct=chosen is not None and chosen == answer,
                    answer_html=answer.html if answer else "",
                    given_html=chosen.html if chosen else "",
                )
            )
            right.append(f"{left.text} → {answer.text if answer else ''}")
            if chosen is not None:
                said.append(f"{left.text} → {chosen.text}")
        return Summary(tuple(lines), "; ".join(said), "; ".join(right))


def _cell(source: str) -> str:
    return " ".join(source.replace("|", "\\|").split())
