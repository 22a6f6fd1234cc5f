"""What waits on the home page beside one's courses: each room adds its own section for whoever it concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lms.access import Viewer


@dataclass(frozen=True, slots=True)
class HomeSection:
    """A part of the home page: a template of the room that gave it, and the values it shows."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    order: int = 50
    """Lower comes first: 10 what is due, 20 certificates, 30 cohorts, 40 reports, 50 the rest."""


Giver = Callable[[Viewer], HomeSection | None]
_givers: list[Giver] = []


def home_section(giver: Giver) -> Giver:
    """Marks a function of a room's pages that gives a section for a viewer, or None where nothing concerns them."""
    if giver not in _givers:
        _givers.append(giver)
    return giver


def home_sections(viewer: Viewer) -> list[HomeSection]:
    """All sections for this viewer, in order."""
    found = [section for section in (giver(viewer) for giver in _givers) if section is not None]
    return sorted(found, key=lambda section: section.order)
