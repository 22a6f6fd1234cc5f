"""Disciplines out of job titles."""

from __future__ import annotations

import pytest

from lms.courseware.course import DISCIPLINES
from lms.people.importing.professions import guess_discipline


@pytest.mark.parametrize(
    ("title", "discipline"),
    [
        ("TCHR - GRADE 3", "schools"),
        ("School Nurse", "healthcare"),
        ("RN", "healthcare"),
        ("School Resource Officer", "law-enforcement"),
        ("Deputy Sheriff II", "law-enforcement"),
        ("Victim Advocate", "victim-services"),
        ("Children's Division caseworker", "child-welfare"),
        ("Juvenile Officer", "juvenile-justice"),
        ("Asst. Prosecutor", "prosecution"),
        ("Licensed therapist", "behavioral-health"),
        ("EMT/Paramedic", "emergency-services"),
        ("Enfermera", "healthcare"),
        ("Maestro de primaria", "schools"),
        ("Agente de policía", "law-enforcement"),
        ("Law Enforcement", "law-enforcement"),
        ("Paraprofessional", "schools"),
    ],
)
def test_a_job_title_means_a_discipline(title: str, discipline: str) -> None:
    assert guess_discipline(title) == discipline


@pytest.mark.parametrize("code", DISCIPLINES)
def test_every_code_means_itself(code: str) -> None:
    assert guess_discipline(code) == code
    assert guess_discipline(code.replace("-", " ").upper()) == code


@pytest.mark.parametrize("title", ["", "  ", "Grade 7 II", "Wizard", "€€€"])
def test_what_is_not_known_is_not_guessed(title: str) -> None:
    assert guess_discipline(title) is None
