"""Ids by which others know an agency: of the right form, one agency's alone, found again, kept when they end."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from lms.clock import utc_now
from lms.database import db
from lms.errors import Invalid
from lms.people import agencies, agency_numbers
from lms.people.agency_history import former_states, is_called, who_may_here
from lms.people.agency_models import AgencyNumber
from lms.people.models import Agency
from tests.support.days import site_day
from tests.support.visits import send
from tests.support.world import World

pytestmark = pytest.mark.usefixtures("context")

DAY = date(2026, 1, 1)


def add(world: World, agency: int, kind: str, value: str, label: str = "") -> int:
    def step() -> AgencyNumber:
        return agency_numbers.add_number(agency, kind=kind, label=label, value=value, started_on=DAY, actor_id=None)

    return world.write(step).id


def called(search: str) -> list[str]:
    return sorted(db.session.scalars(select(Agency.name).where(is_called(search))))


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("nces-district", "29 12345", "2912345"),
        ("nces-school", "290001200345", "290001200345"),
        ("nces-school", "a0100123", "A0100123"),
        ("ccn", "26-0001", "260001"),
        ("npi", "1234567893", "1234567893"),
    ],
)
def test_an_id_is_kept_as_its_issuer_writes_it(kind: str, value: str, kept: str) -> None:
    assert agency_numbers.checked_value(kind, value) == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [("nces-district", "123"), ("nces-school", "1"), ("ccn", "2600"), ("npi", "1234567890"), ("npi", "3234567893")],
)
def test_an_id_of_another_form_is_refused(kind: str, value: str) -> None:
    with pytest.raises(Invalid):
        agency_numbers.checked_value(kind, value)


def test_two_agencies_in_use_never_have_one_id(world: World) -> None:
    one, two = world.agency(), world.agency()
    add(world, one, "ccn", "260001")

    with pytest.raises(Invalid, match="Another agency has the id"):
        add(world, two, "ccn", "260001")


def test_an_archived_agencys_id_is_free_and_is_missed_when_it_comes_back(world: World) -> None:
    one, two = world.agency(), world.agency()
    add(world, one, "ccn", "260001")
    world.write(lambda: agencies.archive_agency(one, actor_id=None))
    add(world, two, "ccn", "260001")

    with pytest.raises(Invalid, match="Another agency has the id"):
        world.write(lambda: agencies.restore_agency(one, day=site_day(), actor_id=None))


def test_an_id_that_ended_stays_with_its_days_and_another_agency_may_have_it(world: World) -> None:
    one, two = world.agency(), world.agency()
    number = add(world, one, "state", "K-7", label="MO DESE")

    world.write(lambda: agency_numbers.end_number(one, number, day=date(2026, 3, 1), actor_id=None))
    add(world, two, "state", "K-7", label="MO DESE")

    assert [(one.started_on, one.ended_on) for one in agency_numbers.numbers_of(one)] == [(DAY, date(2026, 3, 1))]


def test_an_agency_is_found_by_its_id_and_its_former_name(world: World) -> None:
    state = world.agency("The State")
    one = world.agency("Oak General", parent=state)
    add(world, one, "npi", "1234567893")

    world.write(
        lambda: agencies.change_agency(
            one, name="Kingdom Health", kind="hospital", county_fips=None, code=None, actor_id=None
        )
    )

    assert called("1234567893") == called("oak gén") == called("kingdom") == ["Kingdom Health"]


def test_what_it_was_called_and_where_it_lay_is_kept(world: World) -> None:
    first, second = world.agency("First District"), world.agency("Second District")
    one = world.agency("Oak School", parent=first)

    world.write(lambda: agencies.move_agency(one, second, day=site_day(), actor_id=None))
    world.write(
        lambda: agencies.change_agency(
            one, name="Elm School", kind="school", county_fips=None, code=None, actor_id=None
        )
    )

    states = former_states(one)
    assert [(state.name, state.parent_name) for state in states] == [
        ("Oak School", "Second District"),
        ("Oak School", "First District"),
    ]
    assert states[0].from_at == states[1].until_at


def test_whoever_may_do_something_here_is_named_with_where_that_comes_from(world: World) -> None:
    state = world.agency("The State")
    one = world.agency("Oak School", parent=state)
    beside = world.agency("Elm School", parent=state)
    world.grant(world.user("From Above"), "agency-administrator", state)
    world.grant(world.user("From Here"), "coordinator", one)
    world.grant(world.user("From Beside"), "agency-administrator", beside)
    world.grant(world.user("From Everywhere"), "state-administrator")

    held = who_may_here(db.session.get_one(Agency, one), utc_now())

    assert {(row.name, row.over) for row in held} == {
        ("From Here", "Oak School"),
        ("From Above", "The State"),
        ("From Everywhere", None),
    }


def test_the_page_of_an_agency_says_all_of_it(app: Flask, world: World) -> None:
    state = world.agency("The State")
    one = world.agency("Oak School", parent=state)
    admin = world.user("Ada Admin", agency=state)
    world.grant(admin, "agency-administrator", state)
    client = world.client_of(admin)
    day = {"started_on-month": "1", "started_on-day": "2", "started_on-year": "2026"}

    refused = send(client, f"/agencies/{one}/numbers/new", {"kind": "npi", "value": "1234567890", **day})
    added = send(client, f"/agencies/{one}/numbers/new", {"kind": "npi", "value": "1234567893", **day})
    send(client, f"/agencies/{one}/edit", {"name": "Elm School", "kind": "school"})
    page, found = client.get(f"/agencies/{one}").text, client.get("/agencies?q=oak").text

    assert refused.status_code == 422
    assert added.status_code == 303
    assert "National Provider Identifier (NPI)" in page
    assert "from above: The State" in page
    assert "What it was before" in page
    assert "called Oak School until" in found
