"""Accounts and their sign-ins: resets are single use, a new password ends what was open, viewers are of this moment."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from lms.clock import utc_now
from lms.database import db
from lms.errors import Conflict, Invalid
from lms.people import accounts, signins
from lms.people.memberships import end_membership, start_membership
from lms.people.models import AuditEvent, Membership, RoleGrant, User, UserSession
from lms.people.names import clean_name
from lms.people.person_models import PasswordReset
from tests.support.visits import PASSWORD, mails
from tests.support.world import World


def ask(world: World, email: str, token: str = "secret") -> None:
    world.write(lambda: accounts.ask_for_reset(email, token=token, link=f"https://training.example/reset/{token}"))


def open_sessions(world: World, user: int) -> int:
    return world.read(lambda: db.session.query(UserSession).filter_by(user_id=user, ended_at=None).count())


def test_credentials_are_found_whatever_the_capitals(world: World) -> None:
    user = world.user(email="ana@test.example")
    world.set_password(user, PASSWORD)

    found = world.read(lambda: accounts.find_credentials("  Ana@Test.Example "))

    assert found is not None
    assert accounts.check_credentials(found, PASSWORD, allow_demo=False)
    assert not accounts.check_credentials(found, "something else entirely", allow_demo=False)


def test_an_unknown_account_a_disabled_one_and_one_without_password_are_refused(world: World) -> None:
    disabled, without = world.user(email="off@test.example"), world.user(email="none@test.example")
    world.set_password(disabled, PASSWORD)
    world.write(lambda: setattr(db.session.get_one(User, disabled), "disabled_at", utc_now()))

    for email in ("off@test.example", "none@test.example", "nobody@test.example"):
        found = world.read(lambda email=email: accounts.find_credentials(email))
        assert not accounts.check_credentials(found, PASSWORD, allow_demo=True)
    assert without


def test_a_demo_account_counts_only_where_demo_is_allowed(world: World) -> None:
    user = world.user(email="demo@test.example")
    world.set_password(user, PASSWORD)
    world.write(lambda: setattr(db.session.get_one(User, user), "is_demo", True))
    found = world.read(lambda: accounts.find_credentials("demo@test.example"))

    assert accounts.check_credentials(found, PASSWORD, allow_demo=True)
    assert not accounts.check_credentials(found, PASSWORD, allow_demo=False)


def test_a_reset_works_once_and_ends_every_sign_in(world: World) -> None:
    user = world.user(email="ana@test.example")
    world.client_of(user)
    ask(world, "Ana@test.example")

    assert world.write(lambda: accounts.use_reset("secret", "new hash")) == user

    assert open_sessions(world, user) == 0
    assert world.read(lambda: db.session.get_one(User, user).password_hash) == "new hash"
    with pytest.raises(Conflict):
        world.write(lambda: accounts.use_reset("secret", "third hash"))


def test_a_reset_ends_after_an_hour(world: World) -> None:
    world.user(email="ana@test.example")
    ask(world, "ana@test.example")

    with time_machine.travel(utc_now() + timedelta(hours=1)):
        assert world.read(lambda: accounts.find_reset("secret")) is None
        with pytest.raises(Conflict):
            world.write(lambda: accounts.use_reset("secret", "new hash"))


def test_using_one_reset_ends_the_others(world: World) -> None:
    world.user(email="ana@test.example")
    ask(world, "ana@test.example", "first")
    ask(world, "ana@test.example", "second")

    world.write(lambda: accounts.use_reset("second", "new hash"))

    assert world.read(lambda: accounts.find_reset("first")) is None


def test_the_token_of_a_reset_is_not_kept(world: World) -> None:
    world.user(email="ana@test.example")
    ask(world, "ana@test.example", "plain-secret")

    row = world.read(lambda: db.session.query(PasswordReset).one())

    assert "plain-secret" not in str(vars(row))


def test_a_reset_for_an_unknown_address_sends_nothing(world: World) -> None:
    ask(world, "nobody@test.example")

    assert mails(world) == []
    assert world.read(lambda: db.session.query(PasswordReset).count()) == 0


def test_a_disabled_person_gets_no_reset_and_cannot_use_an_older_one(world: World) -> None:
    user = world.user(email="ana@test.example")
    ask(world, "ana@test.example")
    world.write(lambda: setattr(db.session.get_one(User, user), "disabled_at", utc_now()))

    ask(world, "ana@test.example", "second")

    assert len(mails(world)) == 1
    with pytest.raises(Conflict):
        world.write(lambda: accounts.use_reset("secret", "new hash"))


def test_a_changed_password_keeps_this_sign_in_and_tells_the_person(world: World) -> None:
    user = world.user()
    world.client_of(user)
    world.client_of(user)
    kept = world.read(lambda: db.session.query(UserSession.id).order_by(UserSession.id).first()[0])

    world.write(lambda: accounts.set_password(user, "new hash", keep_session=kept))

    assert open_sessions(world, user) == 1
    assert [mail["template"] for mail in mails(world)] == ["password-changed"]


def test_a_new_hash_is_not_kept_over_a_password_changed_meanwhile(world: World) -> None:
    user = world.user()
    world.write(lambda: setattr(db.session.get_one(User, user), "password_hash", "changed meanwhile"))

    world.write(lambda: accounts.keep_new_hash(user, "old", "old under new costs"))

    assert world.read(lambda: db.session.get_one(User, user).password_hash) == "changed meanwhile"


def test_a_name_is_made_regular_and_must_be_there(world: World) -> None:
    user = world.user()

    world.write(
        lambda: accounts.change_profile(user, name="  Ana\n\tRuiz ", certificate_name="Dr. Ana Ruiz", language="es")
    )

    changed = world.read(lambda: db.session.get_one(User, user))
    assert (changed.name, changed.printed_name, changed.language) == ("Ana Ruiz", "Dr. Ana Ruiz", "es")
    with pytest.raises(Invalid):
        world.write(lambda: accounts.change_profile(user, name=" \n ", certificate_name="", language="en"))


@pytest.mark.parametrize(("name", "printed"), [("…", ""), ("\u202e\u200b", ""), ("Ana", "★")])
def test_a_name_of_which_nothing_would_be_printed_is_refused(world: World, name: str, printed: str) -> None:
    user = world.user("Ana")

    with pytest.raises(Invalid):
        world.write(lambda: accounts.change_profile(user, name=name, certificate_name=printed, language="en"))


def test_marks_that_turn_or_part_a_name_unseen_are_left_out_and_joiners_stay() -> None:
    assert clean_name("A\u202en\u200ba\ufeff Ru\u00adiz") == "Ana Ruiz"
    assert clean_name("می\u200cخواهم क्\u200dष") == "می\u200cخواهم क्\u200dष"


def test_an_administrator_made_at_the_command_line_may_do_so_twice(world: World) -> None:
    for _ in range(2):
        made = world.write(
            lambda: accounts.create_administrator(
                email="Root@test.example", name="Root", password_hash="x", now=utc_now()
            )
        )

    grants = world.read(lambda: db.session.query(RoleGrant).filter_by(user_id=made.id).all())
    assert [(grant.role, grant.agency_id) for grant in grants] == [("state-administrator", None)]


def test_a_session_knows_its_viewer_with_every_place_and_role_in_one_query(world: World, count_queries) -> None:  # type: ignore[no-untyped-def]
    one, two = world.agency("One"), world.agency("Two")
    user = world.user(agency=one, discipline="schools")
    world.write(lambda: start_membership(user, two, "healthcare", day=date(2020, 1, 1), actor_id=None))
    world.grant(user, "coordinator", one)
    world.grant(user, "author")
    token = world.write(lambda: signins.begin_session(user, hours=1, agent="test"))
    count_queries.statements.clear()

    found = world.read(lambda: signins.find_session(token, idle_minutes=60))

    assert found is not None
    assert count_queries.count == 1
    assert {(place.agency_name, place.discipline) for place in found.viewer.places} == {
        ("One", "schools"),
        ("Two", "healthcare"),
    }
    assert {(grant.role, grant.agency_path) for grant in found.viewer.grants} == {
        ("coordinator", f"/{one}/"),
        ("author", None),
    }


def test_a_place_that_has_ended_and_a_role_that_was_taken_are_not_the_viewers(world: World) -> None:
    agency = world.agency()
    user = world.user(agency=agency)
    world.grant(user, "coordinator", agency)
    token = world.write(lambda: signins.begin_session(user, hours=1, agent="test"))

    def leave() -> None:
        end_membership(db.session.query(Membership.id).scalar(), day=date(2026, 1, 1), actor_id=None)
        db.session.query(RoleGrant).one().revoked_at = utc_now()

    world.write(leave)

    found = world.read(lambda: signins.find_session(token, idle_minutes=60, today=date(2026, 1, 1)))
    assert found is not None
    assert (found.viewer.places, found.viewer.grants) == ((), ())


@pytest.mark.parametrize(("minutes", "is_open"), [(59, True), (61, False)])
def test_a_session_ends_when_it_was_idle_too_long(world: World, minutes: int, is_open: bool) -> None:
    token = world.write(lambda: signins.begin_session(a_person(), hours=12, agent="test"))

    with time_machine.travel(utc_now() + timedelta(minutes=minutes)):
        found = world.read(lambda: signins.find_session(token, idle_minutes=60))

    assert (found is not None) is is_open


def a_person() -> int:
    user = User(name="P", email="p@test.example", language="en", created_at=utc_now())
    db.session.add(user)
    db.session.flush()
    return user.id


def test_the_token_of_a_session_is_not_kept(world: World) -> None:
    token = world.write(lambda: signins.begin_session(a_person(), hours=12, agent="test"))

    row = world.read(lambda: db.session.query(UserSession).one())

    assert token not in str(vars(row))


def test_an_audit_event_holds_no_name(world: World) -> None:
    user = world.user("Ana Secret-Name")
    world.write(lambda: accounts.change_profile(user, name="Ana Other-Name", certificate_name="", language="en"))

    event = world.read(lambda: db.session.query(AuditEvent).one())

    assert "Name" not in str(event.detail)
    assert event.detail == {"fields": ["name"]}
