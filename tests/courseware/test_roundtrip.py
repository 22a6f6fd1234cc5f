"""Reading what the writer wrote gives the same module: for modules made up by the hundred, and for all that ship."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.courseware.course import (
    DISCIPLINES,
    FEEDBACK_POLICIES,
    MODULE_KINDS,
    QUIZ_ROLES,
    Choice,
    Module,
    Objective,
    Option,
    Pool,
    Question,
    QuizSettings,
    Scenario,
    Section,
    Step,
)
from lms.courseware.questions import TYPES
from lms.courseware.questions.likert import Scale
from lms.courseware.questions.numeric import Numbers, read_bounds
from lms.courseware.questions.pairs import Pairing
from lms.courseware.questions.short import Accepted
from lms.courseware.read import read_module
from lms.courseware.write import write_module

COURSES = Path(__file__).parents[2] / "courses"
SHIPPED = sorted(COURSES.glob("*/??/[0-9]*.md"))

DERIVED = {"html", "text", "prompt", "line", "path", "slug", "source_hash", "left_title", "right_title"}
"""What the reader works out from the author's Markdown; made-up modules do not have it."""


def bare(value: Any, also: frozenset[str] = frozenset()) -> Any:
    """The same value without lines and, where asked for, without what the reader derives."""
    if isinstance(value, tuple):
        return tuple(bare(item, also) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes = {}
    for field in fields(value):
        is_derived = field.name in also or (field.name.endswith("_html") and also)
        old = getattr(value, field.name)
        if field.name in {"line", "source_hash"} or is_derived:
            changes[field.name] = None
        else:
            changes[field.name] = bare(old, also)
    return replace(value, **changes)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_shipped_module_is_the_same_after_writing_and_reading(path: Path) -> None:
    module, problems = read_module(path.name, path.read_text(), path.parent.name)
    assert module is not None

    again, other_problems = read_module(path.name, write_module(module), path.parent.name)

    assert bare(again) == bare(module)
    assert [problem.code for problem in other_problems] == [problem.code for problem in problems]
    assert again is not None
    assert write_module(again) == write_module(module)


letters = st.characters(whitelist_categories=("L", "Nd"), max_codepoint=0x24F)
plain_words = st.lists(st.text(letters, min_size=1, max_size=8), min_size=1, max_size=6).map(" ".join)
odd_words = st.text(
    st.characters(blacklist_categories=("C", "Z"), max_codepoint=0xFFFF) | st.just(" "), min_size=1, max_size=30
).map(lambda text: " ".join(text.split()) or "x")
inlines = st.one_of(
    plain_words,
    plain_words.map(lambda words: f"*{words}*"),
    plain_words.map(lambda words: f"**{words}** and `code | {words}`"),
    plain_words.map(lambda words: f"{words} [{words}](https://example.org/x)"),
    plain_words.map(lambda words: f"{words}\nnext line"),
)
one_line = inlines.map(lambda text: text.replace("\n", " "))
prose = st.lists(
    st.one_of(
        plain_words,
        inlines.map(lambda text: f"- {text}".replace("\n", " ")),
        plain_words.map(lambda words: f"> [!WARNING]\n> {words}"),
        plain_words.map(lambda words: f"#### {words}"),
        plain_words.map(lambda words: f"| a | b |\n| --- | --- |\n| {words} | c |"),
        plain_words.map(lambda words: f"```text\n## {words}\n<!-- q: no -->\n```"),
    ),
    max_size=3,
).map("\n\n".join)
slugs = st.from_regex(r"[a-z][a-z0-9]{2,8}(-[a-z0-9]{1,5})?", fullmatch=True)
flags = st.booleans()
shares = st.sampled_from([Fraction(1, 2), Fraction(1, 3), Fraction(0), Fraction(1), Fraction(1, 8)])


def options(source: Any, minimum: int, has_boxes: bool) -> Any:
    def build(items: list[tuple[str, bool, str, Fraction | None, bool]]) -> tuple[Option, ...]:
        return tuple(
            Option(
                id=f"opt-{number}" if is_named else str(number),
                text="",
                html="",
                is_correct=has_boxes and is_correct,
                feedback_source=feedback,
                credit=credit if has_boxes else None,
                source=text,
            )
            for number, (text, is_correct, feedback, credit, is_named) in enumerate(items, 1)
        )

    item = st.tuples(source, flags, st.just("") | inlines, st.none() | shares, flags)
    return st.lists(item, min_size=minimum, max_size=4).map(build)


def pairings(lefts: list[str], rights: list[str], extra: list[str]) -> tuple[tuple[Option, ...], Pairing]:
    left = tuple(Option(str(n), "", "", source=text) for n, text in enumerate(lefts, 1))
    wanted = [rights[n % len(rights)] for n in range(len(lefts))]
    distinct = list(dict.fromkeys([*wanted, *extra]))
    right = tuple(Option(f"r{n}", "", "", source=text) for n, text in enumerate(distinct, 1))
    answers = tuple((left[n].id, f"r{distinct.index(text) + 1}") for n, text in enumerate(wanted))
    return left, Pairing("", "", right, answers, ("Left", "Right"))


def numbers(sources: list[str], unit: str) -> tuple[tuple[Option, ...], Numbers]:
    bounds = tuple(found for source in sources if (found := read_bounds(source)))
    return codes(sources), Numbers(bounds, unit)


def codes(sources: list[str]) -> tuple[Option, ...]:
    return tuple(Option(str(n), "", "", is_correct=True, source=source) for n, source in enumerate(sources, 1))


def answered(draw: st.DrawFn, type_name: str) -> tuple[tuple[Option, ...], Any, tuple[tuple[str, str], ...]]:
    """Options, payload and the type's own settings."""
    if type_name in {"single", "multiple", "true-false"}:
        return draw(options(inlines, 2, True)), None, ()
    if type_name in {"matching", "sort"}:
        some = st.lists(one_line, min_size=2, max_size=4, unique=True)
        return *pairings(draw(some), draw(some), draw(st.lists(one_line, max_size=1))), ()
    if type_name == "numeric":
        unit = draw(st.sampled_from(["", "days"]))
        found = numbers(draw(st.lists(st.sampled_from(["45", "3 ± 0.5", "-2..4"]), min_size=1, max_size=3)), unit)
        return *found, (("unit", unit),) if unit else ()
    if type_name == "short":
        sources = draw(st.lists(st.sampled_from(["fraud", "/a|b/i", "a `tick`", "``", "x y"]), min_size=1, max_size=3))
        return codes(sources), tuple(Accepted(text, str(n)) for n, text in enumerate(sources, 1)), ()
    if type_name == "likert":
        found = draw(options(inlines, 1, False))
        return found, Scale(1, 7, "low", "high"), (("scale", "1..7"), ("low", "low"), ("high", "high"))
    if type_name in {"ordering", "written"}:
        return draw(options(inlines, 2, False)), None, ()
    return (), None, ()


@st.composite
def questions(draw: st.DrawFn, question_id: str) -> Question:
    type_name = draw(st.sampled_from(sorted(TYPES)))
    found, payload, own = answered(draw, type_name)
    return Question(
        id=question_id,
        type=type_name,
        prompt_html="",
        prompt="",
        lo=draw(st.none() | st.just("LO1")),
        points=draw(st.sampled_from([Fraction(1), Fraction(2), Fraction(1, 2), Fraction(1, 3)])),
        rev=draw(st.integers(1, 3)),
        partial_credit=draw(flags),
        options=found,
        payload=payload,
        survey=draw(st.none() | st.just("pre+post")),
        settings=own,
        prompt_source=draw(one_line),
        body_source=draw(st.just("") | inlines),
        hint_source=draw(st.just("") | inlines),
        explanation_source=draw(st.just("") | inlines),
    )


@st.composite
def sections(draw: st.DrawFn, number: int) -> Section:
    kind = draw(st.sampled_from(["prose", "pool", "scenario", "inject"]))
    section = Section(
        kind=kind,
        slug="",
        title=f"Part {number}",
        title_source=f"Part {number}",
        only=draw(st.none() | st.sampled_from(DISCIPLINES)),
        is_facilitator=draw(flags),
        inject=f"inject-{number}" if kind == "inject" else None,
        inject_step=draw(st.none() | st.just("2")) if kind == "inject" else None,
        inject_minutes=draw(st.none() | st.integers(1, 999)) if kind == "inject" else None,
        source=draw(prose),
    )
    if kind == "pool":
        count = draw(st.integers(1, 3))
        asked = tuple(draw(questions(f"q{number}-{n}-x")) for n in range(count))
        pool = Pool(
            f"pool-{number}",
            section.title,
            asked,
            draw(st.none() | st.integers(1, 9)),
            holds_actions=draw(st.booleans()),
        )
        return replace(section, pool=pool)
    if kind == "scenario":
        names = [f"step{number}-{n}" for n in range(draw(st.integers(1, 3)))]
        steps = tuple(draw(step(name, names)) for name in names)
        return replace(section, scenario=Scenario(f"case-{number}", section.title, names[0], "", steps))
    return section


@st.composite
def step(draw: st.DrawFn, name: str, names: list[str]) -> Step:
    targets = draw(st.lists(st.sampled_from(names), max_size=3))
    return Step(
        id=name,
        title=f"Title {name}",
        html="",
        choices=tuple(Choice("", target, source=f"[{draw(plain_words)}](#title-{target})") for target in targets),
        score=draw(st.integers(-2, 2)),
        is_end=draw(flags),
        role=draw(st.none() | st.just("nurse")),
        source=draw(st.just("") | plain_words),
        title_source=f"Title {name}",
    )


@st.composite
def modules(draw: st.DrawFn) -> Module:
    quiz = st.builds(
        QuizSettings,
        role=st.sampled_from(QUIZ_ROLES),
        blueprint=st.none() | odd_words,
        pass_mark=st.none() | st.integers(0, 100),
        attempts=st.none() | st.integers(1, 9),
        cooldown_hours=st.integers(0, 48),
        shuffle=flags,
        shuffle_options=flags,
        feedback=st.sampled_from(FEEDBACK_POLICIES),
    )
    return Module(
        id=draw(slugs),
        path="a.md",
        language="en",
        title=draw(odd_words),
        kind=draw(st.sampled_from(MODULE_KINDS)),
        disciplines=draw(st.just(("shared",)) | st.just(DISCIPLINES[:2])),
        minutes=draw(st.integers(0, 1000)),
        objectives=(Objective("LO1", draw(odd_words)),),
        content_note=draw(st.none() | odd_words.filter(lambda text: text != "none")),
        quiz=draw(st.none() | quiz),
        jurisdictions=draw(st.just(()) | st.just(("US-MO",))),
        review_by=draw(st.none() | st.dates(date(2000, 1, 1), date(2099, 1, 1))),
        source_rev=draw(st.none() | st.just("0123")),
        sections=tuple(draw(sections(number)) for number in range(draw(st.integers(0, 3)))),
        notes_source=draw(st.just("") | st.just("[^S1]: [A source](https://example.org), checked 2026-11-20")),
    )


@given(modules())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_made_up_module_is_the_same_after_writing_and_reading(module: Module) -> None:
    read, _ = read_module("a.md", write_module(module), "en")

    assert read is not None
    assert bare(read, frozenset(DERIVED)) == bare(module, frozenset(DERIVED))
    again, _ = read_module("a.md", write_module(read), "en")
    assert bare(again) == bare(read)


@given(odd_words)
@settings(max_examples=300, deadline=None)
def test_plain_words_are_written_so_that_they_are_read_as_they_are(words: str) -> None:
    module = Module("a-module", "a.md", "en", words, "module", ("shared",), 1, (), None, None)
    module = replace(module, sections=(Section("prose", "", words, source="Text."),))

    read, problems = read_module("a.md", write_module(module), "en")

    assert read is not None
    assert (read.title, read.sections[0].title) == (words, words)
    assert problems == []


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_text_at_all_is_read_without_failing_and_comes_back_from_the_writer(text: str) -> None:
    head = "---\nid: a-module\ntitle: T\nkind: module\ndisciplines: [shared]\nminutes: 1\nobjectives: []\n"
    module, problems = read_module("a.md", f"{head}content_note: none\n---\n\n{text}", "en")

    if module is None:
        assert problems
        return
    again, _ = read_module("a.md", write_module(module), "en")
    assert again is not None
