"""Who is asking: a person, their places and their roles, as plain values of this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A current membership of the viewer."""

    agency_id: int
    agency_name: str
    agency_path: str
    discipline: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that holds now. `agency_path` None means everywhere."""

    role: str
    agency_id: int | None
    agency_path: str | None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking: plain values, read anew on every request, so that a demotion holds at the next one."""

    id: int
    name: str
    email: str | None
    language: str
    places: tuple[Place, ...] = ()
    grants: tuple[Grant, ...] = ()
    is_demo: bool = False
    session_id: int | None = None
    signed_in_at: datetime | None = None
    last_seen_at: datetime | None = None
    proven_at: datetime | None = None
    is_two_factor: bool = False
    must_set_up: bool = False
    """A role of theirs asks for a second factor that they did not show: until then they have no role at all."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """For Flask-Login."""
        return str(self.id)

    @property
    def disciplines(self) -> frozenset[str]:
        return frozenset(place.discipline for place in self.places)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)
