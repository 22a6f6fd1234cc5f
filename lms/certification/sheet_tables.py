"""The table of facts on a certificate's first page, for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lms.certification import typefaces
from lms.certification.facts import CertificateFacts, TeamFacts
from lms.certification.typefaces import BOLD, SANS, SERIF
from lms.certification.wording import long_day, word


@dataclass(frozen=True, slots=True)
class Fact:
    """One column of the table on the first page."""

    label: str
    value: str
    detail: str = ""


LABEL_SIZE, LABEL_SPACING = 8, 0.06
"""Letters of a column's label in points, and the space between them in letter heights, as the styles have it."""

SIZES = ((14, 8.5), (13.5, 8.5), (13, 8), (12.5, 8), (12, 7.5), (11.5, 7.5), (11, 7), (10.5, 7), (10, 7))
"""Letters of values and of the small line under them that are tried, from large to small."""


def fitted_table(table: Sequence[Fact], room: float, beside: float) -> dict[str, Any]:
    """The table in the largest letters in which each of its cells stays on one line: its height never changes. Days
    are longer in Spanish. `beside` is what a column takes beside its text, in points."""

    def width(value_size: float, detail_size: float) -> float:
        return sum(
            max(_label_width(one.label), _width(one.value, SERIF, value_size), _width(one.detail, SANS, detail_size))
            for one in table
        )

    found = next((one for one in SIZES if width(*one) * typefaces.SAFETY + beside * len(table) <= room), SIZES[-1])
    return {"table": table, "value_size": found[0], "detail_size": found[1]}


def _label_width(label: str) -> float:
    shown = label.upper()
    return _width(shown, BOLD, LABEL_SIZE) + len(shown) * LABEL_SIZE * LABEL_SPACING


def _width(text: str, face: str, size: float) -> float:
    return typefaces.width_of(text, (face,)) * size


def facts_table(facts: CertificateFacts) -> list[Fact]:
    if facts.team is not None:
        return _of_team(facts, facts.team)
    return _of_certification(facts) if facts.kind == "certification" else _of_course(facts)


def _of_course(facts: CertificateFacts) -> list[Fact]:
    language = facts.language
    return [
        Fact(word(language, "contact_hours"), facts.contact_hours),
        _day(language, "completed", facts.completed_on),
        Fact(word(language, "format"), word(language, facts.modality), word(language, f"{facts.modality}-detail")),
        _valid_until(facts),
    ]


def _of_certification(facts: CertificateFacts) -> list[Fact]:
    """No format: what it rests on may have been learned in many ways, and the second page lists it."""
    language = facts.language
    table = [_day(language, "awarded", facts.completed_on)]
    if facts.contact_minutes is not None:
        table.insert(0, Fact(word(language, "contact_hours"), facts.contact_hours))
    if facts.evidence:
        table.append(Fact(word(language, "trainings"), str(len(facts.evidence))))
    return [*table, _valid_until(facts)]


def _of_team(facts: CertificateFacts, team: TeamFacts) -> list[Fact]:
    language = facts.language
    table = [
        Fact(word(language, "members"), str(len(team.composition))),
        _day(language, "awarded", facts.completed_on),
    ]
    if team.exercise_on is not None:
        table.append(_day(language, "exercise", team.exercise_on))
    return [*table, _valid_until(facts)]


def _day(language: str, label: str, day: date) -> Fact:
    return Fact(word(language, label), long_day(day, language))


def _valid_until(facts: CertificateFacts) -> Fact:
    if facts.valid_until is None:
        return Fact(word(facts.language, "valid_until"), word(facts.language, "no_end"))
    return _day(facts.language, "valid_until", facts.valid_until)
