"""The questions of a course as a form on paper: which are asked, in which order, with which letters. Pure.

A pool that draws is drawn once for each form, by a chance that hangs on course, module and the form's number alone: the
form and its key agree whenever and in whatever language they are made, and another form asks other questions.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lms.assessment.drawing import draw_questions
from lms.courseware.course import Course, Module, Option, Question, QuizSettings
from lms.courseware.questions import question_type
from lms.courseware.questions.given import in_order
from lms.courseware.questions.pairs import Pairing

PACKET, KEY = "packet", "key"
"""What is printed of a course."""

FIRST_FORM, LAST_FORM = 1, 5
"""Forms that may be asked for: each is drawn and kept once."""

HANDED_IN = ("quiz", "survey", "form")
"""Kinds of modules whose questions are a form of their own, with lines for name, agency and day."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to tick, to number or to fit: with the mark that stands before it on paper."""

    mark: str
    option: Option


@dataclass(frozen=True, slots=True)
class Asked:
    """One question on paper. `items` stand on the left, `choices` are what belongs to them (pairs only)."""

    number: int
    question: Question
    items: tuple[Item, ...]
    choices: tuple[Item, ...]
    left_title: str = ""
    right_title: str = ""

    @property
    def kind(self) -> str:
        return self.question.type

    @property
    def is_scored(self) -> bool:
        return question_type(self.question.type).is_scored

    @property
    def is_marked_by_hand(self) -> bool:
        return question_type(self.question.type).is_marked_by_hand

    @property
    def answer(self) -> str:
        """What is right, by the marks on the form; by words where there is nothing to tick. Empty for what is not
        marked, or not by a key."""
        if not self.is_scored or self.is_marked_by_hand:
            return ""
        if isinstance(self.question.payload, Pairing):
            marks = {one.option.id: one.mark for one in self.choices}
            pairs = ((one.mark, self.question.payload.answer(one.option.id)) for one in self.items)
            return "; ".join(f"{mark} → {marks.get(right or '', '–')}" for mark, right in pairs)
        if self.kind == "ordering":
            right = {option.id: place for place, option in enumerate(self.question.options, 1)}
            return "; ".join(f"{one.mark} → {right[one.option.id]}" for one in self.items)
        ticked = [one.mark for one in self.items if one.option.is_correct]
        return ", ".join(ticked) or question_type(self.kind).summarize(self.question, None).answer


@dataclass(frozen=True, slots=True)
class Form:
    """All questions of a module that one form asks, by pool."""

    pools: Mapping[str, tuple[Asked, ...]]

    @property
    def asked(self) -> tuple[Asked, ...]:
        return tuple(one for pool in self.pools.values() for one in pool)

    @property
    def points(self) -> Fraction:
        """What can be reached."""
        return sum((one.question.points for one in self.asked if one.is_scored), Fraction(0))


def points_to_pass(form: Form, pass_mark: int | None) -> Fraction | None:
    """The fewest points, in halves, that reach the mark; None where nothing can be passed."""
    if pass_mark is None or not form.points:
        return None
    doubled = form.points * pass_mark / 100 * 2
    return Fraction(-(-doubled.numerator // doubled.denominator), 2)


def form_of(course: Course, module: Module, number: int) -> Form:
    """The form of a module by the form's number; the same in all languages."""
    chance = random.Random(f"{course.id}/{module.id}/{number}")  # noqa: S311 - both sides must be able to draw it again
    drawn = draw_questions(module, module.quiz or QuizSettings(), {}, chance)
    known = {question.id: (pool.id, question) for pool in module.pools for question in pool.questions}
    pools: dict[str, list[Asked]] = {pool.id: [] for pool in module.pools}
    for place, entry in enumerate(drawn, 1):
        pool_id, question = known[entry["question"]]
        pools[pool_id].append(_asked(place, question, entry["order"]))
    return Form({name: tuple(asked) for name, asked in pools.items()})


def _asked(number: int, question: Question, order: Sequence[str]) -> Asked:
    options = {option.id: option for option in question.options}
    shown = [options[key] for key in in_order(order, list(options))]
    if question.type == "written":
        return Asked(number, question, (), ())
    if isinstance(question.payload, Pairing):
        rights = {option.id: option for option in question.payload.rights}
        choices = [rights[key] for key in in_order(order, list(rights))]
        return Asked(
            number,
            question,
            _marked(shown, numbers=True),
            _marked(choices),
            question.payload.left_title,
            question.payload.right_title,
        )
    if question.type in ("numeric", "short"):
        return Asked(number, question, (), ())
    return Asked(number, question, _marked(shown), ())


def _marked(options: Sequence[Option], *, numbers: bool = False) -> tuple[Item, ...]:
    return tuple(Item(str(place) if numbers else letter(place), option) for place, option in enumerate(options, 1))


def letter(place: int) -> str:
    """1 → A, 26 → Z, 27 → AA."""
    found = ""
    while place:
        place, rest = divmod(place - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
