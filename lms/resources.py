"""Where templates, courses and migrations lie: inside the installed wheel, or beside the package in a checkout; and the
catalogs of translations."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations

PACKAGE = Path(__file__).resolve().parent

LOCALES = {"en": "en_US", "es": "es_US"}
"""How each language writes here. The region matters: es_US has "23 de noviembre de 2026" and 11,482.5, as readers in
this country do."""


def data_folder(name: str) -> Path:
    """The folder `name` (templates, courses, migrations). Raises FileNotFoundError where neither place has it."""
    for candidate in (PACKAGE / "_data" / name, PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"The folder {name} is missing from this installation.")


@cache
def catalog(code: str) -> NullTranslations:
    """The catalog of a language; English is its own."""
    return Translations.load(PACKAGE / "translations", [code])
