"""Whether a branching scenario can be played from its start to an end, whatever one chooses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lms.courseware.checks.subject import Subject, finding, shown
from lms.courseware.course import Problem, Scenario, Step

Ways = Mapping[str, tuple[str, ...]]


def check(subject: Subject) -> Iterator[Problem]:
    for module, _ in subject.modules():
        for scenario in module.scenarios:
            yield from _scenario(module.path, scenario)


def _scenario(path: str, scenario: Scenario) -> Iterator[Problem]:
    steps = {step.id: step for step in scenario.steps}
    if scenario.start not in steps:
        message = f"The scenario starts at {scenario.start!r}, but has no such step; mend `start`."
        yield finding(path, scenario.line, "S001", message)
    for step in scenario.steps:
        for choice in step.choices:
            if choice.target not in steps:
                message = f"The choice {shown(choice.text)} leads nowhere: link it to the heading of a step."
                yield finding(path, choice.line or step.line, "S001", message)
        if not step.choices and not step.is_end:
            message = f"{shown(step.title)} offers no choice. Add one, or mark it with `end: true`."
            yield finding(path, step.line, "S002", message)
    ways: Ways = {step.id: tuple(c.target for c in step.choices if c.target in steps) for step in scenario.steps}
    yield from _reachable(path, scenario, steps, ways)
    yield from _loops(path, scenario, steps, ways)


def _reachable(path: str, scenario: Scenario, steps: Mapping[str, Step], ways: Ways) -> Iterator[Problem]:
    if scenario.start not in steps:
        return
    reached = _from({scenario.start}, ways)
    back: dict[str, tuple[str, ...]] = dict.fromkeys(steps, ())
    for name, targets in ways.items():
        for target in targets:
            back[target] += (name,)
    finishing = _from({step.id for step in scenario.steps if step.is_end or not step.choices}, back)
    for step in scenario.steps:
        if step.id not in reached:
            message = f"No choice leads to {shown(step.title)}; link to it from another step, or remove it."
            yield finding(path, step.line, "S003", message)
        elif step.id not in finishing:
            message = f"Whoever comes to {shown(step.title)} can never reach an end; add a way out."
            yield finding(path, step.line, "S004", message)


def _from(start: set[str], ways: Ways) -> set[str]:
    reached = set(start)
    waiting = list(start)
    while waiting:
        for target in ways[waiting.pop()]:
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def _loops(path: str, scenario: Scenario, steps: Mapping[str, Step], ways: Ways) -> Iterator[Problem]:
    """Only where the scenario scores at all: there a free way round lets one try until the answer is right."""
    if not any(step.score for step in scenario.steps):
        return
    free: Ways = {
        name: () if steps[name].score else tuple(t for t in targets if not steps[t].score)
        for name, targets in ways.items()
    }
    for step in scenario.steps:
        if not step.score and step.id in _from(set(free[step.id]), free):
            message = f"From {shown(step.title)} one can come back to it with nothing scored on the way; score a step."
            yield finding(path, step.line, "S005", message)
            return
