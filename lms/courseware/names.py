"""The names of the codes that courses carry, said once for pages, paper and preview: marked here, translated where they
are said."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lms.errors import N_

Translate = Callable[[str], str]
"""The catalog of whoever reads: of the request, of a document's language; `str` where English is meant."""

DISCIPLINES: Mapping[str, str] = {
    "shared": N_("Everyone"),
    "schools": N_("Schools"),
    "healthcare": N_("Health care"),
    "law-enforcement": N_("Law enforcement"),
    "victim-services": N_("Victim services"),
    "child-welfare": N_("Child welfare"),
    "juvenile-justice": N_("Juvenile justice"),
    "prosecution": N_("Prosecution"),
    "behavioral-health": N_("Behavioral health"),
    "housing": N_("Housing"),
    "emergency-services": N_("Emergency services"),
    "other": N_("Other disciplines"),
}
MODULE_KINDS: Mapping[str, str] = {
    "module": N_("Reading"),
    "quiz": N_("Quiz"),
    "scenario": N_("Practice story"),
    "survey": N_("Survey"),
    "exercise": N_("Exercise"),
    "form": N_("Form"),
}
LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Español"}
"""Each language in its own name."""

LANGUAGE_WORDS: Mapping[str, str] = {"en": N_("English"), "es": N_("Spanish"), "ase": N_("American Sign Language")}
"""The same as words within a sentence."""

REVIEW_ROLES: Mapping[str, str] = {
    "subject-expert": N_("Subject expert"),
    "lived-experience": N_("Person with lived experience"),
    "legal": N_("Legal reviewer"),
}
STEP_ROLES: Mapping[str, str] = {
    "advocate": N_("Advocate"),
    "caseworker": N_("Caseworker"),
    "child-advocacy-center": N_("Child advocacy center"),
    "childrens-division": N_("Children's Division"),
    "clinic": N_("Clinic"),
    "counselor": N_("Counselor"),
    "court": N_("Court"),
    "detective": N_("Detective"),
    "dispatcher": N_("Dispatcher"),
    "doctor": N_("Doctor"),
    "hospital": N_("Hospital"),
    "interpreter": N_("Interpreter"),
    "juvenile-office": N_("Juvenile office"),
    "juvenile-officer": N_("Juvenile officer"),
    "mental-health": N_("Mental health"),
    "nurse": N_("Nurse"),
    "officer": N_("Police officer"),
    "police": N_("Police"),
    "principal": N_("Principal"),
    "prosecutor": N_("Prosecutor"),
    "school": N_("School"),
    "shelter": N_("Shelter"),
    "social-worker": N_("Social worker"),
    "teacher": N_("Teacher"),
    "team": N_("Team"),
    "victim-specialist": N_("Victim specialist"),
}
"""Whose eyes a step of a practice story has."""

CREDIT_BODIES: Mapping[str, str] = {
    "missouri-post": "Missouri POST",
    "missouri-dese": "Missouri DESE",
    "missouri-nursing": "Missouri Board of Nursing",
    "ancc": "ANCC",
    "florida-nursing": "Florida Board of Nursing",
    "ohio-nursing": "Ohio Board of Nursing",
}


def discipline_name(code: str, translate: Translate) -> str:
    return translate(DISCIPLINES[code]) if code in DISCIPLINES else said(code)


def module_kind_name(code: str, translate: Translate) -> str:
    return translate(MODULE_KINDS[code]) if code in MODULE_KINDS else said(code)


def step_role_name(code: str, translate: Translate) -> str:
    """The role of a step, or a discipline; one that has no name here stands as its author wrote it."""
    known = STEP_ROLES.get(code) or DISCIPLINES.get(code)
    return translate(known) if known else code


def said(code: str) -> str:
    """A code as words, for codes that have no name yet: `nurse-educator` → Nurse educator."""
    return code.replace("-", " ").replace("_", " ").capitalize()
