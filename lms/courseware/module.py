"""What a module is once it has been read: sections, questions and scenarios, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

MODULE_KINDS = ("module", "quiz", "scenario", "survey", "exercise", "form")
BOOSTER_DAYS = {"booster-90": 90, "booster-180": 180}
"""By the role of its quiz, how many days after a course was completed a follow-up to it opens."""

QUIZ_ROLES = ("check", "final", "pre", "post", *BOOSTER_DAYS)
FEEDBACK_POLICIES = ("immediate", "after-submit", "never")


@dataclass(frozen=True, slots=True)
class Objective:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class QuizSettings:
    """The `quiz` key of a module's front matter.

    `pass_mark` is a whole percentage 0..100, or None where nothing is passed or failed (surveys, reflections);
    `attempts` None means unlimited; `cooldown_hours` is the wait between a submitted attempt and the next.
    """

    role: str = "check"
    blueprint: str | None = None
    pass_mark: int | None = None
    attempts: int | None = None
    cooldown_hours: int = 0
    shuffle: bool = False
    shuffle_options: bool = False
    feedback: str = "after-submit"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice. `id` is positional in the source ("1", "2", …) unless the author named it with `<!-- opt: x -->`."""

    id: str
    text: str
    html: str
    is_correct: bool = False
    feedback_html: str = ""
    credit: Fraction | None = None
    line: int = 0
    source: str = ""
    """The author's Markdown of the text, and of the feedback, so that it can be written again."""
    feedback_source: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One item of a quiz. `payload` is what its type read (see the type's own file); `points` is exact.

    `prompt_html` is one line without block tags (it fits a `<legend>`); `body_html` is what more the author wrote
    before the answers: paragraphs, images, tables. `settings` are the type's own keys of the metadata line.
    """

    id: str
    type: str
    prompt_html: str
    prompt: str
    lo: str | None = None
    points: Fraction = Fraction(1)
    rev: int = 1
    partial_credit: bool = False
    hint_html: str = ""
    explanation_html: str = ""
    options: tuple[Option, ...] = ()
    payload: Any = None
    survey: str | None = None
    path: str = ""
    line: int = 0
    body_html: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    prompt_source: str = ""
    """The author's Markdown of prompt, body, hint and explanation, so that they can be written again."""
    body_source: str = ""
    hint_source: str = ""
    explanation_source: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """Questions from which `draw` are drawn for each attempt; `draw` None means all of them."""

    id: str
    title: str
    questions: tuple[Question, ...]
    draw: int | None = None
    line: int = 0
    holds_actions: bool = False
    """Whether each written answer in it is an action for a team's list: seen, cause, step, owner, date."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A way from one step of a scenario to another; `target` is the id of that step."""

    text: str
    target: str
    line: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    id: str
    title: str
    html: str
    choices: tuple[Choice, ...] = ()
    score: int = 0
    is_end: bool = False
    role: str | None = None
    line: int = 0
    source: str = ""
    title_source: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    id: str
    title: str
    start: str
    intro_html: str
    steps: tuple[Step, ...]
    line: int = 0

    def step(self, step_id: str) -> Step | None:
        return next((step for step in self.steps if step.id == step_id), None)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a module, in order. `kind` is prose, pool, scenario or inject; prose carries `html` with its heading.

    `only` names the one discipline it is for; `skip_to` the slug of the section that is its gentler alternative;
    `is_facilitator` parts are for the facilitator of a tabletop only.
    """

    kind: str
    slug: str
    title: str
    html: str = ""
    only: str | None = None
    skip_to: str | None = None
    is_facilitator: bool = False
    pool: Pool | None = None
    scenario: Scenario | None = None
    line: int = 0
    inject: str | None = None
    """The id of a tabletop's inject, and the step of the exercise in which it is played."""
    inject_step: str | None = None
    inject_minutes: int | None = None
    """Minutes of the whole step, said once, at its first inject."""
    title_source: str = ""
    source: str = ""
    """The author's Markdown below the heading; for pools and scenarios what stands before the first H3."""


@dataclass(frozen=True, slots=True)
class Module:
    """One Markdown file of a course in one language."""

    id: str
    path: str
    language: str
    title: str
    kind: str
    disciplines: tuple[str, ...]
    minutes: int
    objectives: tuple[Objective, ...]
    content_note: str | None
    quiz: QuizSettings | None
    jurisdictions: tuple[str, ...] = ()
    review_by: date | None = None
    source_rev: str | None = None
    sections: tuple[Section, ...] = ()
    notes_html: str = ""
    """The footnotes (sources) of the whole file, rendered once at its end."""
    notes_source: str = ""
    """The author's Markdown of the sources."""
    source_hash: str = ""

    @property
    def is_form(self) -> bool:
        """A draft of one's own: what is written in it waits for nobody's marks, and may be given to one's team."""
        return self.kind == "form"

    @property
    def booster_days(self) -> int | None:
        """Of a booster, so many days after the course was completed it opens; None for a part of the course itself."""
        return BOOSTER_DAYS.get(self.quiz.role) if self.quiz is not None else None

    @property
    def pools(self) -> tuple[Pool, ...]:
        return tuple(section.pool for section in self.sections if section.pool is not None)

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        return tuple(section.scenario for section in self.sections if section.scenario is not None)

    @property
    def questions(self) -> tuple[Question, ...]:
        return tuple(question for pool in self.pools for question in pool.questions)
