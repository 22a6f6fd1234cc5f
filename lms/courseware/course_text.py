"""What a course says of itself in one language: `course.md` and `glossary.md`."""

from __future__ import annotations

from collections.abc import Mapping

from lms.courseware.course import CourseText, GlossaryTerm, Problem
from lms.courseware.document import Block, Document, open_document, report_unread_comments, split_blocks
from lms.courseware.facts import read_facts
from lms.courseware.links import Place
from lms.courseware.words import Slugs

Pages = Mapping[str, str]
GLOSSARY = "glossary.md"


def read_course_text(
    language: str, pages: Pages, fallback: str, module_ids: Mapping[str, str], problems: list[Problem]
) -> CourseText | None:
    """None where there is no course.md in that language that can be read; `fallback` stands in for a lost title."""
    path = f"{language}/course.md"
    glossary = read_glossary(language, pages, module_ids, problems)
    if path not in pages:
        return CourseText(fallback, "", "", glossary) if glossary else None
    document = open_document(path, pages[path], language, Place(path, language, module_ids))
    title, summary = _facts(document, language)
    blocks = list(document.blocks)
    main = next((block for block in blocks if block.level == 1), None)
    if main is not None:
        blocks.remove(main)
        title = title or document.plain(main.tokens)
    if not title:
        document.report(1, "FM001", "The course has no title; write `title: …` at the head of this file.")
    first = next((block for block in blocks if block.type == "paragraph"), None)
    summary = summary or (document.plain(first.tokens) if first else "")
    notes = document.notes.tokens if document.notes else ()
    html = document.html([token for block in blocks for token in block.tokens]) + document.html(notes)
    report_unread_comments(document)
    problems += document.told()
    return CourseText(title or fallback, summary, html, glossary)


def _facts(document: Document, language: str) -> tuple[str, str]:
    if document.front_matter is None:
        return "", ""
    block = document.front_matter
    facts, problems = read_facts(document.path, block.tokens[0].content, block.line + 1)
    title = summary = ""
    if facts is not None:
        title, summary = facts.text("title", most=200), facts.text("summary")
        written = facts.text("language", language)
        if written != language:
            message = f"`language` is “{written[:20]}”, but the file lies in the folder of “{language}”."
            problems.append(Problem(document.path, facts.at("language"), "FM003", message))
        facts.used.add("source_rev")
        facts.report_unused("course.md")
    document.problems += problems
    return title, summary


def read_glossary(
    language: str, pages: Pages, module_ids: Mapping[str, str] | None = None, problems: list[Problem] | None = None
) -> tuple[GlossaryTerm, ...]:
    """The words that `glossary.md` in that language explains, in its order; `pages` are texts by path.

    `module_ids` maps the paths of modules to their ids, as in `read_module`; what is wrong is added to `problems`.
    """
    path = f"{language}/{GLOSSARY}"
    if path not in pages:
        return ()
    document = open_document(path, pages[path], language, Place(path, language, module_ids))
    terms: list[GlossaryTerm] = []
    slugs = Slugs()
    for block in document.blocks:
        if block.type == "dl":
            terms += _terms(document, block, slugs)
        elif block.level != 1 and block.type != "comment":
            message = "This is not a term: write the term on one line and “: its meaning” on the next."
            document.report(block.line, "X001", message, is_error=False)
    report_unread_comments(document)
    if problems is not None:
        problems += document.told()
    return tuple(terms)


def _terms(document: Document, block: Block, slugs: Slugs) -> list[GlossaryTerm]:
    """Several meanings of a term are joined; a term without one is left to the next, as in `A` / `B` / `: both`."""
    terms: list[GlossaryTerm] = []
    for inner in split_blocks(block.inner, block.line):
        words = document.plain(inner.tokens)
        if inner.type == "dt":
            terms.append(GlossaryTerm(words, "", slugs.take(words)))
        elif terms:
            last = terms[-1]
            is_linked = last.is_linked and document.take_comment(inner.tokens, "unlinked", line=inner.line) is None
            meaning = "\n".join(filter(None, (last.meaning_html, document.inline_html(inner.inner))))
            terms[-1] = GlossaryTerm(last.term, meaning, last.slug, is_linked)
    return terms
