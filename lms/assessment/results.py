"""What an attempt's pages say of each question: as it is shown to answer, and as it was answered and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lms.assessment.by_hand import marks_of, shares
from lms.assessment.marking import mark_attempt, unanswered
from lms.assessment.models import MarkedAnswer, Response
from lms.assessment.sittings import Sitting, values_of
from lms.assessment.tokens import item_tokens, response_mark
from lms.courseware.course import Module, Question
from lms.courseware.questions import question_type
from lms.courseware.questions.type import Summary


@dataclass(frozen=True, slots=True)
class Shown:
    """A question as it is put to the learner; nothing in it tells what is right."""

    question: Question
    show: Mapping[str, Any]
    pool_title: str
    sequence: int
    mark: str
    """Goes into the page as `seen.<question id>` (see `answers.changed_responses`)."""
    feedback: Told | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A question as it was answered. `credit` is the share earned, None where nothing is marked."""

    question: Question
    summary: Summary
    credit: Fraction | None
    is_answered: bool
    is_awaiting: bool
    is_scored: bool
    pool_title: str = ""
    reread: tuple[Module, ...] = ()
    met: tuple[str, ...] | None = None
    """Of a written answer that was marked: ids of the lines of the list that it meets."""
    comment: str = ""

    @property
    def is_right(self) -> bool:
        return self.credit is not None and self.credit >= 1


def shown_questions(
    sitting: Sitting, responses: Mapping[str, Response], language: str, entered: Mapping[str, Any] | None = None
) -> list[Shown]:
    """The drawn questions to answer. `entered` holds responses of a form that was refused: they are shown instead."""
    order = {entry["question"]: entry["order"] for entry in sitting.attempt.drawn}
    titles = _pool_titles(sitting, language)
    secret = sitting.attempt.secret
    given = values_of(responses)
    has_feedback = gives_feedback_at_once(sitting)
    shown = []
    for question_id, question in sitting.questions(language).items():
        kind = question_type(question.type)
        kept = given.get(question_id)
        response = {**given, **(entered or {})}.get(question_id)
        tokens = item_tokens(secret, question_id, kind.items(question))
        is_told = has_feedback and kept is not None and kind.is_scored and not kind.is_marked_by_hand
        shown.append(
            Shown(
                question=question,
                show=kind.show(question, tokens, order[question_id], response),
                pool_title=titles.get(question_id, ""),
                sequence=responses[question_id].sequence if question_id in responses else 0,
                mark=response_mark(secret, question_id, kept),
                feedback=_told(sitting, question, kept, language, None) if is_told else None,
            )
        )
    return shown


def gives_feedback_at_once(sitting: Sitting) -> bool:
    """Whether saved answers are explained before the end. Never where somebody may pass or fail: there it would be
    a way to try every option."""
    return sitting.quiz.feedback == "immediate" and sitting.attempt.pass_mark is None


def told_questions(sitting: Sitting, responses: Mapping[str, Response], language: str) -> list[Told]:
    """Each question of a submitted attempt: what was given, what is right, why, and what to read again."""
    given = values_of(responses)
    marks = marks_of(sitting.attempt.id) if sitting.attempt.marked_at is not None else {}
    return [
        _told(sitting, question, given.get(key), language, marks.get(key))
        for key, question in sitting.questions(language).items()
    ]


def _told(sitting: Sitting, question: Question, response: Any, language: str, marked: MarkedAnswer | None) -> Told:
    kind = question_type(question.type)
    is_form = sitting.module(language).is_form
    is_draft = kind.is_marked_by_hand and is_form
    by_hand = shares({question.id: question}, {question.id: marked} if marked is not None else {})
    mark = mark_attempt((question,), {question.id: response}, None, by_hand, is_form=is_form)
    credit = mark.credits[question.id]
    is_right = credit is None or credit >= 1
    return Told(
        question=question,
        summary=kind.summarize(question, response),
        credit=credit,
        is_answered=response is not None,
        is_awaiting=mark.awaits_trainer,
        is_scored=kind.is_scored and not is_draft,
        pool_title=_pool_titles(sitting, language).get(question.id, ""),
        reread=() if is_right else reread(sitting, question, language),
        met=tuple(marked.met) if marked is not None else None,
        comment=marked.comment if marked is not None else "",
    )


def reread(sitting: Sitting, question: Question, language: str) -> tuple[Module, ...]:
    """The modules to read that teach the question's objective; the quiz's own module only if it is one to read."""
    if question.lo is None:
        return ()
    modules = (sitting.course.module(entry.id, language) for entry in sitting.course.core_modules)
    return tuple(
        module
        for module in modules
        if module is not None
        and module.kind in ("module", "scenario")
        and any(objective.id == question.lo for objective in module.objectives)
    )


def empty_questions(sitting: Sitting, question_ids: Sequence[str], language: str) -> list[tuple[int, Question]]:
    """The named questions with their number on the page."""
    questions = sitting.questions(language)
    return [(number, question) for number, (key, question) in enumerate(questions.items(), 1) if key in question_ids]


def count_unanswered(sitting: Sitting, responses: Mapping[str, Response]) -> int:
    return len(unanswered(sitting.marked_questions.values(), values_of(responses)))


def _pool_titles(sitting: Sitting, language: str) -> dict[str, str]:
    """Under which heading each question stands in its module."""
    return {
        question.id: section.title
        for section in sitting.module(language).sections
        if section.pool is not None
        for question in section.pool.questions
    }
