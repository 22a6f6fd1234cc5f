"""The few words that course HTML carries itself, in the languages of the courses, and slugs of headings."""

from __future__ import annotations

import unicodedata

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "note": "Note",
        "tip": "Tip",
        "important": "Important",
        "warning": "Warning",
        "caution": "Caution",
        "transcript": "Transcript",
        "asl": "Watch in sign language",
        "captions": "English",
        "back": "Back to the text",
    },
    "es": {
        "note": "Nota",
        "tip": "Consejo",
        "important": "Importante",
        "warning": "Advertencia",
        "caution": "Precaución",
        "transcript": "Transcripción",
        "asl": "Ver en lengua de señas",
        "captions": "Español",
        "back": "Volver al texto",
    },
}


def word(name: str, language: str) -> str:
    """The word in that language; in English where there is no table for it."""
    return WORDS.get(language.partition("-")[0], WORDS["en"])[name]


def slug_of(text: str) -> str:
    """The slug that GitHub gives a heading: lower case, letters and digits of any script, spaces as hyphens."""
    kept = (
        letter
        for letter in unicodedata.normalize("NFC", text).strip().lower()
        if letter.isalnum() or letter in "_- " or unicodedata.category(letter).startswith("M")
    )
    return "".join(kept).replace(" ", "-") or "section"


def folded(text: str) -> str:
    """Small letters without accents, so that “policia” finds “Policía”."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


class Slugs:
    """Hands out slugs that are unique in one file, numbered as GitHub numbers them."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, text: str) -> str:
        base = slug_of(text)
        slug = base
        while slug in self._taken:
            self._taken[base] += 1
            slug = f"{base}-{self._taken[base]}"
        self._taken[slug] = 0
        return slug
