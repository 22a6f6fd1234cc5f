"""A district with two schools and its administrator, and a hospital that is none of theirs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.support.importing import Importer
from tests.support.world import World


@dataclass
class Place:
    """Where the tests take place."""

    importer: Importer
    district: int
    oak: int
    elm: int
    hospital: int


@pytest.fixture
def place(world: World) -> Place:
    district = world.agency("River District", kind="district")
    importer = Importer(world, district)
    oak = world.agency("Oak School", parent=district, kind="school")
    elm = world.agency("Elm School", parent=district, kind="school")
    return Place(importer, district, oak, elm, world.agency("City Hospital", kind="hospital"))
