"""Recovery codes: ten for whoever has a second factor, each good for one sign-in in its place."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret_raw
from sqlalchemy import delete, func, select, update

from lms.clock import utc_now
from lms.database import count_changed, db
from lms.people.factor_models import RecoveryCode
from lms.people.passwords import HASHER, ROOM
from lms.wall.sight import SYSTEM, looking_as

COUNT = 10
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0, 1, i, l and o, which are mistaken for each other."""

GROUPS, GROUP_LETTERS = 4, 4
"""16 of 31 letters: 79 bits."""

SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class CodeSet:
    """Ten codes to show once, and what is kept of them."""

    codes: tuple[str, ...]
    salt: bytes
    hashes: tuple[bytes, ...]


def new_codes() -> CodeSet:
    """Make and hash ten codes. Slow on purpose: never inside a transaction. Raises Busy."""
    groups = [
        ["".join(secrets.choice(LETTERS) for _ in range(GROUP_LETTERS)) for _ in range(GROUPS)] for _ in range(COUNT)
    ]
    codes, salt = tuple("-".join(one) for one in groups), secrets.token_bytes(SALT_BYTES)
    return CodeSet(codes, salt, ROOM.run(lambda: tuple(_hashed(code, salt) for code in codes)))


def keep_codes(user_id: int, made: CodeSet) -> None:
    """Put these codes in the place of all former ones. The caller commits."""
    now = utc_now()
    remove(user_id)
    db.session.add_all(RecoveryCode(user_id=user_id, salt=made.salt, code_hash=one, made_at=now) for one in made.hashes)


def hash_typed(user_id: int, code: str) -> bytes | None:
    """What a typed code hashes to under the person's salt; None where there are no codes. Outside of any transaction.
    Raises Busy."""
    with looking_as(SYSTEM):  # not signed in yet
        salt: bytes | None = db.session.scalar(
            select(RecoveryCode.salt).where(RecoveryCode.user_id == user_id).limit(1)
        )
        db.session.rollback()
    return None if salt is None else ROOM.run(lambda: _hashed(code, salt))


def use_code(user_id: int, hashed: bytes | None) -> bool:
    """Whether it is a code of this person that was not used yet; it is used from here on. The caller commits."""
    if hashed is None:
        return False
    # In one statement, so that of two that use one code at the same moment one is refused.
    return bool(
        count_changed(
            update(RecoveryCode)
            .where(RecoveryCode.user_id == user_id, RecoveryCode.code_hash == hashed, RecoveryCode.used_at.is_(None))
            .values(used_at=utc_now())
        )
    )


def count_left(user_id: int) -> int:
    with looking_as(SYSTEM):  # not signed in yet
        left = db.session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        )
    return int(left or 0)


def remove(user_id: int) -> None:
    """The caller commits."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def clean_code(code: str) -> str:
    """The letters that were typed, whatever stands between them."""
    return "".join(letter for letter in code.lower() if letter in LETTERS)


def _hashed(code: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        clean_code(code).encode(),
        salt,
        time_cost=HASHER.time_cost,
        memory_cost=HASHER.memory_cost,
        parallelism=HASHER.parallelism,
        hash_len=32,
        type=Type.ID,
    )
