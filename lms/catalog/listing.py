"""Finding a course in the catalog: by discipline, language and words. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from lms.catalog.facts import is_translated
from lms.catalog.versions import CurrentVersion


def find_matching(
    versions: Iterable[CurrentVersion], *, discipline: str = "", language: str = "", text: str = ""
) -> list[CurrentVersion]:
    """The versions that suit every filter that is given. A course for everyone suits every discipline."""
    words = folded(text).split()
    return [
        version
        for version in versions
        if (not discipline or {discipline, "shared"}.intersection(version.facts["disciplines"]))
        and (not language or is_translated(version.facts, language))
        and all(word in searchable(version) for word in words)
    ]


def searchable(version: CurrentVersion) -> str:
    """What a search looks through: code, titles, summaries and module titles, in all languages."""
    facts = version.facts
    texts = [version.code, *facts["titles"].values(), *facts["summaries"].values()]
    texts += [title for module in facts["modules"] for title in module["titles"].values()]
    return folded(" ".join(texts))


def folded(text: str) -> str:
    """Small letters without accents, so that “policia” finds “Policía”."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()


def disciplines_of(versions: Iterable[CurrentVersion]) -> Sequence[str]:
    """The disciplines that any course names, for the filter's list."""
    return sorted({code for version in versions for code in version.facts["disciplines"]} - {"shared"})
