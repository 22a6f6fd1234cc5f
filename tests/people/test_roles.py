"""Nobody gives what they do not hold, and the state is never left without an administrator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from lms.clock import utc_now
from lms.database import db, run_transaction, writing
from lms.errors import Conflict, Invalid, LmsError, NotAllowed
from lms.mail import write_mail
from lms.people import disabling, roles
from lms.people.models import AuditEvent, RoleGrant, UserSession
from lms.people.signins import load_viewer
from lms.people.viewer import Viewer
from lms.settings import Settings
from tests.support.days import site_day
from tests.support.visits import mails
from tests.support.world import World


def viewer_of(world: World, user: int) -> Viewer:
    viewer = world.read(lambda: load_viewer(user))
    assert viewer is not None
    return viewer


def grants_of(world: World, user: int) -> list[int]:
    return world.read(
        lambda: [
            row.id
            for row in db.session.query(RoleGrant).filter_by(user_id=user, revoked_at=None).order_by(RoleGrant.id)
        ]
    )


def refused(world: World, error: type[Exception], step: Callable[[], object]) -> None:
    with pytest.raises(error):
        world.write(step)


@pytest.fixture
def state_admin(world: World) -> Viewer:
    user = world.user("Robin")
    world.grant(user, "state-administrator")
    return viewer_of(world, user)


def admin_of(world: World, agency: int) -> Viewer:
    user = world.user(agency=agency)
    world.grant(user, "agency-administrator", agency)
    return viewer_of(world, user)


def test_an_agency_administrator_gives_their_own_role_below(world: World) -> None:
    district = world.agency()
    school = world.agency(parent=district)
    admin, person = admin_of(world, district), world.user(agency=school)

    world.write(lambda: roles.grant_role(admin, person, "agency-administrator", school))

    assert viewer_of(world, person).roles == {"agency-administrator"}


def test_whoever_gets_or_loses_a_role_is_told_by_mail_and_in_their_language(world: World, state_admin: Viewer) -> None:
    school, elsewhere = world.agency("Oak School"), world.agency()
    person = world.user(agency=elsewhere, language="es")

    last_day = site_day() + timedelta(days=30)
    until = utc_now() + timedelta(days=31)
    world.write(lambda: roles.grant_role(state_admin, person, "coordinator", school, until=until, last_day=last_day))
    admin = admin_of(world, school)
    world.write(lambda: roles.revoke_role(admin, grants_of(world, person)[0]))

    told = [mail for mail in mails(world) if mail["template"] == "role-changed"]
    assert [(mail["to_user_id"], mail["values"]["what"]) for mail in told] == [(person, "given"), (person, "ended")]
    texts = [
        write_mail("role-changed", "es", mail["values"], to="a@a.example", effect_key="x", settings=Settings())
        for mail in told
    ]
    assert "Robin le asignó un rol: coordinación de equipos en Oak School" in texts[0].get_content()
    assert "puso fin a su rol" in texts[1].get_content()


def test_nobody_is_told_of_what_they_did_to_themselves(world: World) -> None:
    agency = world.agency()
    admin = admin_of(world, agency)
    admin_of(world, agency)

    world.write(lambda: roles.revoke_role(admin, grants_of(world, admin.id)[0]))

    assert mails(world) == []


@pytest.mark.parametrize("role", ["author", "state-administrator"])
def test_an_agency_administrator_does_not_give_what_reaches_further(world: World, role: str) -> None:
    district = world.agency()
    admin, person = admin_of(world, district), world.user(agency=district)

    refused(world, NotAllowed, lambda: roles.grant_role(admin, person, role, district))


def test_nobody_gives_a_role_over_an_agency_beside_or_above_theirs(world: World) -> None:
    state = world.agency()
    mine, other = world.agency(parent=state), world.agency(parent=state)
    admin, person = admin_of(world, mine), world.user(agency=mine)

    for agency in (other, state, None):
        refused(world, NotAllowed, lambda agency=agency: roles.grant_role(admin, person, "coordinator", agency))


def test_a_learner_an_author_and_a_coordinator_give_nothing(world: World) -> None:
    agency = world.agency()
    person = world.user(agency=agency)
    for role in (None, "author", "coordinator"):
        user = world.user(agency=agency)
        if role:
            world.grant(user, role, agency)
        viewer = viewer_of(world, user)

        refused(world, NotAllowed, lambda viewer=viewer: roles.grant_role(viewer, person, "coordinator", agency))


def test_the_state_gives_every_role(world: World, state_admin: Viewer) -> None:
    agency = world.agency()
    person = world.user(agency=agency)

    for role in roles.ROLES:
        world.write(lambda role=role: roles.grant_role(state_admin, person, role, agency))

    assert viewer_of(world, person).roles == set(roles.ROLES)


def test_a_role_is_given_once(world: World, state_admin: Viewer) -> None:
    agency = world.agency()
    person = world.user(agency=agency)
    world.write(lambda: roles.grant_role(state_admin, person, "coordinator", agency))

    refused(world, Conflict, lambda: roles.grant_role(state_admin, person, "coordinator", agency))


def test_a_role_ends_at_its_moment(world: World, state_admin: Viewer) -> None:
    agency = world.agency()
    person = world.user(agency=agency)
    soon = utc_now() + timedelta(hours=1)
    grant = world.write(lambda: roles.grant_role(state_admin, person, "coordinator", agency, until=soon))

    world.write(lambda: setattr(db.session.get_one(RoleGrant, grant.id), "until", utc_now()))

    assert viewer_of(world, person).roles == frozenset()


def test_a_role_that_would_have_ended_already_is_refused(world: World, state_admin: Viewer) -> None:
    agency, person = world.agency(), world.user()
    past = utc_now() - timedelta(seconds=1)

    refused(world, Invalid, lambda: roles.grant_role(state_admin, person, "coordinator", agency, until=past))


def test_the_last_state_administrator_cannot_be_demoted_even_by_themselves(world: World, state_admin: Viewer) -> None:
    (grant,) = grants_of(world, state_admin.id)

    refused(world, Conflict, lambda: roles.revoke_role(state_admin, grant))


def test_a_state_administrator_over_one_agency_does_not_count_as_another(world: World, state_admin: Viewer) -> None:
    world.grant(world.user(), "state-administrator", world.agency())
    (grant,) = grants_of(world, state_admin.id)

    refused(world, Conflict, lambda: roles.revoke_role(state_admin, grant))


def test_the_last_state_administrators_other_roles_can_be_taken(world: World, state_admin: Viewer) -> None:
    agency = world.agency()
    world.grant(state_admin.id, "coordinator", agency)
    _, coordinator = grants_of(world, state_admin.id)

    world.write(lambda: roles.revoke_role(state_admin, coordinator))

    assert len(grants_of(world, state_admin.id)) == 1


def test_nobody_leaves_their_agency_without_an_administrator(world: World) -> None:
    district = world.agency()
    school = world.agency(parent=district)
    admin = admin_of(world, school)
    world.grant(world.user(), "state-administrator")
    world.grant(world.user(), "agency-administrator", world.agency(parent=district))
    (grant,) = grants_of(world, admin.id)

    refused(world, Conflict, lambda: roles.revoke_role(admin, grant))


def test_ones_own_role_can_be_taken_back_where_somebody_above_administers_too(world: World) -> None:
    district = world.agency()
    admin, above = admin_of(world, world.agency(parent=district)), admin_of(world, district)
    (grant,) = grants_of(world, admin.id)

    world.write(lambda: roles.revoke_role(admin, grant))

    assert grants_of(world, admin.id) == []
    assert len(grants_of(world, above.id)) == 1


def test_two_state_administrators_who_demote_each_other_at_once_leave_one(app: Flask, world: World) -> None:
    one, two = world.user(), world.user()
    for user in (one, two):
        world.grant(user, "state-administrator")
    viewers = {user: viewer_of(world, user) for user in (one, two)}
    start, refusals = threading.Barrier(2), []

    def demote(actor: int, target: int) -> None:
        (grant,) = grants_of(world, target)
        with app.app_context():
            start.wait()
            try:
                run_transaction(lambda: roles.revoke_role(viewers[actor], grant))
            except LmsError as error:
                refusals.append(error)
            db.session.remove()

    threads = [threading.Thread(target=demote, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refusals) == 1
    assert len(grants_of(world, one)) + len(grants_of(world, two)) == 1


def test_two_state_administrators_who_switch_each_other_off_at_once_leave_one(app: Flask, world: World) -> None:
    one, two = world.user(), world.user()
    for user in (one, two):
        world.grant(user, "state-administrator")
    viewers = {user: viewer_of(world, user) for user in (one, two)}
    outcome: list[object] = []

    def switch_off_in_return() -> None:
        with app.app_context():
            try:
                run_transaction(lambda: disabling.disable_account(viewers[two], one, may_manage_all=True))
                outcome.append("done")
            except LmsError as error:
                outcome.append(type(error))
            db.session.remove()

    other = threading.Thread(target=switch_off_in_return)
    with app.app_context(), writing():
        disabling.disable_account(viewers[one], two, may_manage_all=True)
        db.session.flush()
        other.start()
        other.join(timeout=1)  # it waits for this transaction by now
    other.join()

    assert outcome == [Conflict]


def test_an_administrator_for_a_time_does_not_count_as_another(world: World, state_admin: Viewer) -> None:
    deputy = world.user()
    until = utc_now() + timedelta(days=1)
    world.write(lambda: roles.grant_role(state_admin, deputy, "state-administrator", None, until=until))
    (grant,) = grants_of(world, state_admin.id)

    refused(world, Conflict, lambda: roles.revoke_role(state_admin, grant))


def test_who_administers_for_a_time_makes_no_role_last_longer(world: World, state_admin: Viewer) -> None:
    district = world.agency()
    school = world.agency(parent=district)
    deputy, friend, now = world.user(agency=district), world.user(agency=school), utc_now()
    end = now + timedelta(days=30)
    world.write(lambda: roles.grant_role(state_admin, deputy, "agency-administrator", district, until=end))
    viewer, (own,) = viewer_of(world, deputy), grants_of(world, deputy)

    refused(world, Invalid, lambda: roles.change_last_day(viewer, own, None, None))
    refused(world, Invalid, lambda: roles.change_last_day(viewer, own, end + timedelta(days=1), None))
    refused(world, Invalid, lambda: roles.grant_role(viewer, deputy, "agency-administrator", school))
    refused(world, Invalid, lambda: roles.grant_role(viewer, friend, "coordinator", school))
    world.write(lambda: roles.grant_role(viewer, friend, "coordinator", school, until=end))

    assert viewer_of(world, friend).roles == {"coordinator"}


def test_one_of_two_grants_of_the_last_administrator_can_be_taken(world: World, state_admin: Viewer) -> None:
    world.grant(state_admin.id, "state-administrator")
    first, _ = grants_of(world, state_admin.id)

    world.write(lambda: roles.revoke_role(state_admin, first))

    assert len(grants_of(world, state_admin.id)) == 1


def test_a_role_given_twice_at_the_same_moment_is_given_once(app: Flask, world: World, state_admin: Viewer) -> None:
    agency, person = world.agency(), world.user()
    outcome: list[object] = []

    def give_too() -> None:
        with app.app_context():
            try:
                run_transaction(lambda: roles.grant_role(state_admin, person, "coordinator", agency))
                outcome.append("done")
            except LmsError as error:
                outcome.append(type(error))
            db.session.remove()

    other = threading.Thread(target=give_too)
    with app.app_context(), writing():
        roles.grant_role(state_admin, person, "coordinator", agency)
        db.session.flush()
        other.start()
        other.join(timeout=1)  # it waits for this transaction by now
    other.join()

    assert outcome == [Conflict]
    assert len(grants_of(world, person)) == 1


def test_giving_and_taking_are_audited_with_their_agency(world: World, state_admin: Viewer) -> None:
    agency, person = world.agency(), world.user()
    grant = world.write(lambda: roles.grant_role(state_admin, person, "coordinator", agency))
    world.write(lambda: roles.revoke_role(state_admin, grant.id))

    events = world.read(lambda: db.session.query(AuditEvent).order_by(AuditEvent.id).all())
    assert [(e.action, e.actor_id, e.subject_id, e.agency_id) for e in events] == [
        ("role.granted", state_admin.id, person, agency),
        ("role.revoked", state_admin.id, person, agency),
    ]


def test_switching_an_account_off_ends_its_sessions(world: World, state_admin: Viewer) -> None:
    agency = world.agency()
    person = world.user(agency=agency)
    world.client_of(person)

    world.write(lambda: disabling.disable_account(state_admin, person, may_manage_all=True))

    open_sessions = world.read(lambda: db.session.query(UserSession).filter_by(user_id=person, ended_at=None).count())
    assert open_sessions == 0
    assert world.read(lambda: load_viewer(person)) is None


def test_an_agency_administrator_cannot_switch_off_somebody_above_them(world: World, state_admin: Viewer) -> None:
    agency = world.agency()
    admin = admin_of(world, agency)

    refused(world, NotAllowed, lambda: disabling.disable_account(admin, state_admin.id, may_manage_all=True))


def test_nobody_switches_off_a_person_who_also_works_elsewhere(world: World) -> None:
    agency = world.agency()
    admin, person = admin_of(world, agency), world.user(agency=agency)

    refused(world, NotAllowed, lambda: disabling.disable_account(admin, person, may_manage_all=False))


def test_nobody_switches_off_themselves(world: World, state_admin: Viewer) -> None:
    refused(world, NotAllowed, lambda: disabling.disable_account(state_admin, state_admin.id, may_manage_all=True))
