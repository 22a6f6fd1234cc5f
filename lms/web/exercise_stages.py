"""An exercise, told one inject after the other: the stages of a page, and the steps with their time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lms.courseware.course import Course, Module
from lms.web.reader import FACILITATOR, INJECT, Part

WHOLE = "all"
"""In the address of the facilitator's view: every stage on one page, to be read beforehand and printed."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the exercise: the injects that follow each other in it, and how long they take together."""

    number: int
    name: str | None
    minutes: int | None
    injects: tuple[str, ...]
    """Their titles."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What one address tells. `kind` is opening, inject or closing; `number` stands in the address."""

    number: int
    kind: str
    parts: tuple[Part, ...]
    step: Step | None = None

    @property
    def title(self) -> str:
        """Of the inject; the other stages have none of their own."""
        return self.parts[0].title if self.kind == "inject" else ""


def stages_of(parts: Sequence[Part]) -> tuple[Stage, ...]:
    """What stands before the first inject; each inject with what follows it; what follows the last.

    A note for the facilitator right below the last inject belongs to it. A page without injects is one stage.
    """
    told: list[list[Part]] = [[]]
    for part in parts:
        if part.kind == INJECT:
            told.append([])
        told[-1].append(part)
    closing: list[Part] = []
    if len(told) > 1:
        last = told[-1]
        end = next((place for place, part in enumerate(last) if part.kind not in (INJECT, FACILITATOR)), len(last))
        told[-1], closing = last[:end], last[end:]
    step_of = [step for step in steps_of(parts) for _ in step.injects]
    stages = [
        Stage(number, "inject" if number else "opening", tuple(each), step_of[number - 1] if number else None)
        for number, each in enumerate(told)
    ]
    if closing:
        stages.append(Stage(len(stages), "closing", tuple(closing)))
    return tuple(stages)


def steps_of(parts: Iterable[Part]) -> tuple[Step, ...]:
    """Injects of the same step that follow each other; the minutes are said at the first of them."""
    steps: list[Step] = []
    for part in parts:
        if part.kind != INJECT:
            continue
        last = steps[-1] if steps else None
        if last is not None and part.step is not None and part.step == last.name:
            minutes = last.minutes if last.minutes is not None else part.minutes
            steps[-1] = Step(last.number, last.name, minutes, (*last.injects, part.title))
        else:
            steps.append(Step(len(steps) + 1, part.step, part.minutes, (part.title,)))
    return tuple(steps)


def stage_number(stages: Sequence[Stage], asked: str) -> int:
    """The stage that an address asks for; what does not fit begins at the beginning."""
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 4 else 0
    return number if number < len(stages) else 0


def is_exercise(module: Module) -> bool:
    """Whether there is something in it that a facilitator reads out, or alone reads."""
    return any(section.is_facilitator or section.kind == "inject" for section in module.sections)


def exercises_of(course: Course, language: str) -> list[Module]:
    """The modules of a course that somebody leads, in its order."""
    modules = (course.module(entry.id, language) for entry in course.modules)
    return [module for module in modules if module is not None and is_exercise(module)]
