"""Finding a course in the catalog: by discipline, language and words, and in which order. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lms.catalog.facts import is_translated
from lms.catalog.versions import CurrentVersion
from lms.courseware.words import folded


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


def in_teaching_order(versions: Iterable[CurrentVersion]) -> list[CurrentVersion]:
    """By the number in the code, which is its level: `FND-101` before `SCH-201` before `CR-301`; then by code."""

    def level(version: CurrentVersion) -> tuple[float, str]:
        number = re.search(r"[0-9]+", version.code)
        return (int(number[0]) if number else float("inf"), version.code)

    return sorted(versions, key=level)


def first_for_everyone(versions: Iterable[CurrentVersion]) -> CurrentVersion | None:
    """Where somebody begins who has not chosen yet: the first course that is made for all disciplines."""
    return next((one for one in in_teaching_order(versions) if "shared" in one.facts["disciplines"]), None)


def searchable(version: CurrentVersion) -> str:
    """What a search looks through: code, titles, summaries and module titles, in all languages."""
    facts = version.facts
    texts = [version.code, *facts["titles"].values(), *facts["summaries"].values()]
    texts += [title for module in facts["modules"] for title in module["titles"].values()]
    return folded(" ".join(texts))


def disciplines_of(versions: Iterable[CurrentVersion]) -> Sequence[str]:
    """The disciplines that any course names, for the filter's list."""
    return sorted({code for version in versions for code in version.facts["disciplines"]} - {"shared"})
