"""Drawing: as many as the author says, nothing twice before all were asked, orders that give nothing away."""

from __future__ import annotations

import random
from collections import Counter

from lms.assessment.drawing import count_asked, draw_questions
from lms.assessment.tokens import item_tokens, response_mark
from lms.courseware.course import Module, Option, Pool, Question, QuizSettings, Section


def question(question_id: str, options: int = 4) -> Question:
    choices = tuple(Option(str(n), f"Option {n}", f"Option {n}", is_correct=n == 1) for n in range(1, options + 1))
    return Question(question_id, "single", "<p>?</p>", "?", options=choices)


def module(*pools: Pool) -> Module:
    sections = tuple(Section("pool", pool.id, pool.title, pool=pool) for pool in pools)
    return Module("m", "en/m.md", "en", "M", "quiz", ("shared",), 5, (), None, QuizSettings(), sections=sections)


def pool(name: str, size: int, draw: int | None = None) -> Pool:
    return Pool(name, name, tuple(question(f"{name}{n}") for n in range(size)), draw)


def ids(drawn: list[dict[str, object]]) -> list[str]:
    return [str(entry["question"]) for entry in drawn]


def test_each_pool_gives_what_it_is_asked_for_in_the_order_of_the_page() -> None:
    drawn = draw_questions(module(pool("a", 6, 2), pool("b", 3)), QuizSettings(), {}, random.Random(1))

    assert [name[0] for name in ids(drawn)] == ["a", "a", "b", "b", "b"]
    assert len(set(ids(drawn))) == 5


def test_nothing_repeats_before_a_pool_is_used_up() -> None:
    page, chance = module(pool("a", 6, 2)), random.Random(7)
    earlier: list[list[dict[str, object]]] = []
    for _ in range(3):
        earlier.append(draw_questions(page, QuizSettings(shuffle=True), count_asked(earlier), chance))

    counts = Counter(name for drawn in earlier for name in ids(drawn))

    assert set(counts.values()) == {1}


def test_a_used_up_pool_begins_again_with_what_was_asked_least() -> None:
    page, chance = module(pool("a", 3, 2)), random.Random(7)
    first = draw_questions(page, QuizSettings(), {}, chance)
    left = ({"a0", "a1", "a2"} - set(ids(first))).pop()

    second = draw_questions(page, QuizSettings(), count_asked([first]), chance)

    assert left in ids(second)


def test_every_question_of_a_pool_comes_up_about_as_often() -> None:
    page, chance, counts = module(pool("a", 5, 1)), random.Random(3), Counter()
    for _ in range(2000):
        counts.update(ids(draw_questions(page, QuizSettings(), {}, chance)))

    assert all(330 < count < 470 for count in counts.values())


def test_options_are_mixed_only_where_the_author_says_so() -> None:
    page = module(pool("a", 1))
    kept = draw_questions(page, QuizSettings(), {}, random.Random(1))
    mixed = [draw_questions(page, QuizSettings(shuffle_options=True), {}, random.Random(n)) for n in range(9)]

    assert kept[0]["order"] == ["1", "2", "3", "4"]
    assert len({tuple(drawn[0]["order"]) for drawn in mixed}) > 1


def test_values_in_the_browser_differ_from_attempt_to_attempt_and_hide_the_position() -> None:
    first = item_tokens("a" * 48, "q", ("1", "2"))
    second = item_tokens("b" * 48, "q", ("1", "2"))

    assert set(first.values()).isdisjoint(second.values())
    assert item_tokens("a" * 48, "q", ("1", "2")) == first
    assert not {"1", "2"} & set(first.values())


def test_the_mark_of_a_response_tells_one_from_another() -> None:
    marks = {response_mark("s", "q", value) for value in (None, {"chosen": "1"}, {"chosen": "2"}, {"text": "é"})}

    assert len(marks) == 4
