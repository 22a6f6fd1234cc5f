"""Codes to join: whoever enters one asks for a place, at most so often, until its day; administrators decide."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from lms.access import Permission, visible_agencies
from lms.database import db
from lms.errors import Conflict, Invalid, NotFound
from lms.outbox import OutboxMessage
from lms.people import joining
from lms.people.agency_models import JoinCode, JoinRequest
from lms.people.models import Membership, User
from tests.reporting.records import administrator
from tests.support.pages import page_of
from tests.support.visits import send
from tests.support.world import World

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DAY = date(2026, 11, 29)
KEY = "a key of these tests"


def make(world: World, agency: int, *, most_uses: int = 5, needs_approval: bool = True, days: int = 7) -> str:
    admin = world.user(agency=agency)

    def step() -> str:
        code = joining.make_code(
            agency,
            discipline="schools",
            needs_approval=needs_approval,
            most_uses=most_uses,
            expires_at=NOW + timedelta(days=days),
            secret_key=KEY,
            actor_id=admin,
            now=NOW,
        )
        return joining.shown_code(code, KEY) or ""

    return world.write(step)


def ask(world: World, code: str, user: int, now: datetime = NOW) -> int:
    return world.write(lambda: joining.ask(code, user, None, day=DAY, now=now)).id


def decide(world: World, ids: list[int], agency: int, *, is_approved: bool, reason: str = "", actor: int) -> int:
    def step() -> int:
        agencies = visible_agencies(administrator(agency), Permission.MANAGE_PEOPLE)
        return joining.decide(ids, agencies, is_approved=is_approved, reason=reason, actor_id=actor, day=DAY, now=NOW)

    return world.write(step)


def places(world: World, user: int) -> list[int]:
    return world.read(lambda: list(db.session.scalars(select(Membership.agency_id).filter_by(user_id=user))))


def test_a_code_is_kept_as_a_hash_alone_and_can_be_shown_again(world: World) -> None:
    code = make(world, world.agency())

    kept = world.read(lambda: db.session.scalars(select(JoinCode)).one())

    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code)
    assert code.replace("-", "") not in {kept.code_hash, kept.salt}
    assert joining.shown_code(kept, KEY) == code
    assert joining.shown_code(kept, "another key") is None


def test_whoever_asks_has_no_place_until_it_is_approved_and_gets_a_mail(world: World) -> None:
    agency = world.agency()
    code, user, admin = make(world, agency), world.user(), world.user()
    asked = ask(world, code.lower().replace("-", " "), user)
    assert places(world, user) == []

    done = decide(world, [asked], agency, is_approved=True, actor=admin)

    assert done == 1
    assert places(world, user) == [agency]
    mails = world.read(lambda: [one.payload for one in db.session.scalars(select(OutboxMessage))])
    assert [(one["template"], one["to_user_id"]) for one in mails] == [("join-decided", user)]


def test_without_approval_the_place_is_there_at_once(world: World) -> None:
    agency, user = world.agency(), world.user()

    ask(world, make(world, agency, needs_approval=False), user)

    assert places(world, user) == [agency]


def test_a_refusal_needs_a_reason(world: World) -> None:
    agency, user, admin = world.agency(), world.user(), world.user()
    asked = ask(world, make(world, agency), user)

    with pytest.raises(Invalid, match="Say why"):
        decide(world, [asked], agency, is_approved=False, reason="  ", actor=admin)

    assert decide(world, [asked], agency, is_approved=False, reason="Not on our staff", actor=admin) == 1
    assert places(world, user) == []


def test_another_agencys_request_is_not_decided(world: World) -> None:
    agency, other, user = world.agency(), world.agency(), world.user()
    asked = ask(world, make(world, agency), user)

    assert decide(world, [asked], other, is_approved=True, actor=world.user()) == 0
    assert places(world, user) == []


def test_nobody_decides_on_what_they_asked_for_themselves(world: World) -> None:
    agency, user = world.agency(), world.user()
    asked = ask(world, make(world, agency), user)

    with pytest.raises(Conflict):
        decide(world, [asked], agency, is_approved=True, actor=user)


def test_a_code_lets_in_so_many_and_no_more(world: World) -> None:
    code = make(world, world.agency(), most_uses=1)
    ask(world, code, world.user())

    with pytest.raises(NotFound):
        ask(world, code, world.user())


def test_a_code_ends_with_its_day(world: World) -> None:
    code = make(world, world.agency(), days=1)

    with pytest.raises(NotFound):
        ask(world, code, world.user(), NOW + timedelta(days=1))


def test_who_asked_already_and_who_belongs_there_is_told_so(world: World) -> None:
    agency = world.agency()
    code, user, member = make(world, agency), world.user(), world.user(agency=agency, discipline="schools")
    ask(world, code, user)

    with pytest.raises(Conflict, match="You have asked already"):
        ask(world, code, user)
    with pytest.raises(Conflict, match="You work at this agency already"):
        ask(world, code, member)


def test_from_the_poster_to_the_place(app: Flask, world: World) -> None:
    agency = world.agency("Oak School")
    admin, user = world.user(agency=agency), world.user("Ann Lee")
    world.grant(admin, "agency-administrator", agency)
    boss, learner = world.client_of(admin), world.client_of(user)
    soon = datetime.now(UTC) + timedelta(days=60)
    last = {"last_day-month": str(soon.month), "last_day-day": "1", "last_day-year": str(soon.year)}

    made = send(
        boss, f"/agencies/{agency}/codes/new", {"discipline": "", "needs_approval": "y", "most_uses": "9", **last}
    )
    poster = boss.get(made.headers["Location"]).text
    code = re.search(r'class="code">([^<]+)<', poster)[1]  # type: ignore[index]
    slip = send(learner, "/join", {"code": code[:-1]})
    named = send(learner, "/join", {"code": code})
    asked = send(learner, "/join", {"code": code, "agency": str(agency), "discipline": "schools"})
    queue = boss.get("/people/requests").text
    request = world.read(lambda: db.session.scalars(select(JoinRequest.id)).one())
    decided = send(boss, "/people/requests", {"request": str(request), "decision": "approve", "reason": ""})
    said = boss.get("/people/requests").text

    assert "<svg" in poster
    until = f"{soon.replace(day=1):%B} 1, {soon.year}"
    assert f"The code works until {until}." in poster
    assert "Únase a la capacitación de su agencia" in poster
    assert "El código vale hasta el 1 de" in poster
    assert slip.status_code == 422
    assert "A code has 8 letters and numbers; here are 7." in slip.text
    assert "Join Oak School?" in named.text
    assert asked.status_code == decided.status_code == 303
    assert "Ann Lee" in queue
    assert places(world, user) == [agency]
    assert "Ann Lee now works at Oak School, and was told by mail." in said


def test_who_asked_by_a_code_and_by_a_work_address_wait_in_one_queue(app: Flask, world: World) -> None:
    agency = world.agency("Oak School")
    admin, by_code, by_address = world.user(agency=agency), world.user("Ann Code"), world.user("Bo Address")
    world.grant(admin, "agency-administrator", agency)
    ask(world, make(world, agency), by_code)
    world.write(lambda: joining.add_request(by_address, agency, "housing", now=NOW))
    boss = world.client_of(admin)
    ids = [str(one) for one in world.read(lambda: list(db.session.scalars(select(JoinRequest.id))))]

    page = boss.get("/people/requests").text
    without = send(boss, "/people/requests", {"request": ids, "decision": "refuse", "reason": ""})
    decided = send(boss, "/people/requests", {"request": ids, "decision": "refuse", "reason": "Not on our staff"})

    assert "Ann Code" in page
    assert "Bo Address" in page
    assert "work address" in page
    assert (without.status_code, decided.status_code) == (422, 303)
    found = world.read(lambda: [(one.state, one.reason) for one in db.session.scalars(select(JoinRequest))])
    assert found == [("refused", "Not on our staff")] * 2
    assert places(world, by_code) == places(world, by_address) == []


def test_who_waits_by_a_work_address_is_told_so_when_they_enter_a_code(world: World) -> None:
    agency, user = world.agency(), world.user()
    code = make(world, agency)
    world.write(lambda: joining.add_request(user, agency, "schools", now=NOW))

    with pytest.raises(Conflict, match="You have asked already"):
        ask(world, code, user)


def test_a_code_survives_registration(app: Flask, world: World) -> None:
    agency = world.agency("Oak School")
    admin = world.user(agency=agency)
    settings = app.extensions["lms"].settings

    def step() -> str:
        code = joining.make_code(
            agency, discipline="schools", needs_approval=True, most_uses=5, secret_key=settings.secret_key,
            expires_at=datetime.now(UTC) + timedelta(days=7), actor_id=admin, now=datetime.now(UTC),
        )  # fmt: skip
        return joining.shown_code(code, settings.secret_key) or ""

    code = world.write(step)
    client = app.test_client()

    wrong = send(client, "/join", {"code": "0000-0000", "email": "new@oak.example"})
    sent = send(client, "/join", {"code": code, "email": "new@oak.example"})
    mail = world.read(lambda: db.session.scalars(select(OutboxMessage)).one().payload)
    link = mail["values"]["link"].partition("//")[2].partition("/")[2]
    password = "a long sentence for this test"
    entered = send(
        client, f"/{link}", {"name": "New Person", "password": password, "password_again": password, "language": "en"}
    )

    assert wrong.status_code == 422
    assert sent.status_code == 200
    assert entered.status_code == 303
    assert code in entered.headers["Location"]
    assert world.read(lambda: db.session.scalar(select(User.name).filter_by(email="new@oak.example"))) == "New Person"


def test_home_shows_the_way_in_to_who_works_nowhere_and_to_nobody_else(world: World) -> None:
    nobody, somebody, leader = world.user(), world.user(agency=world.agency()), world.user()
    world.grant(leader, "state-administrator")

    shown = [
        "You belong to no agency here yet" in page_of(world.client_of(one), "/home")
        for one in (nobody, somebody, leader)
    ]

    assert shown == [True, False, False]
    assert 'href="/join"' in page_of(world.client_of(nobody), "/home")
