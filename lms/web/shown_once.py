"""Secrets that are shown once: sealed in the session from the request that made them to the page that shows them.

So loading that page again, or going back to it, makes nothing new: it says that they were shown.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from flask import session

from lms import keys
from lms.web.guards import settings

SEALED_FOR = "secrets that are shown once"
SECONDS = 600
"""Between the request that made them and the page, where a connection is bad."""


def keep_to_show(what: str, values: Sequence[str]) -> None:
    """Keep these for the page that shows them next; what was kept before under this name is gone."""
    sealed = keys.seal(json.dumps(list(values)).encode(), settings().secret_key, f"{SEALED_FOR}: {what}")
    session[_name(what)] = sealed.decode()


def take_to_show(what: str) -> list[str]:
    """What was kept, this once; nothing where it was shown already or lay for too long."""
    sealed = session.pop(_name(what), "")
    plain = keys.unseal(sealed.encode(), settings().secret_key, f"{SEALED_FOR}: {what}", seconds=SECONDS)
    found: list[str] = json.loads(plain) if plain else []
    return found


def _name(what: str) -> str:
    return f"shown_once_{what}"
