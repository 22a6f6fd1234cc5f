"""The reader's page, put together from pieces that everybody in the same place of the same module shares."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from lms.access import Viewer
from lms.assessment.completion import is_read_by_answering
from lms.assessment.earlier import Earlier, attempts_left, may_start_at
from lms.clock import utc_now
from lms.cohorts.debrief import is_in_a_team
from lms.courseware.course import Course, Module, Section
from lms.learning.progress import Standing
from lms.learning.stories import given_stories
from lms.stores import BoundedStore
from lms.web.course_outline import ModuleRow, booster_rows, module_rows
from lms.web.exercise_stages import Stage, stage_number, stages_of
from lms.web.guards import language
from lms.web.reader import Page, Part, Play, compiled, notes_told, placed, play
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


def render_module(
    person: Viewer,
    course: Course,
    standing: Standing,
    module: Module,
    earlier: Earlier,
    giving: dict[str, Any] | None,
    *,
    leads: bool,
) -> str:
    """The whole page. A story that is being played, what came of earlier tries, and what was given out of a form
    belong to one person.

    `leads`: whether they may see the facilitator's view of this exercise, which is then linked.
    """
    rows, boosters = module_rows(course, standing, language()), booster_rows(course, standing, language())
    page = compiled(module, standing)
    own = person.disciplines.intersection(part.only for part in page.parts if part.only)
    progress = tuple(row.shown for row in (*rows, *boosters))
    about = (standing.content_hash, own, progress, earlier.submitted > 0, leads)

    def pieces() -> Pieces:
        def make() -> Pieces:
            has_submitted = earlier.submitted > 0
            return _make(
                person, course, standing, module, page, rows, boosters, own, has_submitted=has_submitted, leads=leads
            )

        if request.args.get("scenario") or request.args.get("inject"):
            return make()
        place = (request.script_root, standing.slug, language(), module.id)
        return _pieces.get_or_make((*place, *about), make)

    def draw() -> str:
        return _draw(pieces(), standing, module, earlier, giving)

    return shared_page(draw, *about) if earlier == Earlier() and giving is None else draw()


def _draw(pieces: Pieces, standing: Standing, module: Module, earlier: Earlier, giving: dict[str, Any] | None) -> str:
    token = generate_csrf()
    return render_template(
        "learning/module.html",
        module=module,
        standing=standing,
        crumbs=pieces.crumbs,
        side=pieces.side,
        head=_own(pieces.head, token),
        card=_own(pieces.quiz, token) if earlier == Earlier() else None,
        foot=_own(pieces.foot, token),
        quiz=quiz_card(module, earlier),
        form_token=token,
        giving=giving,
    )


def _own(piece: Markup, token: str) -> Markup:
    """A shared piece with this person's form token in it."""
    return Markup(piece.replace(FORM_TOKEN, token))  # noqa: S704 - our own template's HTML


def _make(
    person: Viewer,
    course: Course,
    standing: Standing,
    module: Module,
    page: Page,
    rows: list[ModuleRow],
    boosters: list[ModuleRow],
    own: frozenset[str],
    *,
    has_submitted: bool,
    leads: bool,
) -> Pieces:
    row = next(row for row in (*rows, *boosters) if row.id == module.id)
    index = rows.index(row) if row in rows else None
    exercise = _told(page)
    plays = _plays(page, standing)
    text = course.text(language())
    values = {
        "course_title": text.title,
        "has_glossary": bool(text.glossary),
        "standing": standing,
        "module": module,
        "notes": notes_told(page.notes, exercise.texts) if len(exercise.stages) > 1 else page.notes,
        "exercise": exercise,
        "leads": leads,
        "rows": rows,
        "boosters": boosters,
        "row": row,
        "before": rows[index - 1] if index else None,
        "after": rows[index + 1] if index is not None and index + 1 < len(rows) else None,
        "done": sum(row.is_completed for row in rows),
        "own": own,
        "plays": plays,
        "giving": _giving(person, standing, module, plays),
        "has_quiz": module.quiz is not None and bool(module.questions),
        "has_submitted": has_submitted,
        "reads_by_answering": is_read_by_answering(module),
        "form_token": FORM_TOKEN,
        "quiz": quiz_card(module, Earlier()),
    }
    names = ("crumbs", "side", "head", "foot", "quiz")
    return Pieces(*(Markup(render_template(f"learning/module_{name}.html", **values)) for name in names))  # noqa: S704


@dataclass(frozen=True, slots=True)
class Told:
    """An exercise as far as it has been told: all that came before stays, what comes next is not on the page."""

    stages: tuple[Stage, ...]
    now: Stage

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(part for stage in self.stages[: self.now.number + 1] for part in stage.parts)

    @property
    def next(self) -> Stage | None:
        after = self.now.number + 1
        return self.stages[after] if after < len(self.stages) else None

    @property
    def texts(self) -> str:
        return "".join(part.html for part in self.parts)

    @property
    def injects(self) -> int:
        return sum(stage.kind == "inject" for stage in self.stages)

    def is_told(self, slug: str) -> bool:
        """Whether the part of this name is on the page."""
        return any(part.slug == slug for part in self.parts) or f'id="{slug}"' in self.texts


def _told(page: Page) -> Told:
    """As far as the address says; it is kept nowhere else."""
    stages = stages_of(page.parts)
    return Told(stages, stages[stage_number(stages, request.args.get("inject", ""))])


def _plays(page: Page, standing: Standing) -> dict[str, Play]:
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


@dataclass(frozen=True, slots=True)
class Giving:
    """The stories of the module that a person gave to their team's debrief, and whether they may give one now."""

    given: frozenset[str]
    is_in_team: bool


def _giving(person: Viewer, standing: Standing, module: Module, plays: dict[str, Play]) -> Giving | None:
    """None where there is nothing to give or take back now: no story with roles is at its end."""
    at_end = [play for play in plays.values() if play.is_over and any(turn.step.role for turn in play.turns)]
    if not at_end or standing.enrollment_id is None:
        return None
    return Giving(given_stories(person.id, standing.course_id, module.id), is_in_a_team(person.id))


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
