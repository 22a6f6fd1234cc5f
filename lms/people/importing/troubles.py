"""What is wrong with a row of a staff list, and cells that say nothing; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NOTHING = frozenset(
    {"", "-", "--", "n/a", "na", "none", "null", "no email", "sin correo", "ninguno", "x", "#n/a", "tbd"}
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a row, in a sentence for the person at the screen, and what is to be done."""

    message: str
    values: Mapping[str, Any] = field(default_factory=dict)
