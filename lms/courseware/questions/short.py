"""A short answer: one of several texts (case and spaces folded, accents kept) or patterns, matched in linear time.

The author writes `` - `text` `` or `` - `/pattern/i` ``; a pattern has to fit the whole answer.
`show`: {"name": question id, "text": what was given}. A response is {"text": as it was typed}.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import re2

from lms.courseware.course import Option, Problem, Question
from lms.courseware.questions.block import QuestionBlock
from lms.courseware.questions.code_answers import take_codes
from lms.courseware.questions.given import Values, given_text, stored
from lms.courseware.questions.type import Json, Line, Summary
from lms.courseware.questions.typed import Typed
from lms.courseware.questions.written_form import write_codes

MOST_CHARACTERS = 500
LONGEST_PATTERN = 500
PATTERN_MEMORY_BYTES = 1 << 20
_PATTERN = re.compile(r"/(.*)/(i?)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Accepted:
    """One right answer as written: a text, or a pattern between slashes."""

    source: str
    option_id: str
    """Empty for what another language of the course takes: it counts, and is not shown."""

    def fits(self, text: str) -> bool:
        match = _PATTERN.match(self.source)
        if match is None:
            return fold(text) == fold(self.source)
        pattern = compile_pattern(match[1], bool(match[2]))
        return pattern is not None and pattern.fullmatch(_spaced(text)) is not None


def taking_also(question: Question, others: Iterable[Question]) -> Question:
    """The question, answered rightly also by what it takes in the course's other languages.

    Marking knows no language: whoever answers in Spanish is right where the Spanish text says so, and stays right when
    the page is looked at in English.
    """
    more = tuple(Accepted(accepted.source, "") for other in others for accepted in other.payload)
    return replace(question, payload=(*question.payload, *more))


def fold(text: str) -> str:
    """The text without differences of case, space or the way accents are stored; accents themselves stay."""
    return unicodedata.normalize("NFC", _spaced(text).casefold())


def _spaced(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


@lru_cache(maxsize=512)
def compile_pattern(pattern: str, ignores_case: bool) -> Any | None:
    """A compiled pattern, or None where RE2 does not take it (it takes none that could run away)."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_MEMORY_BYTES
    options.case_sensitive = not ignores_case
    try:
        return re2.compile(pattern, options=options) if len(pattern) <= LONGEST_PATTERN else None
    except (re2.error, ValueError, UnicodeError):
        return None


class Short(Typed):
    name = "short"

    def read(self, block: QuestionBlock) -> tuple[tuple[Option, ...], Any, list[Problem]]:
        options = take_codes(block)
        for option in options:
            match = _PATTERN.match(option.source)
            if match is not None and compile_pattern(match[1], bool(match[2])) is None:
                message = (
                    f"The pattern {option.source[:40]} cannot be used. Back references and look-around are not taken, "
                    "since they can run away."
                )
                block.report(option.line, "Q010", message)
            elif not option.source.strip():
                block.report(option.line, "Q009", "This answer is empty; write it between backticks.")
        if not options:
            block.report(block.line, "Q009", "The right answer is missing; write it in a list as - `answer`.")
        return options, tuple(Accepted(option.source, option.id) for option in options), block.problems

    def write(self, question: Question) -> str:
        return write_codes(question)

    def show(
        self, question: Question, tokens: Mapping[str, str], order: Sequence[str], response: Json | None
    ) -> Mapping[str, Any]:
        return {"name": question.id, "text": stored(response, "text", str)}

    def accept(self, question: Question, values: Values, tokens: Mapping[str, str]) -> Json | None:
        text = given_text(question, values, MOST_CHARACTERS)
        return None if text is None else {"text": text}

    def mark(self, question: Question, response: Json | None) -> Fraction | None:
        return Fraction(int(self._met(question, response) is not None))

    def is_complete(self, question: Question, response: Json | None) -> bool:
        return bool(stored(response, "text", str).strip())

    def summarize(self, question: Question, response: Json | None) -> Summary:
        met = self._met(question, response)
        lines = tuple(
            Line(option.html, True, True, feedback_html=option.feedback_html)
            for option in question.options
            if met is not None and option.id == met.option_id and option.feedback_html
        )
        own = (accepted.source for accepted in question.payload if accepted.option_id)
        texts = [source for source in own if not _PATTERN.match(source)]
        return Summary(lines, stored(response, "text", str), " / ".join(texts))

    def _met(self, question: Question, response: Json | None) -> Accepted | None:
        text = stored(response, "text", str)
        if not text.strip() or len(text) > MOST_CHARACTERS:
            return None
        return next((accepted for accepted in question.payload if accepted.fits(text)), None)
