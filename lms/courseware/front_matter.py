"""The facts at the head of a module: what it is, whom it is for, what it teaches and how its quiz works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lms.courseware.course import (
    DISCIPLINES,
    FEEDBACK_POLICIES,
    MODULE_KINDS,
    QUIZ_ROLES,
    Objective,
    Problem,
    QuizSettings,
)
from lms.courseware.facts import Facts


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The same fields as `Module`, which says what they mean."""

    id: str
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


def read_front_matter(facts: Facts, language: str) -> FrontMatter:
    """Every field, with a usable default where it is missing; what is wrong is added to the facts' problems."""
    written = facts.text("language", language)
    if written != language:
        message = f"`language` is “{written[:20]}”, but the file lies in the folder of “{language}”."
        facts.problems.append(Problem(facts.path, facts.at("language"), "FM003", message))
    note = facts.text("content_note", "none", is_required=True)
    if facts.values.get("source_rev") is not None and not isinstance(facts.values["source_rev"], str):
        facts.bad("source_rev", "put it in quotes: it looks like a number to YAML.")
        facts.used.add("source_rev")
        source_rev = None
    else:
        source_rev = facts.text("source_rev") or None
    front = FrontMatter(
        id=facts.slug("id", is_required=True),
        title=facts.text("title", is_required=True, most=200),
        kind=facts.choice("kind", MODULE_KINDS, "module", is_required=True),
        disciplines=facts.texts("disciplines", ("shared", *DISCIPLINES), is_required=True),
        minutes=facts.whole("minutes", 0, 0, 1000, is_required=True),
        objectives=_objectives(facts),
        content_note=None if note == "none" else note,
        quiz=_quiz(facts),
        jurisdictions=facts.texts("jurisdictions"),
        review_by=facts.day("review_by"),
        source_rev=source_rev,
    )
    facts.report_unused("a module's front matter")
    return front


def _objectives(facts: Facts) -> tuple[Objective, ...]:
    objectives: dict[str, Objective] = {}
    for inner in facts.many("objectives", is_required=True):
        objective = Objective(inner.text("id", is_required=True, most=40), inner.text("text", is_required=True))
        inner.report_unused("an objective")
        if objective.id in objectives:
            inner.bad("id", f"the objective {objective.id} stands here twice.")
        elif objective.id:
            objectives[objective.id] = objective
    return tuple(objectives.values())


def _quiz(facts: Facts) -> QuizSettings | None:
    inner = facts.facts("quiz")
    if inner is None:
        return None
    is_unlimited = str(inner.values.get("attempts")) in {"none", "unlimited", "None"}
    inner.used.add("attempts")
    settings = QuizSettings(
        role=inner.choice("role", QUIZ_ROLES, "check"),
        blueprint=inner.text("blueprint") or None,
        pass_mark=inner.whole("pass_mark", None, 0, 100),
        attempts=None if is_unlimited else inner.whole("attempts", None, 1, 1000),
        cooldown_hours=inner.whole("cooldown_hours", 0, 0, 8760),
        shuffle=inner.yes("shuffle", False),
        shuffle_options=inner.yes("shuffle_options", False),
        feedback=inner.choice("feedback", FEEDBACK_POLICIES, "after-submit"),
    )
    inner.report_unused("`quiz`")
    return settings
