"""Reminders of what is assigned, and the weekly overview of who looks after it: each once, never of what is done."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from lms import jobs
from lms.certification.assignment_reminders import LONG_AGO, MARKS, OPTIONAL_MARKS
from lms.certification.reminders import mark_due
from lms.database import db
from lms.learning.assignments import end_assignment
from lms.mail import mail_folder
from lms.outbox import OutboxMessage
from lms.people.models import User
from lms.people.notices import Wishes, keep_wishes
from tests.certification.test_assignments import DAY, assign, days, give, noon
from tests.reporting.records import add_course, award
from tests.support.world import World

DUE = DAY + timedelta(days=60)


@pytest.fixture
def agency(world: World) -> int:
    return world.agency("District")


@pytest.fixture
def maker(world: World) -> int:
    return world.user("Maker")


@pytest.fixture
def course(world: World) -> int:
    return add_course(world, "one")


@pytest.fixture(autouse=True)
def empty_folder(app: Flask) -> None:
    for old in mail_folder(app.extensions["lms"].settings).glob("*.eml"):
        old.unlink()


def work(app: Flask, day: date) -> None:
    """What the scheduler and the worker do at noon of a day, until nothing is left."""
    with time_machine.travel(datetime(day.year, day.month, day.day, 18, tzinfo=UTC), tick=False):
        jobs.plan(app)
        while jobs.deliver_due(app):
            pass


def marks(world: World) -> list[int]:
    """The marks of the reminders that were queued, in their order."""
    keys = select(OutboxMessage.effect_key).where(OutboxMessage.kind == "reminder").order_by(OutboxMessage.id)
    return [int(key.rpartition(":")[2]) for key in world.read(lambda: list(db.session.scalars(keys)))]


def letters(app: Flask) -> list[str]:
    folder = mail_folder(app.extensions["lms"].settings)
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.eml"))]


@pytest.mark.parametrize(
    ("left", "sent", "due"),
    [
        (31, (), None),
        (30, (), 30),
        (14, (), 30),
        (7, (30,), 7),
        (1, (30, 7), 1),
        (0, (30, 7, 1), None),
        (-1, (30, 7, 1), -1),
        (-14, (30, 7, 1, -1), None),
        (-15, (30, 7, 1, -1), -15),
        (-40, (30, 7, 1, -1), -29),
        (-71, (-57,), -71),
        (-900, (-71,), None),
    ],
)
def test_each_mark_comes_on_its_day(left: int, sent: tuple[int, ...], due: int | None) -> None:
    day = DUE - timedelta(days=left)

    assert mark_due(LONG_AGO, DUE, day, sent=sent, marks=MARKS, optional=OPTIONAL_MARKS) == due


def test_the_mails_come_each_once_over_the_whole_time_and_six_after_the_due_day(
    app: Flask, world: World, agency: int, maker: int, course: int
) -> None:
    world.user(agency=agency)
    assign(world, agency, course, maker=maker, due_days=60)

    for left in (35, 30, 29, 7, 2, 1, 1, 0, -1, -2, -15, -16, -29, -43, -57, -71, -85, -99):
        work(app, DUE - timedelta(days=left))

    assert marks(world) == [30, 7, 1, -1, -15, -29, -43, -57, -71]
    assert "April 30, 2026" in letters(app)[0]
    assert "Course one" not in "".join(letters(app))


def test_nobody_is_reminded_before_they_have_accepted_their_invitation(
    app: Flask, world: World, agency: int, maker: int, course: int
) -> None:
    user = world.user(agency=agency)
    proven = world.read(lambda: db.session.get_one(User, user).email_verified_at)
    world.write(lambda: setattr(db.session.get_one(User, user), "email_verified_at", None))
    assign(world, agency, course, maker=maker, due_days=60)

    work(app, DUE - timedelta(days=30))
    work(app, DUE + timedelta(days=1))
    before = marks(world)
    world.write(lambda: setattr(db.session.get_one(User, user), "email_verified_at", proven))
    work(app, DUE + timedelta(days=2))

    assert before == []
    assert marks(world) == [-1]


def test_two_assignments_of_one_training_bring_one_mail(
    app: Flask, world: World, agency: int, maker: int, course: int
) -> None:
    world.user(agency=agency)
    assign(world, agency, course, maker=maker, due_days=60)
    assign(world, agency, course, maker=maker, due_days=60, discipline="healthcare")

    work(app, DUE)

    assert len(letters(app)) == 1


def test_nothing_comes_after_completion_after_a_waiver_and_after_the_end(
    app: Flask, world: World, agency: int, maker: int, course: int
) -> None:
    holder, waived = world.user(agency=agency), world.user(agency=agency)
    number = assign(world, agency, course, maker=maker, due_days=60)
    other = add_course(world, "two")
    ended = assign(world, agency, other, maker=maker, due_days=60)
    world.write(lambda: award(holder, course, valid_from=noon(DAY), expires_at=None))
    give(world, number, waived, "waiver", None, maker)
    world.write(lambda: end_assignment(ended, "no more", now=noon(DAY), actor_id=maker))

    work(app, DUE + timedelta(days=1))

    assert letters(app) == []


def test_a_mail_that_waited_is_not_sent_once_it_is_done(
    app: Flask, world: World, agency: int, maker: int, course: int
) -> None:
    user = world.user(agency=agency)
    assign(world, agency, course, maker=maker, due_days=60)
    with time_machine.travel(noon(DUE), tick=False):
        jobs.plan(app)
        jobs.deliver_due(app, limit=1)
    queued = len(marks(world))
    world.write(lambda: award(user, course, valid_from=noon(DAY), expires_at=None))

    work(app, DUE)

    assert (queued, letters(app)) == (1, [])


def test_the_first_one_can_be_switched_off_and_the_later_ones_cannot(
    app: Flask, world: World, agency: int, maker: int, course: int
) -> None:
    user = world.user(agency=agency)
    assign(world, agency, course, maker=maker, due_days=60)
    world.write(lambda: keep_wishes(user, Wishes(wants_first_reminder=False)))

    for left in (30, 7):
        work(app, DUE - timedelta(days=left))

    assert marks(world) == [7]


def test_whose_account_is_off_gets_none(app: Flask, world: World, agency: int, maker: int, course: int) -> None:
    user = world.user(agency=agency)
    assign(world, agency, course, maker=maker, due_days=60)
    world.write(lambda: setattr(db.session.get_one(User, user), "disabled_at", noon(DAY)))

    work(app, DUE + timedelta(days=1))

    assert marks(world) == []


# --- the weekly overview --------------------------------------------------------------------------------------------


def digest_of(app: Flask, day: date) -> list[str]:
    work(app, day)
    return [letter for letter in letters(app) if "weekly overview" in letter]


def supervisor(world: World, agency: int) -> int:
    user = world.user("Supervisor", email="supervisor@test.example")
    world.grant(user, "agency-administrator", agency)
    return user


def test_the_overview_names_who_is_overdue_in_ones_agencies_and_nobody_else(
    app: Flask, world: World, agency: int, maker: int, course: int
) -> None:
    other = world.agency("Elsewhere")
    supervisor(world, agency)
    world.user("Late Lee", agency=agency)
    world.user("Foreign Fay", agency=other)
    for one in (agency, other):
        assign(world, one, course, maker=maker, due_days=10)

    found = digest_of(app, DAY + days(15))

    assert len(found) == 1
    assert "people with something overdue: 1" in found[0]
    assert "Late Lee" in found[0]
    assert "Foreign Fay" not in found[0]


@pytest.mark.parametrize(
    ("digest", "chosen", "expected"), [("none", None, 0), ("weekly", "school", 0), ("weekly", None, 1)]
)
def test_whoever_wants_none_or_another_agency_gets_no_names_of_this_one(
    app: Flask, world: World, agency: int, maker: int, course: int, digest: str, chosen: str | None, expected: int
) -> None:
    school = world.agency("School", parent=agency)
    user = supervisor(world, agency)
    world.user("Late Lee", agency=agency)
    assign(world, agency, course, maker=maker, due_days=10)
    world.write(lambda: keep_wishes(user, Wishes(True, digest, school if chosen else None)))

    found = digest_of(app, DAY + days(15))

    assert len(found) == expected


def test_who_administers_another_agency_by_now_gets_that_ones_overview(
    app: Flask, world: World, agency: int, maker: int, course: int
) -> None:
    left = world.agency("Left behind")
    user = supervisor(world, agency)
    world.user("Late Lee", agency=agency)
    world.user("Foreign Fay", agency=left)
    for one in (agency, left):
        assign(world, one, course, maker=maker, due_days=10)
    world.write(lambda: keep_wishes(user, Wishes(True, "weekly", left)))

    (found,) = digest_of(app, DAY + days(15))

    assert ("Late Lee" in found, "Foreign Fay" in found) == (True, False)
