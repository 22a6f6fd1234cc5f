"""A folder becomes a course: what is read, what is reported with its line, and what is never lost."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from lms.courseware.course import Module, Problem
from lms.courseware.folder import load_folder
from lms.courseware.place import placed
from lms.courseware.read import content_hash, read_course, read_module
from lms.errors import Invalid

HEAD = """---
id: first-steps
title: First steps
kind: module
disciplines: [shared]
minutes: 25
objectives:
  - {id: LO1, text: Name a first step}
content_note: Speaks of harm in general terms.
quiz: {pass_mark: 80, shuffle: true, feedback: after-submit}
---

# First steps

"""

YAML = """id: small-course
code: SC-1
disciplines: [shared]
default_language: en
languages: [en, es]
contact_minutes: 60
suggested_credit:
  - {body: a-board, type: clee, category: legal, minutes: 60}
modules:
  - {id: first-steps}
pass: {require: [first-steps]}
valid_months: 24
certificate: {design: plain, badge: false}
bank: null
owners: [team]
reviews:
  - {role: subject-expert, name: Ana, reviewed_on: 2026-11-01}
review_every_months: 12
license: CC-BY-4.0
"""

FILES = {
    "course.yaml": YAML.encode(),
    "en/course.md": b"---\ntitle: Small\nsummary: Short.\n---\n# Small\n\nFor *all*.\n",
    "en/glossary.md": b"# Glossary\n\nAct\n: What was *done*.\n\nMeans\n: How.\n",
    "en/01-first-steps.md": (HEAD + "Hello.\n").encode(),
    "es/01-first-steps.md": (HEAD + "Hola.\n").encode(),
}


def lesson(body: str) -> tuple[Module, list[Problem]]:
    module, problems = read_module("en/01-first-steps.md", HEAD + body, "en")
    assert module is not None
    return module, problems


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


def test_front_matter_is_read_whole() -> None:
    module, problems = lesson("Hello.\n")

    assert problems == []
    assert (module.id, module.title, module.kind, module.minutes) == ("first-steps", "First steps", "module", 25)
    assert module.disciplines == ("shared",)
    assert module.objectives[0].text == "Name a first step"
    assert module.content_note == "Speaks of harm in general terms."
    assert module.quiz is not None
    assert (module.quiz.pass_mark, module.quiz.shuffle, module.quiz.attempts) == (80, True, None)


@pytest.mark.parametrize(
    ("line", "replacement", "code", "number"),
    [
        ("kind: module", "kind: lecture", "FM002", 4),
        ("minutes: 25", "minutes: long", "FM002", 6),
        ("minutes: 25", "minutes: 25\nlanguage: es", "FM003", 7),
        ("minutes: 25", "minutes: 25\nminuts: 3", "FM002", 7),
        ("minutes: 25", "minutes: 25\nminutes: 30", "FM002", 7),
        ("title: First steps", "title: 2026", "FM002", 3),
        ("minutes: 25\n", "", "FM001", 2),
        ("pass_mark: 80", "pass_mark: 800", "FM002", 10),
        ("pass_mark: 80", "pas_mark: 80", "FM002", 10),
        ("[shared]", "[shared, teachers]", "FM002", 5),
    ],
)
def test_a_fault_in_the_front_matter_is_reported_at_its_line(
    line: str, replacement: str, code: str, number: int
) -> None:
    text = (HEAD + "Hello.\n").replace(line, replacement, 1)

    _, problems = read_module("en/a.md", text, "en")

    assert (code, number) in [(problem.code, problem.line) for problem in problems]


@pytest.mark.parametrize(
    "yaml",
    [
        "a: &a [x, x]\nb: [*a, *a]",
        "a: " + "[" * 500,
        "a: " + "[" * 20 + "]" * 20,
        "a: !!python/object/apply:os.system ['true']",
        "a: 2026-99-99",
        "? [a, b]\n: c",
        "- just\n- a list",
        "a: " + "9" * 5000,
        "a: 'open",
        "\tid: x",
        "x: {" + ", ".join(f"k{n}: 1" for n in range(30_000)) + "}",
    ],
)
def test_yaml_that_is_broken_or_built_to_hurt_is_refused_with_a_problem(yaml: str) -> None:
    module, problems = read_module("en/a.md", f"---\n{yaml}\n---\n\n# A\n", "en")

    assert module is None
    assert codes(problems)[0] in {"FM002", "X000"}


def test_a_file_without_front_matter_is_no_module() -> None:
    module, problems = read_module("en/a.md", "# Only text\n", "en")

    assert module is None
    assert codes(problems) == ["FM001"]


def test_prose_is_split_at_each_h2_in_order() -> None:
    module, problems = lesson("Before.\n\n## One\n\nText.\n\n### Deeper\n\nMore.\n\n## Two\n\nEnd.\n")

    assert problems == []
    assert [(s.kind, s.slug, s.title) for s in module.sections] == [
        ("prose", "intro", ""),
        ("prose", "one", "One"),
        ("prose", "two", "Two"),
    ]
    assert module.sections[1].html.startswith('<h2 id="one">One</h2>')
    assert '<h3 id="deeper">' in module.sections[1].html
    assert "First steps" not in module.sections[0].html


def test_hidden_lines_say_whom_a_part_is_for_and_the_way_round_it() -> None:
    module, problems = lesson(
        "## Hard\n\n<!-- only: schools -->\n<!-- skip-to: gentle -->\n\nText.\n\n## Gentle\n\nText.\n"
        "\n## Table\n\n<!-- inject: call; step: 2 -->\n<!-- facilitator -->\n\nText.\n"
    )

    hard, _, table = module.sections
    assert problems == []
    assert (hard.only, hard.skip_to) == ("schools", "gentle")
    assert (table.kind, table.inject, table.inject_step, table.is_facilitator) == ("inject", "call", "2", True)


def test_an_inject_says_how_long_its_step_takes() -> None:
    module, problems = lesson("## Call\n\n<!-- inject: call; step: 2; minutes: 12 -->\n\nText.\n")

    assert (module.sections[0].inject_minutes, problems) == (12, [])


def test_minutes_of_a_step_that_are_no_number_are_reported_and_left_out() -> None:
    module, problems = lesson("## Call\n\n<!-- inject: call; step: 2; minutes: soon -->\n\nText.\n")

    assert module.sections[0].inject_minutes is None
    assert codes(problems) == ["FM002"]


def test_a_part_for_an_unknown_discipline_is_shown_to_everyone_and_reported() -> None:
    module, problems = lesson("## Part\n\n<!-- only: teachers -->\n\nText.\n")

    assert module.sections[0].only is None
    assert codes(problems) == ["FM002"]


def test_a_way_round_that_leads_nowhere_is_reported() -> None:
    _, problems = lesson("## Hard\n\n<!-- skip-to: gone -->\n\nText.\n")

    assert codes(problems) == ["X004"]


@pytest.mark.parametrize("comment", ["<!-- TODO: mend this -->", "<!-- onyl: schools -->", "<!--\nlong\nnote\n-->"])
def test_a_hidden_line_that_nothing_reads_is_reported(comment: str) -> None:
    _, problems = lesson(f"## Part\n\nText.\n\n{comment}\n\nMore.\n")

    assert [(problem.code, problem.is_error) for problem in problems] == [("X001", False)]


QUESTION = """## Check

<!-- pool: signs; draw: 1 -->

Take your time.

### Who comes *first*?[^S1]

<!-- q: first-one; type: single; lo: LO1; points: 2; rev: 3 -->

More about it.

> [!TIP]
> Think.

- [ ] One
  > No.[^S1]
- [x] Two <!-- opt: two -->

> [!NOTE]
> Because.

[^S1]: A source
"""


def test_a_question_is_read_with_all_its_parts() -> None:
    module, problems = lesson(QUESTION)

    section = module.sections[0]
    assert problems == []
    assert section.kind == "pool"
    assert section.html == "<p>Take your time.</p>"
    assert section.pool is not None
    assert (section.pool.id, section.pool.draw, section.pool.title) == ("signs", 1, "Check")
    question = module.questions[0]
    assert (question.id, question.type, question.lo, question.rev) == ("first-one", "single", "LO1", 3)
    assert question.points == Fraction(2)
    assert question.prompt == "Who comes first?"
    assert question.prompt_html.startswith("Who comes <em>first</em>?<sup")
    assert question.body_html == "<p>More about it.</p>"
    assert question.hint_html == "<p>Think.</p>"
    assert question.explanation_html == "<p>Because.</p>"
    assert [(option.id, option.text, option.is_correct) for option in question.options] == [
        ("1", "One", False),
        ("two", "Two", True),
    ]
    assert 'href="#fn-S1"' in question.options[0].feedback_html


def test_all_sources_of_a_file_share_one_numbering() -> None:
    module, _ = lesson("## One\n\nA.[^B]\n\n## Two\n\nB.[^A] C.[^B]\n\n[^A]: a\n[^B]: b\n")

    assert '<a href="#fn-B" id="fnref-B">[1]</a>' in module.sections[0].html
    assert '<a href="#fn-A" id="fnref-A">[2]</a>' in module.sections[1].html
    assert '<a href="#fn-B" id="fnref-B--2">[1]</a>' in module.sections[1].html
    assert module.notes_html.index('id="fn-B"') < module.notes_html.index('id="fn-A"')


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ("", "Q001"),
        ("<!-- q: a-question; type: essay -->", "Q003"),
        ("<!-- q: a-question -->", "Q003"),
        ("<!-- q: A question; type: single -->", "FM002"),
        ("<!-- q: a-question; type: single; points: 0 -->", "FM002"),
        ("<!-- q: a-question; type: single; points: 1e9 -->", "FM002"),
        ("<!-- q: a-question; type: single; rev: two -->", "FM002"),
        ("<!-- q: a-question; type: single; credit: half -->", "FM002"),
        ("<!-- q: a-question; type: single; colour: red -->", "X001"),
        ("<!-- q: a-question; type: single; lo: LO1; lo: LO2 -->", "X001"),
    ],
)
def test_a_fault_in_the_metadata_of_a_question_is_reported(metadata: str, code: str) -> None:
    body = f"## Check\n\n<!-- pool: p -->\n\n### Which?\n\n{metadata}\n\n- [x] a\n- [ ] b\n"

    _, problems = lesson(body)

    assert code in codes(problems)


def test_a_heading_in_a_pool_that_is_no_question_is_still_shown() -> None:
    module, _ = lesson("## Check\n\n<!-- pool: p -->\n\n### Which?\n\n- [x] a\n- [ ] b\n")

    assert '<h3 id="which">Which?</h3>' in module.sections[0].html
    assert "<li>a</li>" in module.sections[0].html


def test_questions_without_a_pool_are_read_and_reported() -> None:
    module, problems = lesson("## Check\n\n### Which?\n\n<!-- q: which-one; type: single -->\n\n- [x] a\n- [ ] b\n")

    assert [question.id for question in module.questions] == ["which-one"]
    assert codes(problems) == ["Q001"]


SCENARIO = """## A case

<!-- scenario: case; start: bell -->

You are there.

### The bell rings

<!-- step: bell; role: teacher -->

What now?

- [Ask **her**](#you-ask)
- [Wait](#gone)

### You ask

<!-- step: ask; score: 2; end: true -->

Good.
"""


def test_a_scenario_is_read_into_steps_and_choices() -> None:
    module, problems = lesson(SCENARIO)

    scenario = module.scenarios[0]
    assert problems == []
    assert (scenario.id, scenario.start, scenario.title) == ("case", "bell", "A case")
    assert scenario.intro_html == "<p>You are there.</p>"
    bell, ask = scenario.steps
    assert (bell.title, bell.role, bell.html) == ("The bell rings", "teacher", "<p>What now?</p>")
    assert [(choice.text, choice.target) for choice in bell.choices] == [("Ask her", "ask"), ("Wait", "gone")]
    assert (ask.score, ask.is_end, ask.choices) == (2, True, ())


def test_a_heading_in_a_scenario_that_is_no_step_is_shown_and_reported() -> None:
    module, problems = lesson(SCENARIO.replace("<!-- step: ask; score: 2; end: true -->", ""))

    assert "You ask" in module.scenarios[0].intro_html
    assert "Q001" in codes(problems)


def test_a_whole_course_is_read_from_bytes() -> None:
    course, problems = read_course(FILES, "small-course")

    assert problems == []
    assert course is not None
    assert (course.id, course.code, course.contact_minutes, course.valid_months) == ("small-course", "SC-1", 60, 24)
    assert course.languages == ("en", "es")
    assert course.required_modules == ("first-steps",)
    assert (course.certificate_design, course.has_badge) == ("plain", False)
    assert course.suggested_credit[0].minutes == 60
    assert course.reviews[0].reviewed_on == date(2026, 11, 1)
    assert (course.text("es").title, course.text("en").summary) == ("Small", "Short.")
    assert course.text("en").html == "<p>For <em>all</em>.</p>"
    assert [(t.term, t.meaning_html, t.slug) for t in course.text("en").glossary] == [
        ("Act", "What was <em>done</em>.", "act"),
        ("Means", "How.", "means"),
    ]
    spanish = course.module("first-steps", "es")
    assert spanish is not None
    assert spanish.sections[0].html == "<p>Hola.</p>"


def test_a_link_to_a_page_that_is_not_there_is_reported() -> None:
    page = (HEAD + "[self](01-first-steps.md) [gone](02-gone.md)\n").encode()

    _, problems = read_course({**FILES, "en/01-first-steps.md": page}, "small-course")

    assert codes(problems) == ["X004"]


@pytest.mark.parametrize(
    "change",
    [
        {"course.yaml": b""},
        {"course.yaml": b"id: [1"},
        {"course.yaml": b"\xff\xfe"},
        {"course.yaml": YAML.replace("small-course", "Small Course").encode()},
        {"course.yaml": YAML.replace("modules:\n  - {id: first-steps}\n", "").encode()},
        {"course.yaml": YAML.replace("default_language: en", "default_language: fr").encode()},
        {"course.yaml": YAML.replace("[en, es]", "[../en]").encode()},
    ],
)
def test_there_is_no_course_where_course_yaml_is_unusable(change: dict[str, bytes]) -> None:
    course, problems = read_course({**FILES, **change}, "small-course")

    assert course is None
    assert problems


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"en/01-first-steps.md": b"\xff\xfe"}, "X000", "en/01-first-steps.md"),
        ({"en/01-first-steps.md": b"a\0b"}, "X000", "en/01-first-steps.md"),
        ({"en/01-first-steps.md": b"x" * 2_000_000}, "X000", "en/01-first-steps.md"),
        ({"en/02-more.md": FILES["en/01-first-steps.md"]}, "Q002", "en/02-more.md"),
        ({"en/02-more.md": HEAD.replace("first-steps", "more").encode()}, "C003", "en/02-more.md"),
        ({"fr/01-first-steps.md": b"x"}, "C003", "fr/01-first-steps.md"),
        ({"notes.txt": b"x"}, "C003", "notes.txt"),
        ({"en/course.md": b"No title\n"}, "FM001", "en/course.md"),
        ({"en/glossary.md": b"Just text\n"}, "X001", "en/glossary.md"),
    ],
)
def test_a_file_that_cannot_be_used_is_reported_and_the_rest_is_read(
    change: dict[str, bytes], code: str, path: str
) -> None:
    course, problems = read_course({**FILES, **change}, "small-course")

    assert course is not None
    assert (code, path) in [(problem.code, problem.path) for problem in problems]


def test_the_hash_of_a_course_depends_on_every_path_and_byte_only() -> None:
    again = dict(reversed(FILES.items()))

    assert content_hash(FILES) == content_hash(again)
    assert len({content_hash(files) for files in ({"a": b"bc"}, {"ab": b"c"}, {"a": b"b", "c": b""}, {})}) == 4


def test_the_hash_of_a_source_is_the_same_with_any_line_ends() -> None:
    unix, _ = read_module("en/a.md", HEAD + "Hello.\n", "en")
    windows, _ = read_module("en/a.md", (HEAD + "Hello.\n").replace("\n", "\r\n"), "en")

    assert unix == windows


def test_a_folder_is_loaded_without_its_dot_files(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x").write_bytes(b"x")
    (tmp_path / "en" / ".hidden").write_bytes(b"x")
    (tmp_path / "en" / "a.md").write_bytes(b"a")

    assert load_folder(tmp_path) == {"en/a.md": b"a"}


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "a.md").symlink_to(tmp_path / "secret")

    with pytest.raises(Invalid, match=r"a\.md"):
        load_folder(tmp_path / "course")


def test_addresses_are_placed_in_everything_that_was_read() -> None:
    module, _ = lesson(
        QUESTION.replace("Think.", "![x](media/a.png) [y](02-next.md)").replace("One", "![o](media/o.png)")
    )

    page = placed(module, lambda path: f"/f/{path}", lambda module_id: f"/m/{module_id}", lambda words: f"/g/{words}")

    assert 'src="/f/media/a.png"' in page.questions[0].hint_html
    assert 'href="/m/next"' in page.questions[0].hint_html
    assert 'src="/f/media/o.png"' in page.questions[0].options[0].html
    assert page.sections[0].title == module.sections[0].title
