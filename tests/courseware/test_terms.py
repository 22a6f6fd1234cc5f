"""The words of the glossary in the text: linked once, at their first use, and nothing but links is added."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.courseware import terms
from lms.courseware.course import GlossaryTerm, Module
from lms.courseware.document import open_document
from lms.courseware.folder import load_folder
from lms.courseware.read import read_course, read_module
from lms.courseware.terms import MOST_WORDS, link_terms
from lms.courseware.words import slug_of
from tests.courseware.small_course import LESSON_PATH

COURSES = Path(__file__).parents[2] / "courses"
HEAD = """---
id: lesson
title: Lesson
kind: module
disciplines: [shared]
minutes: 5
objectives: []
content_note: none
---

"""
LINK = re.compile(r'<a class="term" href="glossary:[a-zA-Z-]+#[^"]*">([^<]*)</a>')


def glossary(*names: str) -> tuple[GlossaryTerm, ...]:
    return tuple(GlossaryTerm(term, "", slug_of(term)) for term in names)


def html_of(text: str, *names: str, language: str = "en") -> str:
    document = open_document(LESSON_PATH, text, language)
    link_terms(document, glossary(*names))
    return document.html([token for block in document.blocks for token in block.tokens])


def linked(text: str, *names: str, language: str = "en") -> list[str]:
    return LINK.findall(html_of(text, *names, language=language))


def test_a_term_links_to_its_meaning_in_its_language():
    assert html_of("Signs of coercion.", "Coercion") == (
        '<p>Signs of <a class="term" href="glossary:en#coercion">coercion</a>.</p>'
    )


def test_only_the_first_use_is_linked():
    assert linked("Fraud here.\n\nThen fraud, and FRAUD.", "Fraud") == ["Fraud"]


def test_the_longest_term_wins_and_hides_those_inside():
    assert linked("A sex act and a commercial sex act.", "Act", "Commercial sex act") == ["act", "commercial sex act"]
    assert linked("First a commercial sex act.", "Act", "Commercial sex act") == ["commercial sex act"]


@pytest.mark.parametrize(
    ("text", "term", "language", "found"),
    [
        ("Two mandated reporters.", "Mandated reporter", "en", "mandated reporters"),
        ("Three agencies.", "Agency", "en", "agencies"),
        ("I mean it.", "Means", "en", None),
        ("Two coerciones.", "Coerción", "es", "coerciones"),
        ("Los actos sexuales comerciales.", "Acto sexual comercial", "es", "actos sexuales comerciales"),
        ("Las encuestas de proveedores.", "Encuesta de proveedores", "es", "encuestas de proveedores"),
        ("A safe harbor.", "Puerto seguro (safe harbor)", "es", "safe harbor"),
        ("Un puerto seguro.", "Puerto seguro (safe harbor)", "es", "puerto seguro"),
        ("The children’s division.", "Children's Division", "en", "children’s division"),
        ("The liaison's desk.", "Liaison", "en", "liaison"),
        ("A ferpa letter.", "FERPA", "en", None),
        ("The FERPA letter.", "FERPA", "en", "FERPA"),
        ("A workforce, a task-force, a force-fed child.", "Force", "en", None),
        ("By force - always.", "Force", "en", "force"),
    ],
)
def test_whole_words_and_their_plurals_are_found(text: str, term: str, language: str, found: str | None):
    assert linked(text, term, language=language) == ([found] if found else [])


def test_a_term_that_goes_over_the_end_of_a_line_is_linked_whole():
    html = html_of("A reasonable\ncause to suspect it.", "Reasonable cause to suspect")

    assert '<a class="term" href="glossary:en#reasonable-cause-to-suspect">reasonable\ncause to suspect</a>' in html


@pytest.mark.parametrize(
    "text",
    [
        "## About fraud",
        "[No fraud](https://www.missouri.gov/)",
        "![fraud](media/a.png)",
        "`fraud`",
        "    fraud",
        "```\nfraud\n```",
        "> ### Fraud",
        "[^1]\n\n[^1]: Fraud",
        "## Quiz\n\n<!-- pool: a-pool -->\n\n### Is it?\n\n<!-- q: a-b; type: single -->\n\nfraud\n\n- [x] fraud\n- [ ] no",
        "## For the leader\n\n<!-- facilitator -->\n\nfraud",
    ],
)
def test_headings_links_code_sources_and_quizzes_stay_as_they_are(text: str):
    assert "glossary:" not in html_of(text, "Fraud", "Note")


def test_the_title_of_a_box_is_no_word_of_the_text():
    assert linked("> [!NOTE]\n> Take this note.", "Note") == ["note"]


def test_what_one_discipline_reads_does_not_use_up_the_link_of_the_others():
    text = "## Schools\n\n<!-- only: schools -->\n\nFraud.\n\n## All\n\nFraud.\n\n## Nurses\n\n<!-- only: healthcare -->\n\nFraud."

    assert len(linked(text, "Fraud")) == 2


def test_a_meaning_with_a_hidden_line_is_not_linked():
    files = {
        "course.yaml": b"id: lesson-course\ncode: L\ndisciplines: [shared]\ndefault_language: en\nlanguages: [en, es]\n"
        b"contact_minutes: 5\nmodules:\n  - {id: lesson}\npass: {require: [lesson]}\n",
        "en/course.md": b"# C\n\nText.\n",
        "en/01-lesson.md": HEAD.encode() + b"An act of fraud.\n",
        "en/glossary.md": b"# Words\n\nAct\n: What was done.\n  <!-- unlinked -->\n\nFraud\n: A lie.\n",
        "es/course.md": b"# C\n\nTexto.\n",
        "es/glossary.md": b"# Palabras\n\nFraude\n: Mentira.\n",
    }

    course, problems = read_course(files, "lesson-course")

    assert course is not None
    assert [(term.term, term.is_linked) for term in course.text("en").glossary] == [("Act", False), ("Fraud", True)]
    assert "unlinked" not in "".join(problem.message for problem in problems)
    fallback = course.module("lesson", "es")
    assert fallback is not None
    assert 'href="glossary:en#fraud"' in fallback.sections[0].html


def test_spanish_modules_link_to_the_spanish_glossary():
    course, _ = read_course(load_folder(COURSES / "understanding-trafficking"), "understanding-trafficking")
    assert course is not None

    html = "".join(section.html for module in course.files["es"].values() for section in module.sections)

    assert "glossary:es#trata-laboral" in html
    assert "glossary:en" not in html


@pytest.mark.parametrize("folder", ["understanding-trafficking", "schools"])
def test_links_add_nothing_to_the_shipped_texts_and_every_one_has_a_meaning(folder: str):
    course, _ = read_course(load_folder(COURSES / folder), folder)
    assert course is not None
    files = load_folder(COURSES / folder)
    for language, modules in course.files.items():
        slugs = {term.slug for term in course.text(language).glossary}
        for module in modules.values():
            plain, _ = read_module(module.path, files[module.path].decode(), language, None)
            assert plain is not None
            assert without_links(module) == without_links(plain)
            for slug in re.findall(r'href="glossary:[^#"]*#([^"]*)"', all_html(module)):
                assert slug in slugs or "%" in slug


def all_html(module: Module) -> str:
    return "".join(section.html for section in module.sections)


def without_links(module: Module) -> str:
    return re.sub(r'href="module:[^"]*"', "", LINK.sub(r"\1", all_html(module)))


words = st.lists(
    st.sampled_from(["act", "Acts", "sex", "commercial", "fraud", "-", "*", "_", "`", "[a](b)", "\n", "\n\n", "> ", "- ", "’s", "<a", "&amp;", "# "]),
    max_size=30,
)  # fmt: skip


@given(words, st.lists(st.sampled_from(["Act", "Commercial sex act", "Sex", "Fraud", "A", "Act fraud"]), max_size=4))
def test_without_its_links_the_page_is_what_it_was(pieces: list[str], names: list[str]):
    text = " ".join(pieces)

    html = html_of(text, *names)

    assert LINK.sub(r"\1", html) == html_of(text)
    assert len(LINK.findall(html)) <= len(set(names))


@given(st.text(min_size=1, max_size=60))
def test_any_term_can_be_planted_and_is_harmless(term: str):
    html = html_of(f"Before {term} after “fraud” & more.", term, "Fraud")

    assert "<script" not in html
    assert re.search(r'href="glossary:en#[^"<>\s]*"', html) or "glossary:" not in html


def test_the_work_grows_with_the_text_not_with_the_terms(monkeypatch: pytest.MonkeyPatch):
    looks = []
    gap = terms._gap
    many = glossary(*(f"a b c {number}" for number in range(3_000)))
    document = open_document(LESSON_PATH, "a b c " * 800, "en")
    terms._tree(tuple((term.term, term.slug) for term in many), "en")
    monkeypatch.setattr(terms, "_gap", lambda text: looks.append(text) or gap(text))

    link_terms(document, many)

    assert 0 < len(looks) <= 3 * 800 * MOST_WORDS
