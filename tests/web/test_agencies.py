"""Pages of agencies: who is above may move and archive; whatever is refused comes back with the entries."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient

from lms.access import Permission
from lms.database import db
from lms.people.models import Agency, RoleGrant
from lms.people.signins import load_viewer
from lms.web import agency_choices
from tests.support.visits import send
from tests.support.world import World


@dataclass
class Tree:
    state: int
    district: int
    school: int
    other: int
    state_admin: FlaskClient
    district_admin: FlaskClient


@pytest.fixture
def tree(world: World) -> Tree:
    state = world.agency("The State", kind="state")
    district = world.agency("Oak District", parent=state, kind="district")
    school = world.agency("Oak School", parent=district, kind="school")
    other = world.agency("Elm District", parent=state, kind="district")
    top, below = world.user(), world.user(agency=district)
    world.grant(top, "state-administrator")
    world.grant(below, "agency-administrator", district)
    return Tree(state, district, school, other, world.client_of(top), world.client_of(below))


def agency(world: World, number: int) -> Agency:
    return world.read(lambda: db.session.get_one(Agency, number))


def test_a_new_agency_chooses_neither_its_kind_nor_its_place_by_itself(tree: Tree) -> None:
    refused = send(
        tree.district_admin, "/agencies/new", {"name": "N" * 201, "kind": "", "parent_id": ""}, page="/account"
    )

    assert refused.status_code == 422
    assert "Choose what kind of agency it is." in refused.text
    assert "Choose the agency above it." in refused.text
    assert "This is too long: 201 characters. At most 200 fit." in refused.text


def test_below_an_agency_its_place_is_chosen(tree: Tree) -> None:
    page = tree.district_admin.get(f"/agencies/new?below={tree.school}").text

    assert f'<option selected value="{tree.school}">' in page


def test_the_tree_shows_what_is_in_scope(tree: Tree) -> None:
    page = tree.district_admin.get("/agencies").text

    assert "Oak School" in page
    assert "Elm District" not in page
    assert "The State" not in page
    assert tree.state_admin.get("/agencies").text.count('<ul class="tree">') == 3


def test_a_search_finds_by_part_of_a_name(tree: Tree) -> None:
    page = tree.state_admin.get("/agencies?q=elm").text

    assert "Elm District" in page
    assert "Oak School" not in page


def test_one_agency_shows_its_people_and_those_below_it(tree: Tree, world: World) -> None:
    world.user(agency=tree.school)

    page = tree.state_admin.get(f"/agencies/{tree.district}").text

    assert "The State" in page
    assert "<dd>2</dd>" in page


def test_a_district_adds_a_school_below_itself(tree: Tree, world: World) -> None:
    values = {"parent_id": tree.district, "name": "New School", "kind": "school", "county_fips": "29019"}

    answer = send(tree.district_admin, "/agencies/new", values, page="/account")

    made = world.read(lambda: db.session.query(Agency).filter_by(name="New School").one())
    assert answer.headers["Location"] == f"/agencies/{made.id}"
    assert made.path.startswith(f"/{tree.state}/{tree.district}/")
    assert "Boone" in tree.district_admin.get(f"/agencies/{made.id}").text


@pytest.mark.parametrize("parent", ["state", "other", "top"])
def test_a_district_adds_nothing_beside_or_above_itself(tree: Tree, world: World, parent: str) -> None:
    parent_id = {"state": tree.state, "other": tree.other, "top": 0}[parent]
    values = {"parent_id": parent_id, "name": "New School", "kind": "school", "county_fips": ""}

    assert send(tree.district_admin, "/agencies/new", values, page="/account").status_code == 422


def test_an_empty_name_keeps_the_other_entries(tree: Tree) -> None:
    values = {"parent_id": tree.district, "name": "", "kind": "school", "county_fips": "29019", "code": "OAK-9"}

    answer = send(tree.district_admin, "/agencies/new", values, page="/account")

    assert answer.status_code == 422
    assert 'value="OAK-9"' in answer.text
    assert 'selected value="29019"' in answer.text
    assert 'href="#name"' in answer.text


def test_an_agency_is_renamed_by_its_own_administrator(tree: Tree, world: World) -> None:
    values = {"name": "Oak Unified District", "kind": "district", "county_fips": "", "code": ""}

    send(tree.district_admin, f"/agencies/{tree.district}/edit", values, page="/account")

    assert agency(world, tree.district).name == "Oak Unified District"


def test_a_district_cannot_move_or_archive_itself(tree: Tree, world: World) -> None:
    for address in ("move", "archive"):
        assert tree.district_admin.get(f"/agencies/{tree.district}/{address}").status_code == 409

    assert send(tree.district_admin, f"/agencies/{tree.district}/archive", page="/account").status_code == 409
    assert agency(world, tree.district).archived_at is None


def test_the_state_moves_a_school_and_its_administrator_loses_it_at_once(tree: Tree) -> None:
    assert tree.district_admin.get(f"/agencies/{tree.school}").status_code == 200

    send(tree.state_admin, f"/agencies/{tree.school}/move", {"parent_id": tree.other}, page="/account")

    assert tree.district_admin.get(f"/agencies/{tree.school}").status_code == 404


def test_a_loop_is_refused_on_the_page(tree: Tree) -> None:
    answer = send(tree.state_admin, f"/agencies/{tree.district}/move", {"parent_id": tree.school}, page="/account")

    assert answer.status_code == 422
    assert "below itself" in answer.text


def test_an_archived_agency_leaves_the_choices_and_comes_back(tree: Tree, world: World) -> None:
    send(tree.state_admin, f"/agencies/{tree.school}/archive", page="/account")
    tree.state_admin.get("/account")  # the page that says it is archived
    assert "Oak School" not in tree.state_admin.get("/people/invite").text
    assert "Oak School" not in tree.state_admin.get("/agencies").text
    assert "Oak School" in tree.state_admin.get("/agencies?archived=1").text

    send(tree.state_admin, f"/agencies/{tree.school}/restore", page="/account")

    assert "Oak School" in tree.state_admin.get("/people/invite").text


def test_archiving_a_district_with_schools_in_use_says_what_to_do(tree: Tree) -> None:
    answer = send(tree.state_admin, f"/agencies/{tree.district}/archive", page="/account")

    assert answer.status_code == 409
    assert "Archive or move them first" in answer.text


@pytest.mark.sqlite_only
def test_a_tree_of_thousands_stays_a_page(tree: Tree, world: World) -> None:
    def plant() -> None:
        made = [
            Agency(name=f"School {n}", kind="school", parent_id=tree.district, path="", created_at=agency_age)
            for n in range(600)
        ]
        db.session.add_all(made)
        db.session.flush()
        for one in made:
            one.path = f"/{tree.state}/{tree.district}/{one.id}/"

    agency_age = agency(world, tree.state).created_at
    world.write(plant)

    page = tree.state_admin.get("/agencies")
    form = tree.state_admin.get(f"/people/invite?agency={tree.school}")

    assert "more agencies than fit" in page.text
    assert "Elm District" in page.text
    assert len(page.data) < 60_000
    assert len(form.data) < 60_000
    assert f'selected value="{tree.school}"' in form.text


# --- more agencies than a list can hold -----------------------------------------------------------------------------


@pytest.fixture
def few_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agency_choices, "MOST_CHOICES", 5)


def offered(world: World, admin: int, *near: int) -> list[str]:
    def read() -> list[str]:
        viewer = load_viewer(admin)
        assert viewer is not None
        around = [db.session.get_one(Agency, number) for number in near]
        found = agency_choices.agency_choices(viewer, Permission.MANAGE_PEOPLE, *around)
        return [name.strip("\u2003") for _, name in found]

    return world.read(read)


@pytest.fixture
def large(world: World, few_fit: None) -> tuple[int, int, int]:
    """A state with two districts of six schools each: the ids of one district, a school of it, and its administrator."""
    state = world.agency("State")
    districts = [world.agency(f"District {letter}", parent=state) for letter in "AB"]
    schools = [world.agency(f"School {n}", parent=district) for district in districts for n in range(6)]
    admin = world.user()
    world.grant(admin, "agency-administrator", districts[1])
    return districts[1], schools[-1], admin


def test_of_too_many_agencies_the_top_of_ones_own_is_offered(world: World, large: tuple[int, int, int]) -> None:
    _district, _school, admin = large

    assert offered(world, admin) == ["District B"]


def test_of_too_many_agencies_those_around_the_one_in_question_are_offered(
    world: World, large: tuple[int, int, int]
) -> None:
    _district, school, admin = large
    everywhere = world.user()
    world.grant(everywhere, "state-administrator")

    names = offered(world, everywhere, school)

    assert offered(world, admin, school)[0] == "District B"
    assert {"State", "District B", "School 5"} <= set(names)
    assert len(names) == 5


def test_a_role_can_be_given_over_the_workplace_in_the_largest_state(world: World, large: tuple[int, int, int]) -> None:
    _district, school, _admin = large
    principal, top = world.user(agency=school), world.user()
    world.grant(top, "state-administrator")
    client, address = world.client_of(top), f"/people/{principal}/roles"

    answer = send(client, address, {"role": "agency-administrator", "agency_id": school}, page=address)

    assert answer.status_code == 303
    assert world.read(lambda: db.session.query(RoleGrant).filter_by(user_id=principal).one().agency_id) == school


def test_only_who_administers_everything_adds_a_state(tree: Tree) -> None:
    values = {"name": "Another State", "kind": "state", "parent_id": str(tree.district)}

    refused = send(tree.district_admin, "/agencies/new", values, page="/account")

    assert refused.status_code == 422
    assert 'value="state"' not in tree.district_admin.get("/agencies/new").text
    assert 'value="state"' in tree.state_admin.get("/agencies/new").text
