"""Drawing the questions of an attempt: per pool, at random, those not asked before first. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from lms.courseware.course import Module, Pool, Question, QuizSettings
from lms.courseware.questions import question_type

Drawn = dict[str, Any]
"""{"question": id, "order": [item ids as shown], "rev": n}: what an attempt keeps of each question."""


def draw_questions(
    module: Module, quiz: QuizSettings, times_asked: Mapping[str, int], chance: random.Random
) -> list[Drawn]:
    """The questions of one attempt, pool by pool in the order of the page.

    `times_asked` counts how often each question was in this learner's earlier attempts: the least asked come first,
    so nothing repeats before a pool is used up.
    """
    return [
        _drawn(question, quiz, chance)
        for pool in module.pools
        for question in _from_pool(pool, quiz, times_asked, chance)
    ]


def count_asked(earlier: Sequence[Sequence[Drawn]]) -> dict[str, int]:
    """How often each question was drawn in earlier attempts."""
    counts: dict[str, int] = {}
    for drawn in earlier:
        for entry in drawn:
            counts[entry["question"]] = counts.get(entry["question"], 0) + 1
    return counts


def _from_pool(
    pool: Pool, quiz: QuizSettings, times_asked: Mapping[str, int], chance: random.Random
) -> Sequence[Question]:
    questions = list(pool.questions)
    if pool.draw is not None and pool.draw < len(questions):
        mixed = chance.sample(questions, len(questions))
        kept = sorted(mixed, key=lambda question: times_asked.get(question.id, 0))[: pool.draw]
        questions = [question for question in questions if question in kept]
    if quiz.shuffle:
        chance.shuffle(questions)
    return questions


def _drawn(question: Question, quiz: QuizSettings, chance: random.Random) -> Drawn:
    order = question_type(question.type).shuffled(question, chance, quiz.shuffle_options)
    return {"question": question.id, "order": list(order), "rev": question.rev}
