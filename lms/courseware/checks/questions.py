"""Whether questions are fair and whole: metadata, ids, objectives, draws, explanations, no option that tells itself."""

from __future__ import annotations

from collections.abc import Iterator

from lms.courseware.checks.source import Source
from lms.courseware.checks.subject import Subject, finding, shown
from lms.courseware.course import Module, Problem, Question

_UNMARKED = frozenset({"reflection", "likert", "written"})
_GIVEAWAY_RATIO = 1.7
_GIVEAWAY_LETTERS = 25


def check(subject: Subject) -> Iterator[Problem]:
    for module, source in subject.modules():
        yield from _without_metadata(source)
        for pool in module.pools:
            if pool.draw is not None and pool.draw > len(pool.questions):
                message = f"{pool.draw} questions are drawn, but the pool holds {len(pool.questions)}; lower `draw`."
                yield finding(module.path, pool.line, "Q008", message)
        for question in module.questions:
            yield from _objective(module, question)
            yield from _explanation(module, question)
            yield from _giveaway(module, question)
    yield from _repeated_ids(subject)


def _without_metadata(source: Source) -> Iterator[Problem]:
    described = {comment.line for comment in source.comments if comment.name == "q"}
    headings = [heading for heading in source.headings if heading.area == "pool" and heading.level == 3]
    ends = [heading.line for heading in source.headings[1:]] + [len(source.lines) + 1]
    after = dict(zip((heading.line for heading in source.headings), ends, strict=True)) if source.headings else {}
    for heading in headings:
        if not any(line in described for line in range(heading.line, after[heading.line])):
            message = (
                f"{shown(heading.text)} stands in a pool but is no question yet: write "
                "`<!-- q: some-id; type: single; lo: LO1 -->` below it."
            )
            yield finding(source.path, heading.line, "Q001", message)


def _objective(module: Module, question: Question) -> Iterator[Problem]:
    known = [objective.id for objective in module.objectives]
    if question.lo is not None and question.lo not in known:
        message = f"The objective {question.lo} is not in this module; it has {', '.join(known) or 'none'}."
        yield finding(module.path, question.line, "Q006", message)


def _explanation(module: Module, question: Question) -> Iterator[Problem]:
    if question.type in _UNMARKED or question.explanation_html:
        return
    if question.options and all(option.feedback_html for option in question.options):
        return
    message = f"{shown(question.prompt)} explains nothing: add `> [!NOTE]` after the answers and say why."
    yield finding(module.path, question.line, "Q011", message)


def _giveaway(module: Module, question: Question) -> Iterator[Problem]:
    for option in question.options:
        others = [len(other.text) for other in question.options if other is not option and not other.is_correct]
        if not option.is_correct or not others:
            continue
        mean = sum(others) / len(others)
        if len(option.text) > _GIVEAWAY_RATIO * mean and len(option.text) > mean + _GIVEAWAY_LETTERS:
            message = (
                f"The right option has {len(option.text)} letters, the others about {mean:.0f}: one can tell it by its "
                "length. Move the detail into its feedback, or make the others as full."
            )
            yield finding(module.path, option.line or question.line, "Q012", message)


def _repeated_ids(subject: Subject) -> Iterator[Problem]:
    for modules in subject.course.files.values() if subject.course else ():
        seen: dict[str, tuple[Module, Question]] = {}
        for module in modules.values():
            for question in module.questions:
                first, same = seen.setdefault(question.id, (module, question))
                if same is not question and not _are_paired(first, same, module, question):
                    message = f"The id {question.id} is already used in {first.path}; ids are unique in a course."
                    yield finding(module.path, question.line, "Q002", message)


def _are_paired(first: Module, same: Question, module: Module, question: Question) -> bool:
    """Whether one question is asked before and after, so that the answers can be laid side by side by its id."""
    if first is module or same.type != question.type:
        return False
    if same.survey and question.survey:
        return True
    one, other = first.quiz, module.quiz
    return bool(one and other and one.blueprint and one.blueprint == other.blueprint and one.role != other.role)
