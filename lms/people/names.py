"""Names and e-mail addresses as people type them, made regular; pure."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """For searching and sorting: lower case, no accents, single spaces. `José  Núñez` becomes `jose nunez`."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(bare.split())


def clean_name(text: str) -> str:
    """NFC, single spaces, no control characters (a line break in a name would reach mails and logs)."""
    visible = "".join(letter for letter in text if letter.isspace() or unicodedata.category(letter) != "Cc")
    return " ".join(unicodedata.normalize("NFC", visible).split())


def clean_email(text: str) -> str:
    """NFKC, without spaces around, in lower case: one person, one spelling."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def search_text(name: str, email: str | None) -> str:
    """What a person is found by, name first, so that it sorts lists too."""
    return fold(f"{name} {email or ''}")[:540]
