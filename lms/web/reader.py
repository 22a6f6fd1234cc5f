"""A module as the reader shows it: its parts with final addresses, made once per version, language and mount point."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import request, url_for
from markupsafe import Markup

from lms.courseware.course import Choice, Module, Scenario, Section, Step
from lms.courseware.markdown import place_assets, place_links, place_terms
from lms.courseware.notes import is_in, keep_notes, keep_ways_back
from lms.learning.progress import Standing
from lms.stores import BoundedStore

MOST_MODULES = 512
LONGEST_PATH = 60
"""Steps of a scenario that one address may hold; whoever goes round longer starts again."""

_OWN_HEADING = re.compile(r"\A\s*<h2[^>]*>.*?</h2>\s*", re.DOTALL)


FACILITATOR, INJECT = "facilitator", "inject"
"""Kinds of parts: what only who leads an exercise reads, and what they read out when its time has come."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a module, ready for the page. `kind` is prose, only, inject, scenario or facilitator; pools are the
    quiz's.

    `body` is the HTML without its own heading, `html` with it. `skip_to` names the part that teaches the same without
    the hard passage.
    """

    kind: str
    slug: str
    title: str
    html: Markup
    body: Markup
    only: str | None = None
    skip_to: str | None = None
    skip_title: str = ""
    scenario: Scenario | None = None
    step: str | None = None
    """Of an inject: the step of the exercise, and the minutes of the whole step."""
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A module, compiled."""

    module: Module
    parts: tuple[Part, ...]
    notes: Markup


compiled_pages: BoundedStore[tuple[str, ...], Page] = BoundedStore(MOST_MODULES)


def compiled(module: Module, standing: Standing, *, for_facilitator: bool = False) -> Page:
    """The module's page; `standing` says which version its files come from. Notes for the facilitator are on it only
    where that is asked for: whoever asks has made sure who reads it."""
    reader = FACILITATOR if for_facilitator else ""
    key = (request.script_root, standing.slug, standing.content_hash, module.language, module.id, reader)
    return compiled_pages.get_or_make(
        key, lambda: _compile(module, standing.slug, standing.version_number, for_facilitator=for_facilitator)
    )


def placed(html: str, slug: str, version_number: int, *, module_url: str = "") -> Markup:
    """Course HTML with final addresses for files and modules. It was made safe when it was read.

    `module_url` stands for every module where they are not named by their ids.
    """

    def asset(path: str) -> str:
        return url_for("catalog.send_asset", slug=slug, number=version_number, path=path.removeprefix("media/"))

    def module(module_id: str) -> str:
        return module_url or url_for("learning.show_module", slug=slug, module_id=module_id)

    def glossary(text_language: str) -> str:
        return url_for("catalog.show_glossary", slug=slug, words=text_language)

    return Markup(place_terms(place_links(place_assets(html, asset), module), glossary))  # noqa: S704 - passed courseware's safe_html


def notes_for(notes: Markup, texts: str) -> Markup:
    """The sources with ways back only to places that are in `texts`: a question's are not there until it is asked."""

    return Markup(keep_ways_back(notes, texts))  # noqa: S704 - the same HTML, less some links


def notes_told(notes: Markup, texts: str) -> Markup:
    """The sources below an exercise of which only these texts are told yet: not those that later parts refer to."""
    kept = keep_notes(notes, lambda places: not places or any(is_in(place, texts) for place in places))
    return notes_for(Markup(kept), texts)  # noqa: S704 - the same HTML, less some notes


def _compile(module: Module, slug: str, version_number: int, *, for_facilitator: bool) -> Page:
    shown = [section for section in module.sections if for_facilitator or not section.is_facilitator]
    titles = {section.slug: section.title for section in shown}
    parts = [_part(section, titles, slug, version_number) for section in shown if section.kind != "pool"]
    notes = placed(module.notes_html, slug, version_number)
    if not for_facilitator:
        kept_back = "".join(section.html for section in module.sections if section.is_facilitator)
        notes = _without_notes_of(notes, kept_back)
    return Page(module, tuple(_joined(parts)), notes_for(notes, "".join(part.html for part in parts)))


def _without_notes_of(notes: Markup, kept_back: str) -> Markup:
    """The sources without those to which only a text leads that is kept back; the others keep their numbers."""
    if not kept_back:
        return notes
    left = keep_notes(notes, lambda places: not places or not all(is_in(place, kept_back) for place in places))
    return Markup(left)  # noqa: S704 - the same HTML, less some notes


def _joined(parts: list[Part]) -> list[Part]:
    """Plain passages that follow each other as one, so that they read and are spaced as one text."""
    joined: list[Part] = []
    for part in parts:
        before = joined[-1] if joined else None
        if before is not None and before.kind == part.kind == "prose" and part.skip_to is None:
            joined[-1] = replace(before, html=before.html + Markup("\n") + part.html)
        else:
            joined.append(part)
    return joined


def _part(section: Section, titles: dict[str, str], slug: str, version_number: int) -> Part:
    scenario = section.scenario
    source = scenario.intro_html if scenario is not None else section.html
    html = placed(source, slug, version_number)
    return Part(
        kind=_kind(section),
        slug=section.slug,
        title=section.title,
        html=html,
        body=Markup(_OWN_HEADING.sub("", html)),  # noqa: S704 - the same HTML, less a heading
        only=section.only,
        skip_to=section.skip_to if section.skip_to in titles else None,
        skip_title=titles.get(section.skip_to or "", ""),
        scenario=scenario,
        step=section.inject_step,
        minutes=section.inject_minutes,
    )


def _kind(section: Section) -> str:
    if section.is_facilitator:
        return FACILITATOR
    if section.scenario is not None:
        return "scenario"
    return INJECT if section.kind == INJECT else "only" if section.only else "prose"


@dataclass(frozen=True, slots=True)
class Turn:
    """One step that was played, with the choice that led on from it."""

    step: Step
    html: Markup
    chosen: Choice | None


@dataclass(frozen=True, slots=True)
class Way:
    """One way on from the present step: the choice, and the path that an address carries for it."""

    choice: Choice
    path: str


@dataclass(frozen=True, slots=True)
class Play:
    """A scenario as far as it has been played. The whole state is the path in the address: nobody keeps it, but where
    somebody gives it to their team's debrief (`lms.learning.stories`)."""

    turns: tuple[Turn, ...]
    now: Turn
    ways: tuple[Way, ...]
    score: int
    best: int

    @property
    def is_over(self) -> bool:
        return not self.ways

    @property
    def path(self) -> str:
        """As an address carries it."""
        return ".".join([*(turn.step.id for turn in self.turns[1:]), self.now.step.id]) if self.turns else ""


def play(scenario: Scenario, path: str, page: Callable[[str], Markup]) -> Play:
    """Follow a path of step ids as far as each is a choice of the one before; what does not fit is left out."""
    steps = {step.id: step for step in scenario.steps}
    present = steps[scenario.start]
    walked: list[Step] = [present]
    chosen: list[Choice] = []
    for step_id in path.split(".")[:LONGEST_PATH] if path else ():
        choice = next((choice for choice in present.choices if choice.target == step_id), None)
        if choice is None or choice.target not in steps:
            break
        present = steps[choice.target]
        walked.append(present)
        chosen.append(choice)
    turns = [Turn(step, page(step.html), choice) for step, choice in zip(walked, [*chosen, None], strict=True)]
    taken = [choice.target for choice in chosen]
    ways = () if len(taken) >= LONGEST_PATH else present.choices
    return Play(
        turns=tuple(turns[:-1]),
        now=turns[-1],
        ways=tuple(Way(choice, ".".join([*taken, choice.target])) for choice in ways if choice.target in steps),
        score=sum(step.score for step in walked),
        best=best_score(scenario),
    )


def best_score(scenario: Scenario) -> int:
    """The highest score that a way through without going in circles can reach, within a bounded search."""
    steps = {step.id: step for step in scenario.steps}
    best, waiting, looks = 0, [(scenario.start, frozenset({scenario.start}), 0)], 0
    while waiting and looks < 2000:
        looks += 1
        step_id, seen, before = waiting.pop()
        score = before + steps[step_id].score
        best = max(best, score)
        waiting += [
            (choice.target, seen | {choice.target}, score)
            for choice in steps[step_id].choices
            if choice.target in steps and choice.target not in seen
        ]
    return best
