"""The words for codes: disciplines, kinds of modules, kinds of credit; translated when they are shown."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import gettext as _

from lms.errors import N_

DISCIPLINES = {
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
MODULE_KINDS = {
    "module": N_("Reading"),
    "quiz": N_("Quiz"),
    "scenario": N_("Practice story"),
    "survey": N_("Survey"),
    "exercise": N_("Exercise"),
    "form": N_("Form"),
}
LANGUAGES = {"en": "English", "es": "Español"}
"""Each language in its own name."""

LANGUAGE_WORDS = {"en": N_("English"), "es": N_("Spanish")}
"""The same as words within a sentence."""

REVIEW_ROLES = {
    "subject-expert": N_("Subject expert"),
    "lived-experience": N_("Person with lived experience"),
    "legal": N_("Legal reviewer"),
}
CREDIT_BODIES = {
    "missouri-post": "Missouri POST",
    "missouri-dese": "Missouri DESE",
    "missouri-nursing": "Missouri Board of Nursing",
}


def discipline_name(code: str) -> str:
    """The name of a discipline in the language of this request."""
    return _(DISCIPLINES[code]) if code in DISCIPLINES else said(code)


def module_kind_name(code: str) -> str:
    return _(MODULE_KINDS[code]) if code in MODULE_KINDS else said(code)


def language_name(code: str) -> str:
    return LANGUAGES.get(code, code)


def language_word(code: str) -> str:
    return _(LANGUAGE_WORDS[code]) if code in LANGUAGE_WORDS else language_name(code)


def review_role_name(code: str) -> str:
    return _(REVIEW_ROLES[code]) if code in REVIEW_ROLES else said(code)


def credit_body_name(code: str) -> str:
    return CREDIT_BODIES.get(code, said(code))


def said(code: str) -> str:
    """A code as words, for codes that have no name yet: `nurse-educator` → Nurse educator."""
    return code.replace("-", " ").replace("_", " ").capitalize()


def add_filters(blueprint: Blueprint) -> None:
    """Make the names available to all templates, as `{{ code|discipline_name }}`."""
    for name in (discipline_name, module_kind_name, language_name, language_word, review_role_name, credit_body_name):
        blueprint.add_app_template_filter(name)
