"""Whether a translation still says the same as the default language: the same ids, options, ticks and source."""

from __future__ import annotations

from collections.abc import Iterator

from lms.courseware.checks.front_matter import front_line
from lms.courseware.checks.source import Source
from lms.courseware.checks.subject import Subject, finding, shown
from lms.courseware.course import Course, Module, Problem, Question
from lms.courseware.read import source_hash

REV_LENGTH = 12


def source_rev(content: bytes) -> str:
    """What a translation notes of the file that it was made from: the same for any kind of line ends."""
    return source_hash(content.decode(errors="replace"))[:REV_LENGTH]


def check(subject: Subject) -> Iterator[Problem]:
    course = subject.course
    if course is None:
        return
    for module, source in subject.modules():
        if module.language != course.default_language:
            yield from _translation(subject, module, source)
    for language in course.languages:
        if language != course.default_language:
            yield from _missing(subject, course, language)


def _missing(subject: Subject, course: Course, language: str) -> Iterator[Problem]:
    originals = course.files.get(course.default_language, {})
    for module_id, original in originals.items():
        expected = f"{language}/{original.path.partition('/')[2]}"
        if module_id not in course.files.get(language, {}) and expected not in subject.files:
            message = f"{original.path} is not translated; write {expected}, or learners will read the original there."
            yield finding("course.yaml", subject.fact_lines.get("languages", 1), "T004", message)


def _translation(subject: Subject, module: Module, source: Source) -> Iterator[Problem]:
    original = subject.default(module)
    if original is None:
        message = f"The default language has no module {shown(module.id)}; ids are the same in all languages."
        yield finding(module.path, front_line(source, "id"), "T001", message)
        return
    if module.path.partition("/")[2] != original.path.partition("/")[2]:
        message = f"The file has another name than {original.path}; name both alike."
        yield finding(module.path, 1, "T001", message)
    yield from _stale(module, original, source)
    yield from _structure(module, original, source)
    theirs = {question.id: question for question in original.questions}
    for question in module.questions:
        if question.id in theirs:
            yield from _question(module, question, theirs[question.id])


def _stale(module: Module, original: Module, source: Source) -> Iterator[Problem]:
    expected = original.source_hash[:REV_LENGTH]
    if module.source_rev in {expected, original.source_hash}:
        return
    line = front_line(source, "source_rev")
    if not module.source_rev:
        message = f'Say what this was made from: write `source_rev: "{expected}"` once it matches {original.path}.'
    else:
        message = (
            f"{original.path} has changed since this was translated. Bring it up to date, then write "
            f'`source_rev: "{expected}"`.'
        )
    yield finding(module.path, line, "T003", message)


def _structure(module: Module, original: Module, source: Source) -> Iterator[Problem]:
    places = {"objective": front_line(source, "objectives")}
    for what, mine, theirs in (
        ("objective", [o.id for o in module.objectives], [o.id for o in original.objectives]),
        ("pool", [p.id for p in module.pools], [p.id for p in original.pools]),
        ("question", [q.id for q in module.questions], [q.id for q in original.questions]),
        ("scenario", [s.id for s in module.scenarios], [s.id for s in original.scenarios]),
        ("step", _steps(module), _steps(original)),
    ):
        for missing in [name for name in theirs if name not in mine]:
            message = f"The {what} {shown(missing)} of {original.path} is missing here."
            yield finding(module.path, places.get(what, 1), "T001", message)
        for added in [name for name in mine if name not in theirs]:
            message = f"The {what} {shown(added)} is not in {original.path}; ids are the same in all languages."
            yield finding(module.path, _line_of(module, added, places.get(what, 1)), "T001", message)
        if mine != theirs and sorted(mine) == sorted(theirs):
            message = f"The {what}s stand in another order than in {original.path}."
            yield finding(module.path, places.get(what, 1), "T002", message)
    if _settings(module) != _settings(original):
        message = f"Kind, disciplines, minutes, quiz or dates in the head differ from {original.path}; make them equal."
        yield finding(module.path, 1, "T002", message)
    for pool in module.pools:
        other = next((p for p in original.pools if p.id == pool.id), pool)
        if pool.draw != other.draw:
            message = f"The pool draws another number of questions than in {original.path}."
            yield finding(module.path, pool.line, "T002", message)
        if pool.holds_actions != other.holds_actions:
            yield finding(module.path, pool.line, "T002", f"`holds` of the pool is not as in {original.path}.")


def _steps(module: Module) -> list[str]:
    return [step.id for scenario in module.scenarios for step in scenario.steps]


def _line_of(module: Module, name: str, otherwise: int) -> int:
    lines = {step.id: step.line for scenario in module.scenarios for step in scenario.steps}
    lines |= {scenario.id: scenario.line for scenario in module.scenarios}
    lines |= {pool.id: pool.line for pool in module.pools}
    lines |= {question.id: question.line for question in module.questions}
    return lines.get(name, otherwise)


def _settings(module: Module) -> tuple[object, ...]:
    return (module.kind, module.disciplines, module.minutes, module.quiz, module.jurisdictions, module.review_by)


def _question(module: Module, question: Question, original: Question) -> Iterator[Problem]:
    mine, theirs = _shape(question), _shape(original)
    for what, value in mine.items():
        if value != theirs[what]:
            message = f"The {what} of {shown(question.prompt)} differ from line {original.line} of {original.path}."
            yield finding(module.path, question.line, "T002", message)


def _shape(question: Question) -> dict[str, object]:
    """All of a question that is not words."""
    return {
        "metadata": (
            question.type,
            question.lo,
            question.points,
            question.rev,
            question.partial_credit,
            question.survey,
        ),
        "number of options": len(question.options),
        "ids of options": tuple(option.id for option in question.options),
        "ticks": tuple((option.is_correct, option.credit) for option in question.options),
        "number of answers": _size(question.payload),
    }


def _size(payload: object) -> object:
    """How many parts a payload has, whatever its type."""
    if isinstance(payload, (list, tuple, dict)):
        return len(payload)
    fields = getattr(payload, "__dataclass_fields__", None) or {}
    return tuple(len(value) for name in fields if isinstance(value := getattr(payload, name), (list, tuple, dict)))
