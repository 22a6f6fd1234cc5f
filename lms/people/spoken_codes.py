"""Codes that are read out or copied from a poster: eight symbols that cannot be taken for others, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from lms.errors import N_, Invalid

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32 symbols: no I, L, O, U."""

CODE_SYMBOLS = 8
"""40 bits: short enough to read out; guessing is online only, and limited."""

LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new_spoken_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_SYMBOLS))


def derived_code(secret_key: str, purpose: str) -> str:
    """The code that follows from the secret key: it can be shown again, and is nowhere kept. 256 is 8 times 32, so that
    every symbol is as likely."""
    digest = hmac.new(secret_key.encode(), purpose.encode(), hashlib.sha256).digest()
    return "".join(ALPHABET[byte % 32] for byte in digest[:CODE_SYMBOLS])


def grouped(code: str) -> str:
    """As it is shown: XXXX-XXXX."""
    return f"{code[:4]}-{code[4:]}"


def normalize_join_code(text: str) -> str:
    """What somebody typed, as it is hashed: no dashes or spaces, upper case, O as 0, I and L as 1."""
    return "".join(letter for letter in text.upper() if letter.isalnum()).translate(LOOK_ALIKES)


def spoken_hash(text: str) -> str:
    """SHA-256 of a code in its normal form."""
    return hashlib.sha256(normalize_join_code(text).encode()).hexdigest()


def refuse_wrong_length(typed: str) -> None:
    """Raises Invalid: a slip in typing is told apart from a code that no longer works."""
    count = len(normalize_join_code(typed))
    if count != CODE_SYMBOLS:
        raise Invalid(
            N_("A code has %(most)s letters and numbers; here are %(count)s."), "code", count=count, most=CODE_SYMBOLS
        )
