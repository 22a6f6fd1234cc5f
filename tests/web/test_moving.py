"""Somebody changes agencies: one form ends the place and begins the next; what each agency sees follows from the days."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from lms.database import db
from lms.people.models import AuditEvent, Membership
from tests.support.visits import send
from tests.support.world import World
from tests.web.test_people import Office, office, place_of

__all__ = ["office"]


def move(office: Office, browser, membership: int, agency: int, *, day: str = "2", year: str = "2026", **values: str):
    return send(
        browser,
        f"/people/{office.person}/places/{membership}/move",
        {
            "agency_id": str(agency),
            "discipline": "schools",
            "started_on-month": "3",
            "started_on-day": day,
            "started_on-year": year,
            **values,
        },
        page="/account",
    )


@pytest.fixture
def below(world: World, office: Office) -> int:
    return world.agency("Oak School", parent=office.agency, kind="school")


def test_one_form_ends_a_place_and_begins_the_next_on_the_same_day(world: World, office: Office, below: int) -> None:
    membership = place_of(world, office.person)

    answer = move(office, office.admin, membership, below, discipline="child-welfare")

    assert answer.headers["Location"] == f"/people/{office.person}"
    rows = world.read(
        lambda: db.session.execute(
            select(Membership.agency_id, Membership.discipline, Membership.started_on, Membership.ended_on)
            .where(Membership.user_id == office.person)
            .order_by(Membership.id)
        ).all()
    )
    assert [tuple(row) for row in rows] == [
        (office.agency, "schools", date(2020, 1, 1), date(2026, 3, 2)),
        (below, "child-welfare", date(2026, 3, 2), None),
    ]
    actions = world.read(lambda: db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all())
    assert actions[-2:] == ["membership.ended", "membership.started"]


def test_the_form_says_what_each_agency_goes_on_seeing(world: World, office: Office) -> None:
    page = office.admin.get(f"/people/{office.person}/places/{place_of(world, office.person)}/move").text

    assert "The agency before goes on seeing what was earned there, and not what comes after." in page
    assert "of what was earned before only what the person shares with it." in page


def test_moving_to_the_place_that_one_has_or_before_it_began_is_refused(
    world: World, office: Office, below: int
) -> None:
    membership = place_of(world, office.person)

    assert move(office, office.admin, membership, office.agency).status_code == 422
    assert move(office, office.admin, membership, below, year="2019").status_code == 422
    assert world.read(lambda: db.session.get_one(Membership, membership).ended_on) is None


def test_nobody_is_moved_into_an_agency_out_of_reach_or_out_of_anothers(world: World, office: Office) -> None:
    membership = place_of(world, office.person)

    assert move(office, office.admin, membership, office.other_agency).status_code == 422
    assert move(office, office.other_admin, membership, office.other_agency).status_code == 404
    assert move(office, office.state, membership, office.other_agency).status_code == 303


def test_the_agency_before_sees_the_person_among_those_who_have_left(world: World, office: Office) -> None:
    move(office, office.state, place_of(world, office.person), office.other_agency)

    assert "Ann Lee" not in office.admin.get("/people").text
    assert "Ann Lee" in office.admin.get("/people?status=past").text
    assert "Ann Lee" in office.other_admin.get("/people").text
