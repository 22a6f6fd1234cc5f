"""The rooms that keep something of a person, in the order in which a merge goes through them; erasing: backwards."""

from __future__ import annotations

from collections.abc import Mapping

import lms.assessment.claims
import lms.catalog.claims
import lms.certification.persons
import lms.cohorts.claims
import lms.learning.claims
import lms.people.person_room
import lms.records.claims
from lms.people.persons import Claim, PersonRoom, first_claims

ROOMS: tuple[PersonRoom, ...] = (
    lms.people.person_room.ROOM,
    lms.catalog.claims.ROOM,
    lms.learning.claims.ROOM,
    lms.assessment.claims.ROOM,
    lms.certification.persons.ROOM,
    lms.cohorts.claims.ROOM,
    lms.records.claims.ROOM,
)

FIRSTS: Mapping[str, Claim] = first_claims(ROOMS)
"""The first claim of each table: the one by which rows below it lead to their person."""


def untouched() -> dict[str, str]:
    """Tables below a person that hold nothing of one, with the reason."""
    return {table: why for room in ROOMS for table, why in room.untouched.items()}
