"""The words of a printed record, in each language that it is drawn in.

Documents have words of their own; only deeds of the audit are called as on its page, out of the same catalog.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lms.people.audit_words import ACTIONS, SUBJECTS
from lms.records.words_en import ENGLISH
from lms.records.words_es import SPANISH
from lms.resources import catalog

WORDS: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "es": SPANISH}

DISCIPLINES: Mapping[str, Mapping[str, str]] = {
    "es": {
        "schools": "escuelas",
        "healthcare": "salud",
        "law-enforcement": "fuerzas del orden",
        "victim-services": "atención a víctimas",
        "child-welfare": "protección de menores",
        "juvenile-justice": "justicia juvenil",
        "prosecution": "fiscalía",
        "behavioral-health": "salud conductual",
        "housing": "vivienda",
        "emergency-services": "servicios de emergencia",
        "other": "otras",
    }
}
ROLES: Mapping[str, Mapping[str, str]] = {
    "es": {
        "state-administrator": "administración estatal",
        "agency-administrator": "administración de agencia",
        "author": "autoría",
        "coordinator": "coordinación",
    }
}
"""Codes print by themselves in English, dashes made spaces."""


def word(language: str, key: str, **values: Any) -> str:
    """A printed word in a language; English where there are no words for it."""
    text = WORDS.get(language, ENGLISH)[key]
    return text.format(**values) if values else text


def named(names: Mapping[str, Mapping[str, str]], key: str, language: str) -> str:
    return names.get(language, {}).get(key) or key.replace("-", " ")


def deed(action: str, language: str) -> str:
    """What was done, as the audit page calls it; the code of one that has no words."""
    return str(catalog(language).ugettext(ACTIONS[action])) if action in ACTIONS else action


def about(subject_kind: str, language: str) -> str:
    """The kind of thing that it was done to."""
    found = SUBJECTS.get(subject_kind)
    return str(catalog(language).ugettext(found)) if found else subject_kind
