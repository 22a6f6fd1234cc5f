"""A number: right within a tolerance or range, written with a point or a comma, with or without its unit.

The author writes `` - `45 ± 2` ``, `` - `30..44` `` or `` - `45` ``; several lines are several right answers.
`show`: {"name": question id, "text": what was given, "unit"}. A response is {"text": as it was typed}.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from lms.courseware.course import Option, Problem, Question
from lms.courseware.questions.block import QuestionBlock
from lms.courseware.questions.code_answers import take_codes
from lms.courseware.questions.given import Values, given_text, stored
from lms.courseware.questions.type import Json, Line, Summary
from lms.courseware.questions.typed import Typed
from lms.courseware.questions.written_form import write_codes

MOST_CHARACTERS = 100
_NUMBER = r"[-+]?\d{1,15}(?:\.\d{1,9})?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*\Z", re.ASCII)
_AROUND = re.compile(rf"\s*({_NUMBER})\s*(?:(?:±|\+/?-)\s*(\d{{1,15}}(?:\.\d{{1,9}})?))?\s*\Z", re.ASCII)
_PLAIN = re.compile(r"[-+]?[0-9][0-9.,' ]*\Z|[-+]?[.,][0-9]+\Z")


@dataclass(frozen=True, slots=True)
class Bounds:
    """A right answer lies from `low` to `high`, both included."""

    low: Fraction
    high: Fraction
    source: str


@dataclass(frozen=True, slots=True)
class Numbers:
    bounds: tuple[Bounds, ...]
    unit: str = ""
    other_units: tuple[str, ...] = ()
    """How the unit is called in the course's other languages: read, and not shown."""

    def read(self, text: str) -> frozenset[Fraction]:
        """Every number that the text can mean, with or without the unit in any language."""
        return frozenset().union(*(read_numbers(text, unit) for unit in (self.unit, *self.other_units)))


def taking_also(question: Question, others: Iterable[Question]) -> Question:
    """The question, answered rightly also with the unit of the course's other languages: “18 años” is 18 years."""
    units = tuple(other.payload.unit for other in others)
    return replace(question, payload=replace(question.payload, other_units=units))


def read_bounds(source: str) -> Bounds | None:
    """Bounds out of `45 ± 2`, `30..44` or `45`; None where it is none of these."""
    source = source.replace("−", "-")
    if match := _RANGE.match(source):
        low, high = Fraction(match[1]), Fraction(match[2])
        return Bounds(low, high, source.strip()) if low <= high else None
    if match := _AROUND.match(source):
        middle, width = Fraction(match[1]), Fraction(match[2] or 0)
        return Bounds(middle - width, middle + width, source.strip())
    return None


def read_numbers(text: str, unit: str = "") -> frozenset[Fraction]:
    """Every number that a typed text can mean, in English or Spanish ways of writing; none where it is no number.

    `1,5` is one and a half; `1,500` is fifteen hundred to some and one and a half to others, so it is both.
    """
    text = unicodedata.normalize("NFKC", text).replace("−", "-").casefold().strip().rstrip(".")
    unit = unicodedata.normalize("NFKC", unit).casefold()
    for affix in filter(None, (unit, unit.rstrip("s"), "%", "$")):
        text = text.removesuffix(affix).strip().removeprefix(affix if affix == "$" else "\0").strip()
    if len(text) > MOST_CHARACTERS or not _PLAIN.match(text):
        return frozenset()
    text = text.replace("'", "").replace(" ", "")
    readings = set()
    for decimal, thousands in ((".", ","), (",", ".")):
        whole, _, part = text.partition(decimal)
        grouped = rf"[-+]?[1-9]\d{{0,2}}(?:{re.escape(thousands)}\d{{3}})+"
        is_grouped = thousands not in whole or re.fullmatch(grouped, whole)
        if decimal in part or thousands in part or not is_grouped:
            continue
        digits = whole.replace(thousands, "") + (f".{part}" if part else "")
        if re.fullmatch(r"[-+]?(\d+(\.\d+)?|\.\d+)", digits):
            readings.add(Fraction(digits))
    return frozenset(readings)


class Numeric(Typed):
    name = "numeric"

    def read(self, block: QuestionBlock) -> tuple[tuple[Option, ...], Any, list[Problem]]:
        bounds = []
        options = take_codes(block)
        for option in options:
            found = read_bounds(option.source)
            if found is None:
                message = f"“{option.source[:40]}” is no number; write it as `45`, `45 ± 2` or `30..44`."
                block.report(option.line, "Q009", message)
            else:
                bounds.append(found)
        if not options:
            block.report(block.line, "Q009", "The right number is missing; write it in a list as - `45 ± 2`.")
        return options, Numbers(tuple(bounds), block.value("unit")), block.problems

    def write(self, question: Question) -> str:
        return write_codes(question)

    def show(
        self, question: Question, tokens: Mapping[str, str], order: Sequence[str], response: Json | None
    ) -> Mapping[str, Any]:
        return {"name": question.id, "text": stored(response, "text", str), "unit": question.payload.unit}

    def accept(self, question: Question, values: Values, tokens: Mapping[str, str]) -> Json | None:
        """Takes any short text, so that nothing typed is lost; what is no number counts as not complete."""
        text = given_text(question, values, MOST_CHARACTERS)
        return None if text is None else {"text": text.strip()}

    def mark(self, question: Question, response: Json | None) -> Fraction | None:
        return Fraction(int(self._bounds(question, response) is not None))

    def is_complete(self, question: Question, response: Json | None) -> bool:
        return bool(question.payload.read(stored(response, "text", str)))

    def summarize(self, question: Question, response: Json | None) -> Summary:
        met = self._bounds(question, response)
        lines = tuple(
            Line(option.html, True, True, feedback_html=option.feedback_html)
            for option in question.options
            if met is not None and option.feedback_html and read_bounds(option.source) == met
        )
        unit = f" {question.payload.unit}" if question.payload.unit else ""
        answer = "; ".join(_said(bounds) + unit for bounds in question.payload.bounds)
        return Summary(lines, stored(response, "text", str), answer)

    def _bounds(self, question: Question, response: Json | None) -> Bounds | None:
        readings = question.payload.read(stored(response, "text", str))
        hits = (b for b in question.payload.bounds if any(b.low <= number <= b.high for number in readings))
        return next(hits, None)


def _said(bounds: Bounds) -> str:
    if bounds.low == bounds.high:
        return _decimal(bounds.low)
    return f"{_decimal(bounds.low)} – {_decimal(bounds.high)}"


def _decimal(number: Fraction) -> str:
    """An exact decimal: bounds are written as decimals, so they never run on."""
    return f"{(Decimal(number.numerator) / Decimal(number.denominator)).normalize():f}"
