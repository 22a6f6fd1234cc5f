"""Questions teach and are fair: feedback, objectives, pools that hold enough, pairs before and after, no give-away."""

from __future__ import annotations

import re
from collections import Counter

from lms.courseware.course import Module, Question
from tests.content.curriculum import Loaded, words_in

UNSCORED = ("likert", "reflection", "written")
CHOICES = ("single", "multiple", "true-false")
"""The types whose options have feedback of their own; others explain the whole."""

LONGEST_SHARE = 0.4
"""Of four options one is the longest in a quarter of the questions by chance; more than this is a habit to be seen."""


_VERDICT = re.compile(r"<p>(Yes|No|Right|Wrong|Correct|Sí|Correcto)[.,]")


def scored(module: Module) -> list[Question]:
    return [question for question in module.questions if question.type not in UNSCORED]


def with_role(loaded: Loaded, language: str, role: str) -> list[Module]:
    return [one for one in loaded.modules_in(language) if one.quiz is not None and one.quiz.role == role]


def test_each_option_of_each_question_has_feedback(loaded: Loaded) -> None:
    bare = [
        question.id
        for module in loaded.modules()
        for question in scored(module)
        if question.type in CHOICES and not all(option.feedback_html for option in question.options)
    ]

    assert bare == []


def test_feedback_says_why_and_not_only_whether(loaded: Loaded) -> None:
    bare = [
        f"{question.id}: {option.text}"
        for module in loaded.modules()
        for question in scored(module)
        if question.type in CHOICES
        for option in question.options
        if words_in(_VERDICT.sub("", option.feedback_html)) < 2
    ]

    assert bare == []


def test_a_question_without_options_of_its_own_is_explained(loaded: Loaded) -> None:
    bare = [
        question.id
        for module in loaded.modules()
        for question in scored(module)
        if question.type not in CHOICES and not question.explanation_html
    ]

    assert bare == []


def test_every_scored_question_belongs_to_an_objective_of_its_module(loaded: Loaded) -> None:
    for module in loaded.modules():
        known = {objective.id for objective in module.objectives}
        for question in scored(module):
            assert question.lo in known, question.id


def test_each_pool_of_a_final_holds_at_least_twice_what_is_drawn(loaded: Loaded) -> None:
    (final,) = with_role(loaded, loaded.course.default_language, "final")

    assert final.quiz is not None
    assert final.quiz.pass_mark == 80
    for pool in final.pools:
        assert pool.draw is not None, pool.id
        assert len(pool.questions) >= 2 * pool.draw, pool.id


def test_before_after_and_boosters_share_a_blueprint_and_no_scored_question(loaded: Loaded) -> None:
    language = loaded.course.default_language
    roles = {role: with_role(loaded, language, role) for role in ("pre", "post", "booster-90", "booster-180")}

    assert {role: len(modules) for role, modules in roles.items()} == dict.fromkeys(roles, 1)
    modules = [modules[0] for modules in roles.values()]
    assert len({module.quiz.blueprint for module in modules if module.quiz}) == 1
    ids = Counter(question.id for module in modules for question in scored(module))
    assert [question_id for question_id, count in ids.items() if count > 1] == []
    before, after = (sorted(str(one.lo) for one in scored(module)) for module in modules[:2])
    assert set(before) == set(after)


def test_a_booster_is_short_and_nobody_has_to_pass_it(loaded: Loaded) -> None:
    for role in ("booster-90", "booster-180"):
        for module in with_role(loaded, loaded.course.default_language, role):
            assert module.minutes == 10
            assert 5 <= len(scored(module)) <= 8
            assert module.quiz is not None
            assert module.quiz.pass_mark is None
            assert module.id not in loaded.course.required_modules


def test_the_right_option_is_not_the_longest_one_too_often(loaded: Loaded) -> None:
    for language in loaded.course.languages:
        questions = [one for module in loaded.modules_in(language) for one in module.questions if one.type == "single"]
        told = sum(_tells_by_length(question) for question in questions)

        assert told <= LONGEST_SHARE * len(questions), f"{language}: {told} of {len(questions)}"


def test_in_no_quiz_that_is_compared_or_passed_the_longest_option_is_right_too_often(loaded: Loaded) -> None:
    habits = []
    for module in loaded.modules():
        if module.quiz is None or module.quiz.role == "check":
            continue
        questions = [one for one in module.questions if one.type == "single"]
        told = sum(_tells_by_length(question) for question in questions)
        if told > LONGEST_SHARE * len(questions):
            habits.append(f"{module.path}: {told} of {len(questions)}")

    assert habits == []


def _tells_by_length(question: Question) -> bool:
    lengths = sorted(len(option.text) for option in question.options)
    right = next(len(option.text) for option in question.options if option.is_correct)
    return right == lengths[-1] > lengths[-2]
