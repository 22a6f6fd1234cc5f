"""Names and e-mail addresses as people type them, made regular; pure."""

from __future__ import annotations

import re
import unicodedata

from lms.errors import N_, Invalid

LONGEST_NAME = 200
"""Of people, agencies and teams, as the columns have it."""

LONGEST_SORT_KEY = 240

JOINERS = "\u200c\u200d\u200e\u200f"
"""What joins or parts letters, and the marks of direction that turn nothing: Persian and Indic names need them."""

MOST_LICENSES = 30
"""Of one person at a time; more is a mistake or mischief."""


SUFFIXES = frozenset(
    "jr sr ii iii iv md do rn lpn aprn phd edd esq np pa msw lcsw bsn ma ms dds cna".split()  # noqa: SIM905 - a list
)
"""What may follow a name, after a comma."""

BARE_SUFFIXES = SUFFIXES - {"do", "ma", "ms", "pa"}
"""Those that follow it without one: the others are last names, too (Kim Do, Grace Ma)."""

PARTICLES = frozenset(
    "de del della di da das do dos du la las le los van von der den ter ten al el bin ibn san santa st y e".split()  # noqa: SIM905 - a list
)
"""Words before a last name that belong to it."""


def fold(text: str) -> str:
    """For searching and sorting: lower case, no accents, single spaces. `José  Núñez` becomes `jose nunez`."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(bare.split())


def clean_name(text: str) -> str:
    """NFC, single spaces, and nothing that nobody sees: no control characters (a line break in a name would reach mails
    and logs), no marks that turn the direction of what follows or make a name that looks empty."""
    visible = "".join(
        letter
        for letter in text
        if letter.isspace() or letter in JOINERS or unicodedata.category(letter) not in ("Cc", "Cf")
    )
    return " ".join(unicodedata.normalize("NFC", visible).split()).strip(JOINERS)


def checked_name(text: str, field: str = "name") -> str:
    """A name made regular. Raises Invalid where it is longer than is kept: nothing is cut in silence."""
    name = clean_name(text)
    if len(name) > LONGEST_NAME:
        raise Invalid(N_("This name is too long: at most %(most)s characters fit."), field, most=LONGEST_NAME)
    return name


def has_letters(name: str) -> bool:
    """Whether a name has a letter or digit of any script: pictures and dots alone print as nothing."""
    return any(unicodedata.category(letter)[0] in "LN" for letter in name)


def clean_email(text: str) -> str:
    """NFKC, without spaces around, in lower case: one person, one spelling."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def masked_email(email: str) -> str:
    """`n•••@test.example`: enough for its owner to know it by, too little to write to."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}•••@{domain}"


def search_words(text: str) -> list[str]:
    """The words to look for, each anywhere: `Brown, Tasha` finds Tasha Brown."""
    return fold(text.replace(",", " ").replace(";", " ")).split()[:8]


def search_text(name: str, email: str | None) -> str:
    """What a person is found by, name first, so that it sorts lists too."""
    return fold(f"{name} {email or ''}")[:540]


def name_key(name: str) -> str:
    """The words of a name in the order of the alphabet: `Ruiz Ana` and `Ana Ruíz` are likely the same person."""
    return " ".join(sorted(fold(name.replace(",", " ").replace(".", " ")).split()))[:LONGEST_NAME]


def sort_key(name: str) -> str:
    """By what a roster is in order: the last name, then the rest; `María de la Cruz` stands under D.

    `Last, First` says which the last name is. Else it is the last word, without what follows names (Jr., III, RN,
    numbers) and with the particles before it; the first word is never taken, unless it is the only one. Of two last
    names without a hyphen or a comma nobody can tell the first from a second given name: the last word counts.
    """
    parts = [_sorted_words(part) for part in re.sub(r"\([^)]*\)", " ", name).split(",")]
    parts = [part for part in parts if part]
    tail: list[str] = []
    while len(parts) > 1 and set(parts[-1]) <= SUFFIXES:
        tail = parts.pop() + tail
    if len(parts) > 1:
        last, rest = parts[0], [word for part in parts[1:] for word in part]
    else:
        words = parts[0] if parts else _sorted_words(name)
        while len(words) > 1 and (words[-1] in BARE_SUFFIXES or not any(map(str.isalpha, words[-1]))):
            tail.insert(0, words.pop())
        first = max(len(words) - 1, 0)
        while first > 1 and words[first - 1] in PARTICLES:
            first -= 2 if words[first - 1] in ("y", "e") and first > 2 else 1
        rest, last = words[:first], words[first:]
    # Two spaces part them: so everybody called Brown comes before the first Brown Smith.
    return "  ".join(" ".join(words) for words in (last, rest, tail) if words).replace("-", " ")[:LONGEST_SORT_KEY]


def _sorted_words(text: str) -> list[str]:
    """`O’Brien-Smith Jr.` as the words obrien-smith and jr."""
    return fold(re.sub(r"['’‘`.]", "", text)).split()


def license_key(number: str) -> str:
    """A license number without case, spaces and punctuation: `t44519` is T-44519."""
    return "".join(letter for letter in number if letter not in " -./").upper()[:64]


def is_readable(text: str) -> bool:
    """Whether a text can be stored: no NUL byte, no half of a surrogate pair (fault 43)."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
