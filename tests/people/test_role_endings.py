"""Roles that end soon are told of by mail, once, to who holds one and to who could give it again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from lms.clock import local_day, utc_now
from lms.database import db
from lms.mail import write_mail
from lms.people.models import RoleGrant
from lms.people.role_endings import queue_role_endings
from lms.settings import Settings
from tests.support.visits import mails
from tests.support.world import World

ZONE = "America/Chicago"


def give(world: World, user: int, agency: int | None, by: int | None, days: float | None) -> None:
    now = utc_now()

    def step() -> None:
        until = now + timedelta(days=days) if days is not None else None
        db.session.add(
            RoleGrant(user_id=user, role="coordinator", agency_id=agency, granted_by_id=by, granted_at=now, until=until)
        )

    world.write(step)


def tell(world: World, now: datetime | None = None) -> int:
    now = now or utc_now()
    return world.write(lambda: queue_role_endings(now, local_day(now, ZONE), ZONE))


def test_holder_and_giver_are_told_once_two_weeks_before(world: World) -> None:
    agency = world.agency("Alder Clinic")
    holder, giver = world.user("Holder", agency=agency, language="es"), world.user("Giver", agency=agency)
    world.grant(giver, "agency-administrator", agency)
    give(world, holder, agency, giver, 13)

    assert tell(world) == 2
    assert tell(world) == 0
    told = {mail["to_user_id"]: mail["values"]["is_holder"] for mail in mails(world)}
    assert told == {holder: True, giver: False}


@pytest.mark.parametrize("days", [None, 15, -1])
def test_nothing_is_said_of_what_ends_later_never_or_has_ended(world: World, days: float | None) -> None:
    give(world, world.user(), world.agency(), None, days)

    assert tell(world) == 0


def test_a_giver_who_could_not_give_it_any_more_learns_nothing(world: World) -> None:
    agency = world.agency()
    holder, giver = world.user(agency=agency), world.user()
    give(world, holder, agency, giver, 5)

    tell(world)

    assert [mail["to_user_id"] for mail in mails(world)] == [holder]


def test_another_last_day_is_told_anew(world: World) -> None:
    holder = world.user()
    give(world, holder, world.agency(), None, 5)
    tell(world)

    world.write(
        lambda: setattr(db.session.query(RoleGrant).filter_by(user_id=holder).one(), "until", utc_now() + timedelta(8))
    )

    assert tell(world) == 1


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("is_holder", [True, False])
@pytest.mark.parametrize("agency", ["Alder Clinic", ""])
def test_the_mail_reads_whole(language: str, is_holder: bool, agency: str) -> None:
    values = {"role": "coordinator", "is_holder": is_holder, "holder": "Ana", "agency": agency, "last_day": "May 2"}

    text = write_mail("role-ending", language, values, to="a@test.example", effect_key="x", settings=Settings())

    assert "May 2" in text["Subject"]
    assert ("Alder Clinic" in text.get_content()) is bool(agency)
    assert ("Ana" in text.get_content()) is not is_holder
