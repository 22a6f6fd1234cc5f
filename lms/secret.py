"""A secret key for one machine, made at first start and kept in the instance folder; production sets its own."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def local_secret(instance: Path) -> str:
    """The key in `secret-key`, made when it is not there; two processes that start together agree on one.

    The file appears with the key in it, whole: an empty one, of another process or of a full disk, would sign
    everything with nothing. Raises OSError where it is empty all the same.
    """
    path = instance / "secret-key"
    if not path.exists():
        _put(path, secrets.token_hex(32))
    key = path.read_text(encoding="ascii").strip()
    if not key:
        raise OSError(f"{path} is empty. Delete it, and a new key is made at the next start.")
    return key


def _put(path: Path, key: str) -> None:
    """Write beside and link into place: who comes second finds the first one's key and keeps it."""
    part = path.with_name(f"secret-key.{secrets.token_hex(8)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()
