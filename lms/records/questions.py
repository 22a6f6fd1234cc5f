"""One question of an attempt as it was seen and answered: texts and items in the order shown. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Any

from lms.courseware.course import Option, Question
from lms.courseware.questions import question_type
from lms.courseware.questions.given import in_order, stored
from lms.courseware.questions.pairs import Pairing

PRIVATE = "private"
"""Result of a question whose answer is nobody's business: reflections, and what people say of themselves."""


def as_seen(
    question: Question,
    order: Sequence[str],
    response: Any,
    credit: str | None,
    *,
    is_submitted: bool,
    tells: bool,
    is_form: bool = False,
    met: Collection[str] | None = None,
) -> dict[str, Any]:
    """What the record says of a question. `credit` is the share as it was marked then; `tells` is False where the
    person may not learn yet what is right; `met` has the lines of its list that a trainer found in a written answer,
    which nobody marks in a form.

    Of a question that is not marked only that it stood there: its text is in the source, its answer is nowhere.
    """
    kind = question_type(question.type)
    found: dict[str, Any] = {"id": question.id, "type": question.type, "revision": question.rev}
    if not kind.is_scored:
        return {**found, "result": PRIVATE}
    is_draft = kind.is_marked_by_hand and is_form
    earned = _earned(question, response, credit, is_submitted=is_submitted, is_draft=is_draft)
    may_tell = tells and is_submitted
    summary = kind.summarize(question, response)
    found |= {
        "prompt": question.prompt,
        "body": question.body_source,
        **_shown(question, order, response, may_tell=may_tell),
        "given": summary.given,
        "right_answer": summary.answer if may_tell else None,
        "points_possible": str(question.points),
        "points_earned": earned if may_tell else None,
        "result": _result(question, response, earned, is_submitted=is_submitted, tells=tells),
    }
    if met is not None and may_tell:
        found["lines"] = [{"text": _text(one), "was_met": one.id in met} for one in question.options]
    return found


def _earned(question: Question, response: Any, credit: str | None, *, is_submitted: bool, is_draft: bool) -> str | None:
    if not is_submitted:
        return None
    if credit is not None:
        return str(Fraction(credit) * question.points)
    return "0" if response is None and not is_draft else None


def _result(question: Question, response: Any, earned: str | None, *, is_submitted: bool, tells: bool) -> str:
    if response is None:
        return "unanswered"
    if not is_submitted:
        return "not-submitted"
    if not tells:
        return "withheld"
    if earned is None:
        return "not-marked"
    share = Fraction(earned)
    if share <= 0:
        return "wrong"
    return "right" if share >= question.points else "partly-right"


def _shown(question: Question, order: Sequence[str], response: Any, *, may_tell: bool) -> dict[str, Any]:
    """Options, or rows with what could be chosen, as they stood on the page."""
    if isinstance(question.payload, Pairing):
        return {"rows": _pairs(question, question.payload, order, response, may_tell=may_tell)}
    items = {option.id: option for option in question.options}
    if not question_type(question.type).items(question):
        return {}
    places = stored(response, "positions", dict)
    if question.type == "ordering":
        right = {option.id: str(place) for place, option in enumerate(question.options, 1)}
        choices = list(right.values())
        return {
            "rows": [
                {
                    "text": _text(items[key]),
                    "choices": choices,
                    "given": str(places[key]) if key in places else None,
                    "right": right[key] if may_tell else None,
                }
                for key in in_order(order, list(items))
            ]
        }
    chosen = response.get("chosen") if isinstance(response, dict) else None
    picked = [chosen] if isinstance(chosen, str) else list(chosen or ())
    return {
        "options": [
            {
                "id": key,
                "text": _text(items[key]),
                "was_chosen": key in picked,
                "is_right": items[key].is_correct if may_tell else None,
            }
            for key in in_order(order, list(items))
        ]
    }


def _pairs(
    question: Question, pairing: Pairing, order: Sequence[str], response: Any, *, may_tell: bool
) -> list[dict[str, Any]]:
    lefts = {option.id: option for option in question.options}
    rights = {option.id: option for option in pairing.rights}
    given = stored(response, "pairs", dict)
    answers = dict(pairing.answers)
    choices = [_text(rights[key]) for key in in_order(order, list(rights))]
    return [
        {
            "text": _text(lefts[key]),
            "choices": choices,
            "given": _text(rights[given[key]]) if given.get(key) in rights else None,
            "right": _text(rights[answers[key]]) if may_tell and answers.get(key) in rights else None,
        }
        for key in in_order(order, list(lefts))
    ]


def _text(option: Option) -> str:
    """What it says; the author's Markdown where that is a picture."""
    return option.text or option.source
