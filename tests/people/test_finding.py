"""People are found as they are written in lists: last name first, by staff id, by a license however it is typed."""

from __future__ import annotations

import pytest

from lms.access import Permission, visible_agencies
from lms.clock import utc_now
from lms.database import db
from lms.people import licenses
from lms.people.finding import RosterFilter
from lms.people.importing.models import StaffRecord
from lms.people.roster import details_of
from tests.people.test_roster import DAY, names, viewer_over
from tests.support.world import World


@pytest.fixture
def school(world: World) -> tuple[int, int, int]:
    """A district, a school of it, and Tasha Brown who works there with a staff id of the district and a license."""
    district = world.agency("District", kind="district")
    school = world.agency("Oak Hollow", parent=district)
    person = world.user("Tasha Brown", email="tasha@oak.example", agency=school)
    world.user("Ann Lee", agency=school)

    def step() -> None:
        db.session.add(StaffRecord(agency_id=district, user_id=person, number="K-1044"))
        licenses.add_license(
            person, board="MO-DESE", state="MO", number="T-44519", expires_on=None, is_printed=False,
            boards=["MO-DESE"], states={}, now=utc_now(),
        )  # fmt: skip

    world.write(step)
    return district, school, person


@pytest.mark.parametrize("search", ["Brown, Tasha", "brown,tasha", "K-1044", "k-1044"])
def test_a_person_is_found_by_last_name_first_and_by_staff_id(
    world: World, school: tuple[int, int, int], search: str
) -> None:
    viewer = viewer_over(f"/{school[0]}/{school[1]}/")

    assert names(world, viewer, RosterFilter(search=search)) == ["Tasha Brown"]


def test_the_staff_id_of_another_employer_finds_nobody(world: World, school: tuple[int, int, int]) -> None:
    other = world.agency("Elsewhere")
    world.write(lambda: db.session.add(StaffRecord(agency_id=other, user_id=school[2], number="X9")))

    assert names(world, viewer_over(f"/{school[0]}/"), RosterFilter(search="X9")) == []


@pytest.mark.parametrize("number", ["T-44519", "t44519", "T 445.19"])
def test_a_license_is_found_without_punctuation_and_case(
    world: World, school: tuple[int, int, int], number: str
) -> None:
    viewer = viewer_over(f"/{school[0]}/")

    assert names(world, viewer, RosterFilter(license_number=number)) == ["Tasha Brown"]
    assert names(world, viewer, RosterFilter(license_number="4451")) == []


def test_people_of_one_name_are_told_apart_by_where_they_work_and_their_address(
    world: World, school: tuple[int, int, int]
) -> None:
    twin = world.user("Tasha Brown", email="tb@oak.example", agency=school[0])
    seen = visible_agencies(viewer_over(f"/{school[0]}/"), Permission.SEE_PEOPLE)

    found = world.read(lambda: details_of([school[2], twin], seen, DAY))

    assert found == {school[2]: "Oak Hollow · tasha@oak.example", twin: "District · tb@oak.example"}
