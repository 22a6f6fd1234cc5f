"""Importing people through the pages: from a messy spreadsheet to invited staff, and back."""

from __future__ import annotations

import pytest

from tests.support.importing import Importer
from tests.support.visits import mails
from tests.support.world import World

LIST = (
    "Last Name,First Name,E-mail addr.,Emp #,Bldg,Job Class,Hire date\n"
    "Núñez,José,Jose.Nunez@district.example,1001,Oak School,Teacher - Grade 3,8/12/2019\n"
    ",,,,,,\n"
    "Smith,Ann,ann@district.example,1002,Oak School,School Nurse,8/1/2020\n"
)


@pytest.fixture
def district(world: World) -> Importer:
    agency = world.agency("River District", kind="district")
    importer = Importer(world, agency)
    world.agency("Oak School", parent=agency, kind="school")
    return importer


def test_a_list_becomes_people_with_places(district: Importer) -> None:
    district.upload(LIST)
    page = district.check()
    assert "New people" in page
    assert district.counts() == {"read": 3, "left_out": {"blank": 1}, "create": 2}

    page = district.confirm(invite="y")

    people = district.people()
    assert people["José Núñez"][0] == "jose.nunez@district.example"
    assert {discipline for _agency, discipline in people["Ann Smith"][1]} == {"healthcare"}
    assert "New people" in page
    assert sorted(mail["to"] for mail in mails(district.world)) == [
        "ann@district.example",
        "jose.nunez@district.example",
    ]
