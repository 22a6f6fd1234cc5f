"""Days as they stand in the notes of sources, written as the readers of their language write them."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from lms.resources import LOCALES

_TAG_OR_DAY = re.compile(r"<[^>]*>|\b(\d{4}-\d{2}-\d{2})\b")


@cache
def _locale(language: str) -> Locale | None:
    try:
        return Locale.parse(LOCALES.get(language, language))
    except (UnknownLocaleError, ValueError):
        return None


def with_days(html: str, language: str) -> str:
    """`checked 2026-11-20` in a text becomes `checked November 20, 2026`. Addresses, what is no day, and the days of a
    language whose way of writing them is not known stay as they are."""
    locale = _locale(language)
    if locale is None:
        return html

    def written(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        try:
            return format_date(date.fromisoformat(found[1]), "long", locale)
        except ValueError:
            return found[0]

    return _TAG_OR_DAY.sub(written, html)
