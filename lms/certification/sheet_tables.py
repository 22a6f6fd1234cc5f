"""The table of facts on a certificate's first page, for each kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lms.certification.facts import CertificateFacts, TeamFacts
from lms.certification.wording import long_day, word


@dataclass(frozen=True, slots=True)
class Fact:
    """One column of the table on the first page."""

    label: str
    value: str
    detail: str = ""
    is_day: bool = False


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
    return Fact(word(language, label), long_day(day, language), is_day=True)


def _valid_until(facts: CertificateFacts) -> Fact:
    if facts.valid_until is None:
        return Fact(word(facts.language, "valid_until"), word(facts.language, "no_end"))
    return _day(facts.language, "valid_until", facts.valid_until)
