"""Writes a module as an author would, so that reading it again gives the same module."""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from lms.courseware.course import Choice, Module, Question, QuizSettings, Scenario, Section, Step
from lms.courseware.questions import TYPES
from lms.courseware.questions.written_form import escape_text, quoted, write_number
from lms.courseware.words import slug_of

_MARKS_OF_LISTS = ("-", "*", "+", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0")


def write_module(module: Module) -> str:
    """The whole file. Where the module carries no Markdown of its own, its plain texts are written."""
    parts = [_front_matter(module), f"# {escape_text(module.title)}"]
    parts += [write_section(section) for section in module.sections]
    if module.notes_source:
        parts.append(module.notes_source)
    return "\n\n".join(part for part in parts if part) + "\n"


def write_section(section: Section) -> str:
    hidden = [
        _hidden("only", section.only),
        _hidden("skip-to", section.skip_to),
        _hidden(
            "inject",
            section.inject,
            step=section.inject_step,
            minutes=str(section.inject_minutes) if section.inject_minutes else None,
        ),
        "<!-- facilitator -->" if section.is_facilitator else "",
    ]
    parts = []
    if section.title or section.title_source:
        parts.append(f"## {_one_line(section.title_source) or escape_text(section.title)}")
    if section.pool is not None:
        draw = "all" if section.pool.draw is None else str(section.pool.draw)
        hidden.append(
            _hidden("pool", section.pool.id, draw=draw, holds="actions" if section.pool.holds_actions else None)
        )
    if section.scenario is not None:
        hidden.append(_hidden("scenario", section.scenario.id, start=section.scenario.start))
    parts += [*filter(None, hidden), section.source]
    if section.pool is not None:
        parts += [write_question(question) for question in section.pool.questions]
    if section.scenario is not None:
        parts += [_step(step, section.scenario) for step in section.scenario.steps]
    return "\n\n".join(part for part in parts if part)


def write_question(question: Question) -> str:
    """The question from its heading to its explanation."""
    hidden = _hidden(
        "q",
        question.id,
        type=question.type,
        lo=question.lo,
        points=write_number(question.points) if question.points != 1 else None,
        rev=str(question.rev) if question.rev != 1 else None,
        credit="partial" if question.partial_credit else None,
        survey=question.survey,
        **dict(question.settings),
    )
    first, second = hidden, question.body_source
    last = question.body_source.rstrip("\n").rpartition("\n\n")[2].lstrip()
    if last.startswith(_MARKS_OF_LISTS):
        first, second = second, first  # else the list of the prompt and that of the answers would become one
    parts = [
        f"### {_one_line(question.prompt_source) or escape_text(question.prompt)}",
        first,
        second,
        quoted(question.hint_source, "TIP") if question.hint_source else "",
        TYPES[question.type].write(question),
        quoted(question.explanation_source, "NOTE") if question.explanation_source else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _step(step: Step, scenario: Scenario) -> str:
    hidden = _hidden(
        "step",
        step.id,
        score=str(step.score) if step.score else None,
        end="true" if step.is_end else None,
        role=step.role,
    )
    choices = "\n".join(f"- {_choice(choice, scenario)}" for choice in step.choices)
    title = _one_line(step.title_source) or escape_text(step.title)
    return "\n\n".join(part for part in (f"### {title}", hidden, step.source, choices) if part)


def _choice(choice: Choice, scenario: Scenario) -> str:
    if choice.source:
        return " ".join(choice.source.split())
    target = scenario.step(choice.target)
    return f"[{escape_text(choice.text)}](#{slug_of(target.title) if target else choice.target})"


def _one_line(source: str) -> str:
    return " ".join(source.split())


def _hidden(name: str, value: str | None, **others: str | None) -> str:
    if value is None:
        return ""
    pairs = {name: value, **{key: other for key, other in others.items() if other is not None}}
    return f"<!-- {'; '.join(f'{key}: {text}'.rstrip() for key, text in pairs.items())} -->"


def _front_matter(module: Module) -> str:
    lines = [
        f"id: {module.id}",
        f"title: {_text(module.title)}",
        f"kind: {module.kind}",
        f"disciplines: [{', '.join(module.disciplines)}]",
        f"minutes: {module.minutes}",
        "objectives:" if module.objectives else "objectives: []",
        *(f"  - {{id: {_text(each.id)}, text: {_text(each.text)}}}" for each in module.objectives),
        f"content_note: {'none' if module.content_note is None else _text(module.content_note)}",
    ]
    if module.quiz is not None:
        lines.append(f"quiz: {{{', '.join(_quiz(module.quiz))}}}")
    if module.jurisdictions:
        lines.append(f"jurisdictions: [{', '.join(_text(each) for each in module.jurisdictions)}]")
    if module.review_by is not None:
        lines.append(f"review_by: {module.review_by}")
    if module.source_rev is not None:
        lines.append(f"source_rev: {_text(module.source_rev)}")
    return "\n".join(["---", *lines, "---"])


def _quiz(quiz: QuizSettings) -> Iterable[str]:
    yield f"role: {quiz.role}"
    if quiz.blueprint is not None:
        yield f"blueprint: {_text(quiz.blueprint)}"
    if quiz.pass_mark is not None:
        yield f"pass_mark: {quiz.pass_mark}"
    if quiz.attempts is not None:
        yield f"attempts: {quiz.attempts}"
    if quiz.cooldown_hours:
        yield f"cooldown_hours: {quiz.cooldown_hours}"
    if quiz.shuffle:
        yield "shuffle: true"
    if quiz.shuffle_options:
        yield "shuffle_options: true"
    yield f"feedback: {quiz.feedback}"


def _text(text: str) -> str:
    """A text in double quotes, on one line, whatever is in it."""
    dumped: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=1 << 30)
    return dumped.strip()
