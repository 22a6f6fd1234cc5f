"""The body of a module: prose, pools of questions, scenarios and injects, in the author's order."""

from __future__ import annotations

import re
from dataclasses import replace

from lms.courseware.comments import Comment
from lms.courseware.course import DISCIPLINES, Pool, Question, Section
from lms.courseware.document import Document
from lms.courseware.parts import Part, source_of, split_parts
from lms.courseware.question import read_question
from lms.courseware.questions.block import inline_source
from lms.courseware.scenario import read_scenario


def read_sections(document: Document, title: str) -> tuple[Section, ...]:
    """Every section of the file; the main title is left out, since the page prints the module's own."""
    blocks = list(document.blocks)
    main = next((block for block in blocks if block.level == 1), None)
    if main is not None:
        blocks.remove(main)
        heading = document.plain(main.tokens)
        if title and heading != title:
            message = f"The title in the text, “{heading[:60]}”, is not the `title` above; only that one is shown."
            document.report(main.line, "FM002", message, is_error=False)
    first = blocks[0].line if blocks else 1
    sections = []
    for part in split_parts(blocks, 2, first, len(document.lines) + 1):
        section = _read_section(document, part)
        if section.html or section.pool or section.scenario or section.title:
            sections.append(section)
    _check_ways_round(document, sections)
    return tuple(sections)


def _read_section(document: Document, part: Part) -> Section:
    section = _frame(document, part)
    scenario = document.take_comment(part.metadata(), "scenario", line=part.line)
    pool = document.take_comment(part.metadata(), "pool", line=part.line)
    begin = part.head.end if part.head else part.line
    if scenario is not None:
        read = read_scenario(document, scenario, section.title, part)
        source = source_of(document, part.blocks, begin, part.intro_end)
        return replace(section, kind="scenario", html=read.intro_html, scenario=read, source=source)
    if pool is not None or _has_questions(document, part):
        return _with_pool(document, part, pool, section)
    head = part.head.tokens if part.head else ()
    html = document.html([*head, *(token for block in part.blocks for token in block.tokens)])
    source = source_of(document, part.blocks, begin, part.end)
    return replace(section, kind="inject" if section.inject else "prose", html=html, source=source)


def _frame(document: Document, part: Part) -> Section:
    """A section with all that its hidden lines say of it."""
    metadata = part.metadata()
    only = document.take_comment(metadata, "only", line=part.line)
    skip_to = document.take_comment(metadata, "skip-to", line=part.line)
    inject = document.take_comment(metadata, "inject", line=part.line)
    facilitator = document.take_comment(metadata, "facilitator", line=part.line)
    discipline = only.values["only"] if only else None
    if only and discipline not in DISCIPLINES:
        message = f"`only` names one discipline, not “{only.values['only'][:40]}”; everyone will see this part."
        document.report(only.line, "FM002", f"{message} Disciplines are: {', '.join(DISCIPLINES)}.")
        discipline = None
    return Section(
        kind="prose",
        slug=str(part.head.tokens[0].attrs["id"]) if part.head else "intro",
        title=document.plain(part.head.tokens) if part.head else "",
        only=discipline,
        skip_to=skip_to.values["skip-to"].removeprefix("#") if skip_to else None,
        is_facilitator=facilitator is not None,
        inject=inject.values["inject"] if inject else None,
        inject_step=inject.values.get("step") if inject else None,
        inject_minutes=_minutes(document, inject) if inject else None,
        title_source=inline_source(part.head.tokens) if part.head else "",
        line=part.line,
    )


def _minutes(document: Document, inject: Comment) -> int | None:
    minutes = inject.values.get("minutes")
    if minutes is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,2}", minutes):
        message = "`minutes` is how long the step of this inject takes, as a whole number from 1 to 999."
        document.report(inject.line, "FM002", message)
        return None
    return int(minutes)


def _has_questions(document: Document, part: Part) -> bool:
    return any(comment.name == "q" for block in part.blocks for _, comment in document.comments(block.tokens))


def _with_pool(document: Document, part: Part, comment: Comment | None, section: Section) -> Section:
    if comment is None:
        message = "There are questions here but no pool: add `<!-- pool: some-id; draw: all -->` below the H2."
        document.report(part.line, "Q001", message)
    tokens = [token for block in part.intro for token in block.tokens]
    questions: list[Question] = []
    for inner in part.parts():
        question = read_question(document, inner)
        if question is not None:
            questions.append(question)
        else:
            tokens += [token for block in (inner.head, *inner.blocks) if block for token in block.tokens]
    pool_id = comment.values["pool"] if comment else ""
    pool = Pool(
        pool_id or section.slug,
        section.title,
        tuple(questions),
        _draw(document, comment),
        part.line,
        _holds_actions(document, comment),
    )
    source = source_of(document, part.blocks, part.head.end if part.head else part.line, part.intro_end)
    return replace(section, kind="pool", html=document.html(tokens), pool=pool, source=source)


def _draw(document: Document, comment: Comment | None) -> int | None:
    draw = comment.values.get("draw", "all") if comment else "all"
    if draw == "all":
        return None
    if comment and not re.fullmatch(r"[1-9][0-9]{0,3}", draw):
        document.report(comment.line, "FM002", "`draw` is `all` or how many questions are drawn, such as 2.")
        return None
    return int(draw)


def _holds_actions(document: Document, comment: Comment | None) -> bool:
    holds = comment.values.get("holds") if comment else None
    if comment and holds not in (None, "actions"):
        document.report(comment.line, "FM002", "`holds` of a pool can only be `actions`, or is left out.")
    return holds == "actions"


def _check_ways_round(document: Document, sections: list[Section]) -> None:
    """A way round a hard passage has to lead to a section, or people would be left in it."""
    slugs = {section.slug for section in sections}
    for section in sections:
        if section.skip_to is not None and section.skip_to not in slugs:
            message = f"`skip-to` leads to “{section.skip_to[:60]}”, but no part (##) of this file is called so."
            document.report(section.line, "X004", message)
