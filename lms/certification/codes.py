"""Certificate codes: XXXX-XXXX-XXXX in Crockford's base 32, eleven random symbols and a Luhn mod 32 check symbol."""

from __future__ import annotations

import re
import secrets
import unicodedata

from lms.errors import N_
from lms.people.spoken_codes import ALPHABET, LOOK_ALIKES

RANDOM_SYMBOLS = 11
"""55 bits: a code is guessed only online, where look-ups are limited."""

LENGTH = RANDOM_SYMBOLS + 1
_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_LEFT_OUT = " -‐‑‒–—_\t\u00a0"


def new_code() -> str:
    """A fresh code. Unique by chance (1 in 2**55 for each pair) and by the table's constraint."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_SYMBOLS))
    return _grouped(body + check_symbol(body))


def normalize_code(text: str) -> str | None:
    """The code that somebody typed, as it is stored; None where it cannot be one (wrong length, symbol or check).

    Case, spaces and dashes do not count; O is read as 0, I and L as 1.
    """
    symbols = _symbols(text)
    if len(symbols) != LENGTH or any(symbol not in _VALUES for symbol in symbols):
        return None
    return _grouped(symbols) if check_symbol(symbols[:-1]) == symbols[-1] else None


def code_within(text: str) -> str:
    """What was typed or pasted, without the address around it: certificates and their pages show it with the code."""
    before, mark, after = text.strip().rpartition("/verify/")
    return re.split(r"[/?#]|\.json", after)[0] if mark and "/" in before else text.strip()


def why_not_a_code(text: str) -> tuple[str, dict[str, str | int]]:
    """For text that `normalize_code` refuses: a sentence on what to look at, to be translated, and its values."""
    symbols = _symbols(text)
    strange = next((symbol for symbol in symbols if symbol not in _VALUES), None)
    if not symbols:
        return N_("Type the code that is printed on the certificate: 12 letters and digits."), {}
    if strange == "U":
        return N_("No code has the letter U in it. Look again: it may be a V."), {}
    if strange is not None:
        return N_("“%(sign)s” is in no code: a code has only the letters A to Z and the digits 0 to 9."), {
            "sign": strange
        }
    if len(symbols) < LENGTH:
        return N_("A code has 12 letters and digits; here are only %(count)s."), {"count": len(symbols)}
    if len(symbols) > LENGTH:
        return N_("A code has 12 letters and digits; here are %(count)s."), {"count": len(symbols)}
    return N_(
        "One letter or digit is not as printed, or two have changed places. Compare the code with the certificate."
    ), {}


def _symbols(text: str) -> str:
    """Without what does not count; look-alikes as the digits they are taken for, wide letters (３, Ｗ) as narrow."""
    narrow = unicodedata.normalize("NFKC", text).strip().upper()
    return "".join(letter for letter in narrow if letter not in _LEFT_OUT).translate(LOOK_ALIKES)


def check_symbol(body: str) -> str:
    """Luhn mod 32 over the body: finds every single wrong symbol and nearly every swap of neighbors."""
    total = 0
    for place, symbol in enumerate(reversed(body)):
        value = _VALUES[symbol] * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def _grouped(symbols: str) -> str:
    return "-".join(symbols[start : start + 4] for start in range(0, LENGTH, 4))
