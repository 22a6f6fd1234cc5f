"""A secret key for one machine, made at first start and kept in the instance folder; production sets its own."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def local_secret(instance: Path) -> str:
    """The key in `secret-key`, made when it is not there; two processes that start together agree on one."""
    path = instance / "secret-key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    key = secrets.token_hex(32)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key)
    return key
