"""Mails before a license expires: 60 and 14 days, once each, not after it was renewed or ended; found by its number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from lms.certification.license_reminders import find_license_ending, licenses_ending
from lms.certification.reminders import queue_reminders
from lms.database import db
from lms.outbox import OutboxMessage
from lms.people.models import AuditEvent, License, User
from tests.support.world import World

ZONE = "America/Chicago"
ADDED = datetime(2024, 1, 1, 18, tzinfo=UTC)
LAST = date(2027, 3, 31)


@pytest.fixture
def held(context: Flask, world: World) -> tuple[int, int]:
    """A person and their license."""
    user = world.user()
    return user, hold(world, user, LAST)


def hold(world: World, user: int, expires_on: date | None, *, number: str = "RN-123456") -> int:
    def step() -> int:
        license = License(
            user_id=user, board="nursing", state="MO", number=number, expires_on=expires_on, added_at=ADDED
        )
        db.session.add(license)
        db.session.flush()
        return license.id

    return world.write(step)


def keys_on(world: World, day: date) -> list[str]:
    """Let a day's plan run; every key that was ever queued."""
    now = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    world.write(lambda: queue_reminders(licenses_ending(now, ZONE, 0)[0], day))
    return world.read(lambda: sorted(db.session.scalars(select(OutboxMessage.effect_key))))


def test_mails_come_60_and_14_days_before_and_each_once(world: World, held: tuple[int, int]) -> None:
    _user, license = held
    key = f"reminder:license:{license}:2027-03-31"

    assert keys_on(world, LAST - timedelta(days=61)) == []
    assert keys_on(world, LAST - timedelta(days=60)) == [f"{key}:60"]
    assert keys_on(world, LAST - timedelta(days=15)) == [f"{key}:60"]
    assert keys_on(world, LAST - timedelta(days=14)) == [f"{key}:14", f"{key}:60"]
    assert keys_on(world, LAST) == [f"{key}:14", f"{key}:60"]


def test_who_wants_no_early_mail_gets_only_the_last(world: World, held: tuple[int, int]) -> None:
    user, license = held
    world.write(lambda: setattr(db.session.get_one(User, user), "wants_early_reminders", False))

    assert keys_on(world, LAST - timedelta(days=40)) == []
    assert keys_on(world, LAST - timedelta(days=10)) == [f"reminder:license:{license}:2027-03-31:14"]


@pytest.mark.parametrize("what", ["renewed in place", "renewed by another", "ended", "account off"])
def test_nothing_is_sent_for_what_is_over(world: World, held: tuple[int, int], what: str) -> None:
    user, license = held
    now = datetime(2027, 3, 20, 18, tzinfo=UTC)
    assert find_license_ending(license, "", now, ZONE) is not None
    db.session.rollback()

    def change() -> None:
        row = db.session.get_one(License, license)
        if what == "renewed in place":
            row.expires_on = date(2029, 3, 31)
        elif what == "ended":
            row.ended_at = now
        elif what == "account off":
            db.session.get_one(User, user).disabled_at = now

    world.write(change)
    if what == "renewed by another":
        hold(world, user, date(2029, 3, 31), number="RN-999999")

    assert find_license_ending(license, "", now, ZONE) is None


def test_a_renewed_license_has_mails_of_its_next_time(world: World, held: tuple[int, int]) -> None:
    _user, license = held
    keys_on(world, LAST - timedelta(days=14))
    world.write(lambda: setattr(db.session.get_one(License, license), "expires_on", date(2029, 3, 31)))

    assert f"reminder:license:{license}:2029-03-31:60" in keys_on(world, date(2029, 3, 31) - timedelta(days=60))


def test_an_administrator_finds_a_license_by_its_whole_number_alone_and_that_is_noted(app: Flask, world: World) -> None:
    mine, other = world.agency(), world.agency()
    admin = world.user(agency=mine)
    world.grant(admin, "agency-administrator", mine)
    found, hidden = world.user("Nora Found", agency=mine), world.user("Otto Elsewhere", agency=other)
    hold(world, found, None)
    hold(world, hidden, None, number="RN-777777")
    client = world.client_of(admin)

    whole = client.get("/people?license=rn-123456").text
    part = client.get("/people?license=RN-12345").text
    elsewhere = client.get("/people?license=RN-777777").text

    assert "Nora Found" in whole
    assert "Nora Found" not in part
    assert "Otto Elsewhere" not in elsewhere
    events = world.read(
        lambda: list(
            db.session.scalars(select(AuditEvent).filter_by(action="license.searched").order_by(AuditEvent.id))
        )
    )
    assert [(one.actor_id, one.detail) for one in events] == [(admin, {"found": count}) for count in (1, 0, 0)]
