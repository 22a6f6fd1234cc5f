"""Two accounts of one person on the pages of an administrator: found, compared, put together, parted again."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from lms.clock import utc_now
from lms.database import db
from lms.people.models import AuditEvent, License, Membership, User, UserSession
from lms.people.person_models import Erasure, Merge
from tests.support.days import site_day
from tests.support.visits import PASSWORD, link_in, mails, send, sign_in
from tests.support.world import World
from tests.web.test_people import Office, office

__all__ = ["office"]


@pytest.fixture
def twin(world: World, office: Office) -> int:
    """A second account of Ann Lee."""
    return world.user("Ann  Lee", email="ann@home.example", agency=office.agency, discipline="schools")


def merge(browser: FlaskClient, one: int, other: int, **values: str):
    address = f"/people/{one}/same/{other}"
    return send(browser, address, {"kept": str(one), "reason": "Married", "is_sure": "y", **values}, page="/account")


def user_of(world: World, number: int) -> User:
    return world.read(lambda: db.session.get_one(User, number))


def merge_id(world: World) -> int:
    return world.read(lambda: db.session.scalars(select(Merge.id)).one())


def test_likely_duplicates_are_listed_by_name_address_and_license(world: World, office: Office) -> None:
    same_name = world.user("ANN LEE", email="x@elsewhere.example", agency=office.agency)
    same_local = world.user("A. Leigh", email="ann@home.example", agency=office.agency)
    licensed = [world.user(f"Licensed {n}", agency=office.agency) for n in range(2)]
    for one in licensed:
        world.write(
            lambda one=one: db.session.add(
                License(user_id=one, board="b", state="MO", number="77", added_at=utc_now(), is_printed=False)
            )
        )

    page = office.admin.get("/people/duplicates").text

    for number in (same_name, same_local, licensed[1]):
        assert f"/people/{number}" in page
    for why in ("the same name", "the same e-mail address before the @", "the same license"):
        assert why in page


def test_nobody_of_another_agency_is_listed(world: World, office: Office) -> None:
    world.user("Ann Lee", agency=office.other_agency)

    page = office.admin.get("/people/duplicates").text

    assert "No two accounts look alike" in page


def test_those_who_look_like_the_person_are_offered_without_a_search(world: World, office: Office, twin: int) -> None:
    namesake = world.user("ANN LEE", email="other@oak.example", agency=office.agency)

    page = office.admin.get(f"/people/{office.person}/same").text

    assert f"/people/{office.person}/same/{twin}" in page, "the same address before the @"
    assert f"/people/{office.person}/same/{namesake}" in page, "the same name"
    assert page.count("/same/") == 2


def test_the_other_account_is_found_by_a_search(world: World, office: Office, twin: int) -> None:
    page = office.admin.get(f"/people/{office.person}/same?q=home").text

    assert f"/people/{office.person}/same/{twin}" in page


def test_the_page_counts_what_each_has_and_names_what_both_have(world: World, office: Office, twin: int) -> None:
    page = office.admin.get(f"/people/{office.person}/same/{twin}").text

    assert "Both work at the same agency in the same discipline" in page
    assert "ann@oak.example" in page
    assert "ann@home.example" in page


def test_putting_together_leaves_one_account_that_signs_in(app: Flask, world: World, office: Office, twin: int) -> None:
    world.set_password(twin, PASSWORD)
    world.set_password(office.person, PASSWORD)
    old = world.client_of(twin)

    answer = merge(office.admin, office.person, twin)

    assert answer.headers["Location"] == f"/people/{office.person}"
    assert old.get("/home").status_code == 303, "signed out at once"
    assert sign_in(app.test_client(), "ann@home.example").status_code == 422
    assert sign_in(app.test_client(), "ann@oak.example").status_code == 303
    assert user_of(world, twin).merged_into_id == office.person
    assert "Two accounts were put together here" in office.admin.get(f"/people/{office.person}").text


def test_the_other_one_may_be_the_one_that_stays(world: World, office: Office, twin: int) -> None:
    merge(office.admin, office.person, twin, kept=str(twin))

    assert user_of(world, office.person).merged_into_id == twin


def test_both_addresses_get_a_mail_that_says_where_to_sign_in(world: World, office: Office, twin: int) -> None:
    merge(office.admin, office.person, twin)

    told = {mail["to"]: mail["values"]["signs_in"] for mail in mails(world)}
    assert told == {"ann@oak.example": "a•••@oak.example", "ann@home.example": "a•••@oak.example"}


def test_the_old_address_in_the_browser_leads_on_for_whoever_may_see_the_person(
    world: World, office: Office, twin: int
) -> None:
    merge(office.admin, office.person, twin)

    answers = [browser.get(f"/people/{twin}") for browser in (office.admin, office.state, office.other_admin)]

    assert [answer.status_code for answer in answers] == [303, 303, 404]
    assert answers[0].headers["Location"] == f"/people/{office.person}"


def test_the_audit_notes_it_on_both_with_the_reason(world: World, office: Office, twin: int) -> None:
    merge(office.admin, office.person, twin)

    rows = world.read(
        lambda: db.session.execute(
            select(AuditEvent.subject_id, AuditEvent.reason, AuditEvent.agency_id).where(
                AuditEvent.action == "account.merged"
            )
        ).all()
    )
    assert {tuple(row) for row in rows} == {
        (office.person, "Married", office.agency),
        (twin, "Married", office.agency),
    }


def test_the_list_shows_one_person(world: World, office: Office, twin: int) -> None:
    merge(office.admin, office.person, twin)

    assert (
        office.state.get("/people?q=ann+lee").text.count("/people/")
        - office.state.get("/people").text.count("/people/")
        <= 0
    )
    assert f'"/people/{twin}"' not in office.state.get("/people?status=disabled").text


def test_a_reason_and_the_word_that_one_has_made_sure_are_needed(world: World, office: Office, twin: int) -> None:
    assert merge(office.admin, office.person, twin, reason=" ").status_code == 422
    assert merge(office.admin, office.person, twin, is_sure="").status_code == 422
    assert merge(office.admin, office.person, twin, kept=str(office.other_person)).status_code == 422
    assert user_of(world, twin).merged_into_id is None


def test_a_person_of_another_agency_is_out_of_reach(world: World, office: Office) -> None:
    assert merge(office.admin, office.person, office.other_person).status_code == 404
    assert merge(office.other_admin, office.person, office.other_person).status_code == 404


def test_one_who_also_works_elsewhere_is_for_somebody_who_administers_both(
    world: World, office: Office, twin: int
) -> None:
    world.write(
        lambda: db.session.add(
            Membership(user_id=twin, agency_id=office.other_agency, discipline="healthcare", started_on=site_day())
        )
    )

    refused, done = merge(office.admin, office.person, twin), merge(office.state, office.person, twin)

    assert refused.status_code == 403
    assert "agencies that you do not administer" in refused.text
    assert done.status_code == 303


def test_nobody_puts_their_own_accounts_together(world: World, office: Office, twin: int) -> None:
    answer = merge(office.admin, office.admin_id, twin)

    assert answer.status_code == 403
    assert "Ask another administrator" in answer.text


def test_a_demo_account_and_a_real_one_are_never_put_together(world: World, office: Office, twin: int) -> None:
    world.write(lambda: db.session.execute(update(User).where(User.id == twin).values(is_demo=True)))

    answer = merge(office.admin, office.person, twin)

    assert (answer.status_code, "demo account" in answer.text) == (409, True)


def test_an_account_that_is_switched_off_may_go_and_not_stay(world: World, office: Office, twin: int) -> None:
    world.write(lambda: db.session.execute(update(User).where(User.id == twin).values(disabled_at=utc_now())))

    refused = merge(office.admin, office.person, twin, kept=str(twin))
    done = merge(office.admin, office.person, twin)

    assert (refused.status_code, done.status_code) == (409, 303)


def test_who_asked_to_be_erased_is_decided_on_first(world: World, office: Office, twin: int) -> None:
    world.write(lambda: db.session.add(Erasure(user_id=twin, state="asked", asked_at=utc_now())))

    assert merge(office.admin, office.person, twin).status_code == 409


def test_nobody_gets_a_role_by_it_that_the_administrator_could_not_give(
    world: World, office: Office, twin: int
) -> None:
    world.grant(twin, "state-administrator")

    answer = merge(office.admin, office.person, twin)

    assert answer.status_code == 403
    assert "a role that you may not give" in answer.text


def test_the_same_two_are_not_put_together_twice(world: World, office: Office, twin: int) -> None:
    merge(office.admin, office.person, twin)

    assert merge(office.state, office.person, twin).status_code == 404


def undo(browser: FlaskClient, number: int):
    return send(browser, f"/people/merges/{number}/undo", {"reason": "Two people"}, page="/account")


def test_it_is_undone_within_thirty_days_and_both_sign_in_again(
    app: Flask, world: World, office: Office, twin: int
) -> None:
    world.set_password(twin, PASSWORD)
    merge(office.admin, office.person, twin)
    number = merge_id(world)

    page, answer = office.admin.get(f"/people/merges/{number}/undo"), undo(office.admin, number)

    assert "What came since stays with the account that stayed" in page.text
    assert answer.status_code == 303
    assert user_of(world, twin).merged_into_id is None
    assert sign_in(app.test_client(), "ann@home.example").status_code == 303
    assert undo(office.admin, number).status_code == 409


def test_after_thirty_days_to_the_second_it_stays(world: World, office: Office, twin: int) -> None:
    merge(office.state, office.person, twin)
    number = merge_id(world)
    end = world.read(lambda: db.session.get_one(Merge, number).undo_until)
    world.write(
        lambda: db.session.execute(
            update(UserSession).values(
                expires_at=end + timedelta(days=9), last_seen_at=end - timedelta(minutes=1), proven_at=end
            )
        )
    )

    with time_machine.travel(end, tick=False):
        answer, page = undo(office.state, number), office.state.get(f"/people/merges/{number}").text

    assert answer.status_code == 409
    assert "The 30 days in which this could be undone are over." in page
    assert user_of(world, twin).merged_into_id == office.person


def test_a_later_merge_is_undone_first(world: World, office: Office, twin: int) -> None:
    third = world.user("Ann Lee", agency=office.agency)
    merge(office.admin, office.person, twin)
    merge(office.admin, third, office.person)

    answer = undo(office.admin, 1)

    assert (answer.status_code, "Undo that first" in answer.text) == (409, True)
    assert undo(office.admin, 2).status_code == 303
    assert undo(office.admin, 1).status_code == 303


def test_another_agencys_administrator_learns_nothing_of_a_merge(world: World, office: Office, twin: int) -> None:
    merge(office.admin, office.person, twin)
    number = merge_id(world)

    assert office.other_admin.get(f"/people/merges/{number}").status_code == 404
    assert undo(office.other_admin, number).status_code == 404
    assert office.admin.get(f"/people/merges/{number}").status_code == 200


def test_nobody_switches_the_old_account_on_again(world: World, office: Office, twin: int) -> None:
    merge(office.state, office.person, twin)

    answer = send(office.state, f"/people/{twin}/enable", page="/account")

    assert (answer.status_code, "Nobody signs in with it" in answer.text) == (409, True)


def test_an_invitation_to_the_old_address_is_for_the_account_that_stays(
    world: World, office: Office, twin: int
) -> None:
    other = world.agency("Third Agency")
    values = {"email": "ann@home.example", "name": "Ann", "agency_id": other, "discipline": "schools", "language": "en"}
    merge(office.admin, office.person, twin)
    send(office.state, "/people/invite", values, page="/account")
    link = link_in(mails(world)[-1])

    answer = send(world.client_of(office.person), link, page="/account")

    assert answer.status_code == 303
    places = world.read(
        lambda: db.session.scalars(select(Membership.agency_id).where(Membership.user_id == office.person)).all()
    )
    assert other in places


def test_problems_of_a_merge_are_listed_in_the_order_of_the_page(office: Office, world: World) -> None:
    twin = world.user("Ann Leigh", agency=office.agency)

    page = merge(office.admin, office.person, twin, kept="", reason="", is_sure="").text

    summary = page[page.index("error-summary") :].partition("</div>")[0]
    assert summary.index("Choose which account stays") < summary.index("Say why") < summary.index("Make sure first")
    assert "the same person: Make sure first" in summary
