"""Passwords: which are refused and why, and argon2id in a bounded room so that sign-ins never starve pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import pairwise
from pathlib import Path
from threading import BoundedSemaphore
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lms.errors import N_, Busy, Invalid
from lms.people.names import fold

T = TypeVar("T")

MIN_CHARACTERS = 15
"""When the password is alone (NIST SP 800-63B-4, 3.1.1.2)."""

MIN_WITH_SECOND_FACTOR = 8

MAX_CHARACTERS = 128
WAIT_SECONDS = 1.0
"""How long somebody waits at the door of a full room. Measured with 80 sign-ins at once on two busy cores: with no
waiting three of four were refused; with a second all got in, and pages stayed at 8 to 50 ms in the median."""

KEYBOARD = "1234567890qwertyuiopasdfghjklzxcvbnm"
MIN_NAME_PART = 5
"""Shorter parts of an e-mail or site name occur in ordinary words by chance."""

PUBLIC_PASSWORDS = frozenset({"training-demo-only"})
"""Printed in our own README."""

# OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, two passes, one lane. About 20 ms; small enough for 4 at once.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class HashingRoom:
    """Bounds how many threads hash at once, and how long others wait for it, so that pages go on being served."""

    def __init__(self, threads: int) -> None:
        self.resize(threads)

    def resize(self, threads: int) -> None:
        """For a server process of so many threads: half of them hash, all but one may be in here, one waits outside."""
        self._places = BoundedSemaphore(max(1, threads - 1))
        self._slots = BoundedSemaphore(max(1, threads // 2))

    def run(self, work: Callable[[], T]) -> T:
        """Do the work when there is a slot. Raises Busy where even the waiting places stay taken for WAIT_SECONDS."""
        places, slots = self._places, self._slots
        if not places.acquire(timeout=WAIT_SECONDS):
            raise Busy(N_("Very many people are signing in right now. Wait a moment and press the button again."))
        try:
            with slots:
                return work()
        finally:
            places.release()


ROOM = HashingRoom(threads=4)


@cache
def common_passwords() -> frozenset[str]:
    """The blocklist, folded; read once."""
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return (
        frozenset(fold(line) for line in lines if line and not line.startswith("# ") and line != "#") | PUBLIC_PASSWORDS
    )


def normalize(password: str) -> str:
    """NFKC, so that the same password typed on another keyboard is the same."""
    return unicodedata.normalize("NFKC", password)


def is_short(password: str) -> bool:
    """Whether a password is too short to stand alone."""
    return len(normalize(password)) < MIN_CHARACTERS


def check_password(password: str, *, site_name: str, email: str | None = None, least: int = MIN_CHARACTERS) -> None:
    """Raises Invalid (field `password`) with the reason. There are no rules about kinds of characters."""
    password = normalize(password)
    if len(password) < least:
        text = N_("Use at least %(n)s characters. Four or five words that belong together only for you are good.")
        raise Invalid(text, "password", n=least)
    if len(password) > MAX_CHARACTERS:
        raise Invalid(N_("Use at most %(n)s characters."), "password", n=MAX_CHARACTERS)
    if is_common(password):
        raise Invalid(N_("This password is among the first that others would guess. Choose another."), "password")
    for part in _own_parts(site_name, email):
        if part in fold(password):
            text = N_("Leave your e-mail address and the name of this site out of the password.")
            raise Invalid(text, "password")


def _own_parts(site_name: str, email: str | None) -> list[str]:
    local = (email or "").partition("@")[0]
    parts = [fold(site_name), fold(site_name).replace(" ", ""), fold(local)]
    return [part for part in parts if len(part) >= MIN_NAME_PART]


def is_common(password: str) -> bool:
    """Whether it is on the list alone, repeated, with digits and signs around, or a row of keys or letters."""
    folded = fold(normalize(password))
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    candidates = {folded, folded.replace(" ", ""), core}
    candidates |= {_repeated_unit(one) for one in tuple(candidates)}
    return any(one in common_passwords() for one in candidates) or _is_a_row(folded)


def _repeated_unit(text: str) -> str:
    """The shortest piece that the text repeats: `abcabcab` → `abc`; the text itself when nothing repeats."""
    for length in range(1, len(text) // 2 + 1):
        if all(letter == text[index % length] for index, letter in enumerate(text)):
            return text[:length]
    return text


def _is_a_row(text: str) -> bool:
    """Few different characters, or neighbors on the keyboard or in the alphabet one after another."""
    if len(set(text)) <= 4 or text in KEYBOARD or text in KEYBOARD[::-1]:
        return True
    steps = [ord(after) - ord(before) for before, after in pairwise(text)]
    return steps.count(1) + steps.count(-1) + steps.count(0) >= len(steps) * 0.8


def hash_password(password: str) -> str:
    """The argon2id hash. Slow on purpose: never inside a transaction. Raises Busy."""
    return ROOM.run(lambda: HASHER.hash(normalize(password)))


@cache
def dummy_hash() -> str:
    """A hash that nothing matches, so that an unknown e-mail costs the same work as a known one."""
    return HASHER.hash("nobody has this password, and it is not stored anywhere")


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; the same work is done where there is none. Raises Busy."""

    def work() -> bool:
        with suppress(VerificationError, InvalidHashError):
            HASHER.verify(password_hash or dummy_hash(), normalize(password)[: MAX_CHARACTERS * 4])
            return password_hash is not None
        return False

    return ROOM.run(work)


def needs_new_hash(password_hash: str) -> bool:
    """Whether the hash was made with other costs than today's."""
    return HASHER.check_needs_rehash(password_hash)
