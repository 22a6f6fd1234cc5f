"""Invitations: single use, short lived, hashed at rest, and they tell nothing about other agencies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine

from lms.clock import utc_now
from lms.database import db
from lms.errors import Conflict
from lms.people import invitations
from lms.people.invitations import Letter
from lms.people.models import Invitation, Membership, User
from tests.support.visits import mails
from tests.support.world import World

DAY = date(2026, 11, 23)


def letter(token: str = "secret") -> Letter:
    return Letter(token, f"https://training.example/invitations/{token}", "es")


def invite(world: World, agency: int, *, email: str = "New.Person@Test.example", token: str = "secret") -> int:
    inviter = world.user()
    return world.write(
        lambda: invitations.invite(
            email=email,
            name="New Person",
            agency_id=agency,
            discipline="schools",
            invited_by_id=inviter,
            day=DAY,
            letter=letter(token),
        )
    ).id


def accept(world: World, token: str = "secret") -> int:
    return world.write(
        lambda: invitations.accept_as_new(token, name="New Person", password_hash="x", language="es", day=DAY)
    )


def refused(world: World, step: Callable[[], object]) -> None:
    with pytest.raises(Conflict):
        world.write(step)


def test_an_accepted_invitation_makes_a_proven_account_with_its_place(world: World) -> None:
    agency = world.agency()
    invite(world, agency)

    user_id = accept(world)

    user = world.read(lambda: db.session.get_one(User, user_id))
    place = world.read(lambda: db.session.query(Membership).filter_by(user_id=user_id).one())
    assert (user.email, user.language, user.email_verified_at is not None) == ("new.person@test.example", "es", True)
    assert (place.agency_id, place.discipline, place.started_on) == (agency, "schools", DAY)


def test_the_token_is_not_kept(world: World) -> None:
    invite(world, world.agency(), token="plain-secret")

    row = world.read(lambda: db.session.query(Invitation).one())

    assert "plain-secret" not in str(vars(row))


def test_the_mail_is_queued_in_the_language_of_the_letter(world: World) -> None:
    invite(world, world.agency("Oak School"))

    (mail,) = mails(world)
    assert mail["to"] == "new.person@test.example"
    assert (mail["template"], mail["language"]) == ("invitation", "es")
    assert mail["values"]["agency"] == "Oak School"


def test_an_invitation_is_used_once(world: World) -> None:
    invite(world, world.agency())
    accept(world)

    refused(world, lambda: invitations.accept_as_new("secret", name="A", password_hash="x", language="en", day=DAY))


def test_an_invitation_ends_after_fourteen_days(world: World) -> None:
    invite(world, world.agency())

    with time_machine.travel(utc_now() + timedelta(days=14)):
        assert world.read(lambda: invitations.find_invitation("secret")) is None
        refused(world, lambda: invitations.accept_as_new("secret", name="A", password_hash="x", language="en", day=DAY))


def test_a_withdrawn_invitation_opens_nothing(world: World) -> None:
    number = invite(world, world.agency())
    actor = world.user()
    world.write(lambda: invitations.withdraw(number, actor_id=actor))

    assert world.read(lambda: invitations.find_invitation("secret")) is None
    refused(world, lambda: invitations.withdraw(number, actor_id=actor))


def test_a_mail_that_waits_is_not_sent_once_its_link_has_ended(world: World) -> None:
    agency, actor = world.agency(), world.user()
    invite(world, agency)
    withdrawn = invite(world, agency, email="second@test.example", token="second")

    world.write(lambda: invitations.withdraw(withdrawn, actor_id=actor))
    invite(world, agency, token="third")

    assert [mail["values"]["link"] for mail in mails(world)] == ["https://training.example/invitations/third"]


def test_sending_again_ends_the_link_sent_before(world: World) -> None:
    number = invite(world, world.agency())
    actor = world.user()

    world.write(lambda: invitations.resend(number, actor_id=actor, letter=letter("second")))

    assert world.read(lambda: invitations.find_invitation("secret")) is None
    assert world.read(lambda: invitations.find_invitation("second")) is not None
    assert world.read(lambda: invitations.is_replaced("secret"))
    assert not world.read(lambda: invitations.is_replaced("second"))
    assert [mail["values"]["link"] for mail in mails(world)] == ["https://training.example/invitations/second"]


def test_a_second_invitation_of_the_same_person_replaces_the_first(world: World) -> None:
    agency = world.agency()
    invite(world, agency)

    invite(world, agency, token="second")

    assert world.read(lambda: invitations.find_invitation("secret")) is None


def test_somebody_who_belongs_to_the_agency_is_not_invited_again(world: World) -> None:
    agency = world.agency()
    world.user(email="here@test.example", agency=agency, discipline="schools")

    with pytest.raises(Conflict):
        invite(world, agency, email="Here@test.example")


def test_an_account_elsewhere_is_invited_like_anybody(world: World) -> None:
    world.user(email="there@test.example", agency=world.agency())

    invite(world, world.agency(), email="there@test.example")

    assert [mail["template"] for mail in mails(world)] == ["invitation"]


def test_only_the_invited_address_can_accept_with_an_account(world: World) -> None:
    invite(world, world.agency(), email="wanted@test.example")
    somebody = world.user(email="somebody@test.example")

    refused(world, lambda: invitations.accept_as("secret", somebody, day=DAY))


def test_registering_a_known_address_sends_a_mail_that_says_so_and_makes_no_account(world: World) -> None:
    world.user(email="known@test.example")

    world.write(lambda: invitations.register("Known@test.example", letter=letter(), sign_in_link="/sign-in"))

    assert [mail["template"] for mail in mails(world)] == ["account-exists"]
    assert world.read(lambda: db.session.query(Invitation).count()) == 0


def test_a_registration_is_finished_within_a_day(world: World) -> None:
    world.write(lambda: invitations.register("new@test.example", letter=letter(), sign_in_link="/sign-in"))

    with time_machine.travel(utc_now() + timedelta(hours=24)):
        assert world.read(lambda: invitations.find_invitation("secret")) is None
    user_id = accept(world)
    assert world.read(lambda: db.session.query(Membership).filter_by(user_id=user_id).count()) == 0
