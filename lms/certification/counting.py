"""Does this count for me? A course × the rules, approvals and suggestions that concern a person.

Yes only by an approval that the deployer entered; a rule without one is never said to be met.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lms.certification.credit import Approval
from lms.certification.credit_bodies import Body, Rule

YES = "yes"
NEEDS_LICENSE = "needs-license"
SUBMIT = "submit"
NO = "no"
UNKNOWN = "unknown"
ORDER = (YES, NEEDS_LICENSE, SUBMIT, UNKNOWN, NO)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the course's author suggests to ask a body for."""

    body: str
    type: str
    category: str | None
    minutes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: of a rule, of an approval, of a suggestion, or of several that belong together."""

    kind: str
    body: str = ""
    rule: Rule | None = None
    approvals: tuple[Approval, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: disciplines, states, and the boards that licensed them."""

    disciplines: frozenset[str]
    states: frozenset[str]
    boards: frozenset[str]


def answer(
    asker: Asker,
    rules: Iterable[Rule],
    approvals: Sequence[Approval],
    suggestions: Sequence[Suggestion],
    bodies: Mapping[str, Body],
) -> list[Answer]:
    """The answers, what counts first. `approvals` are those valid on the day, `rules` those in force."""
    concerning = [rule for rule in rules if concerns(rule, asker)]
    answers = [_of_rule(rule, asker, approvals, suggestions) for rule in concerning]
    said = {one.body for one in answers}
    for body in sorted({one.body.slug for one in approvals} - said):
        mine = tuple(one for one in approvals if one.body.slug == body)
        if _is_for(mine[0].body, asker):
            answers.append(Answer(_kind(mine, asker), body, None, mine))
            said.add(body)
    for body in sorted({one.body for one in suggestions} - said):
        if body in bodies and not _is_for(bodies[body], asker):
            continue
        asked = tuple(one for one in suggestions if one.body == body)
        answers.append(Answer(SUBMIT, body, None, (), asked))
    if not concerning:
        answers.append(Answer(UNKNOWN))
    return sorted(answers, key=lambda one: ORDER.index(one.kind))


def _is_for(body: Body, asker: Asker) -> bool:
    return bool(set(body.facts["disciplines"]) & asker.disciplines) or body.slug in asker.boards


def concerns(rule: Rule, asker: Asker) -> bool:
    """Whether a rule is of the asker's state, and of their discipline or board."""
    is_theirs = bool(set(rule.facts["disciplines"]) & asker.disciplines) or bool(set(rule.boards) & asker.boards)
    return rule.state in asker.states and is_theirs


def _of_rule(rule: Rule, asker: Asker, approvals: Sequence[Approval], suggestions: Sequence[Suggestion]) -> Answer:
    if rule.facts["status"] == "none":
        return Answer(NO, "", rule)
    mine = tuple(one for one in approvals if rule.body and one.body.slug == rule.body)
    asked = tuple(one for one in suggestions if rule.body and one.body == rule.body)
    if mine:
        return Answer(_kind(mine, asker), rule.body, rule, mine)
    return Answer(SUBMIT if asked else UNKNOWN, rule.body, rule, (), asked)


def _kind(approvals: Collection[Approval], asker: Asker) -> str:
    is_open = any(not one.body.needs_license or one.body.slug in asker.boards for one in approvals)
    return YES if is_open else NEEDS_LICENSE
