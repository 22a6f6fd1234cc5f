"""The reader's page, put together from pieces that everybody in the same place of the same module shares."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from lms.access import Viewer
from lms.assessment.attempts import Earlier, attempts_left, may_start_at
from lms.assessment.completion import is_read_by_answering
from lms.clock import utc_now
from lms.courseware.course import Course, Module, Section
from lms.learning.progress import Standing
from lms.stores import BoundedStore
from lms.web.course_outline import ModuleRow, module_rows
from lms.web.guards import language
from lms.web.reader import Page, compiled, placed, play
from lms.web.shared import shared_page

MOST_PIECES = 500
"""About 20 KB each."""

FORM_TOKEN = f"form-token-{secrets.token_hex(16)}"
"""Stands in shared pieces where each person's own form token goes; nobody who writes a course can know it."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The parts of the page that hold nothing of one person but how far they are."""

    crumbs: Markup
    side: Markup
    head: Markup
    """Title, progress, content note and text."""
    foot: Markup
    """Mark as read, sources, previous and next."""
    quiz: Markup
    """The card of the quiz for whoever has not begun it."""


_pieces: BoundedStore[tuple[Any, ...], Pieces] = BoundedStore(MOST_PIECES)


def render_module(person: Viewer, course: Course, standing: Standing, module: Module, earlier: Earlier) -> str:
    """The whole page. A story that is being played, and what came of earlier tries, belong to one person."""
    rows = module_rows(course, standing, language())
    page = compiled(module, standing)
    own = person.disciplines.intersection(part.only for part in page.parts if part.only)
    progress = tuple((row.is_completed, row.is_read, row.is_open) for row in rows)
    about = (standing.content_hash, own, progress, earlier.submitted > 0)

    def pieces() -> Pieces:
        def make() -> Pieces:
            return _make(course, standing, module, page, rows, own, has_submitted=earlier.submitted > 0)

        if request.args.get("scenario"):
            return make()
        place = (request.script_root, standing.slug, language(), module.id)
        return _pieces.get_or_make((*place, *about), make)

    def draw() -> str:
        return _draw(pieces(), standing, module, earlier)

    return shared_page(draw, *about) if earlier == Earlier() else draw()


def _draw(pieces: Pieces, standing: Standing, module: Module, earlier: Earlier) -> str:
    token = generate_csrf()
    return render_template(
        "learning/module.html",
        module=module,
        standing=standing,
        pieces=pieces,
        card=_own(pieces.quiz, token) if earlier == Earlier() else None,
        foot=_own(pieces.foot, token),
        quiz=quiz_card(module, earlier),
        form_token=token,
    )


def _own(piece: Markup, token: str) -> Markup:
    """A shared piece with this person's form token in it."""
    return Markup(piece.replace(FORM_TOKEN, token))  # noqa: S704 - our own template's HTML


def _make(
    course: Course,
    standing: Standing,
    module: Module,
    page: Page,
    rows: list[ModuleRow],
    own: frozenset[str],
    *,
    has_submitted: bool,
) -> Pieces:
    index = next(number for number, row in enumerate(rows) if row.id == module.id)
    text = course.text(language())
    values = {
        "course_title": text.title,
        "has_glossary": bool(text.glossary),
        "standing": standing,
        "module": module,
        "page": page,
        "rows": rows,
        "row": rows[index],
        "before": rows[index - 1] if index else None,
        "after": rows[index + 1] if index + 1 < len(rows) else None,
        "done": sum(row.is_completed for row in rows),
        "own": own,
        "plays": _plays(page, standing),
        "has_quiz": module.quiz is not None and bool(module.questions),
        "has_submitted": has_submitted,
        "reads_by_answering": is_read_by_answering(module),
        "form_token": FORM_TOKEN,
        "quiz": quiz_card(module, Earlier()),
    }
    names = ("crumbs", "side", "head", "foot", "quiz")
    return Pieces(*(Markup(render_template(f"learning/module_{name}.html", **values)) for name in names))  # noqa: S704


def _plays(page: Page, standing: Standing) -> dict[str, Any]:
    """Each scenario of the page as far as the address says it has been played."""
    asked, path = request.args.get("scenario", ""), request.args.get("step", "")[:4000]
    return {
        part.scenario.id: play(
            part.scenario,
            path if part.scenario.id == asked else "",
            lambda html: placed(html, standing.slug, standing.version_number),
        )
        for part in page.parts
        if part.scenario is not None
    }


def quiz_card(module: Module, earlier: Earlier) -> dict[str, Any] | None:
    """What the card of a module's quiz says: how many questions, what is needed, what happened so far."""
    if module.quiz is None or not module.questions:
        return None
    return {
        "settings": module.quiz,
        "questions": sum(_drawn(section) for section in module.sections),
        "earlier": earlier,
        "left": attempts_left(module.quiz, earlier),
        "free_at": may_start_at(module.quiz, earlier, utc_now()),
    }


def _drawn(section: Section) -> int:
    if section.pool is None:
        return 0
    return len(section.pool.questions) if section.pool.draw is None else section.pool.draw
