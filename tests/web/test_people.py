"""Pages of people, places, roles and invitations, as administrators use them; another agency's ids are nowhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.database import db
from lms.people.memberships import start_membership
from lms.people.models import AuditEvent, Invitation, Membership, RoleGrant, User
from tests.support.visits import mails, send
from tests.support.world import World

DAY = {"day-month": "1", "day-day": "2", "day-year": "2026"}


@dataclass
class Office:
    """Two agencies, their administrators' browsers, a person of each, and the state's browser."""

    agency: int
    other_agency: int
    person: int
    other_person: int
    admin_id: int
    admin: FlaskClient
    other_admin: FlaskClient
    state: FlaskClient


@pytest.fixture
def office(world: World) -> Office:
    agency, other = world.agency("Oak District", kind="district"), world.agency("Elm Hospital")
    admin, other_admin, state = world.user("Admin", agency=agency), world.user(agency=other), world.user("State")
    world.grant(admin, "agency-administrator", agency)
    world.grant(other_admin, "agency-administrator", other)
    world.grant(state, "state-administrator")
    return Office(
        agency,
        other,
        world.user("Ann Lee", email="ann@oak.example", agency=agency, discipline="schools"),
        world.user("Zoe Other", email="zoe@elm.example", agency=other),
        admin,
        world.client_of(admin),
        world.client_of(other_admin),
        world.client_of(state),
    )


def place_of(world: World, user: int) -> int:
    return world.read(lambda: db.session.query(Membership.id).filter_by(user_id=user).scalar())


def test_the_list_shows_ones_own_people_and_finds_them(office: Office) -> None:
    page, found = office.admin.get("/people").text, office.admin.get("/people?q=LEE+ann").text

    assert "Ann Lee" in page
    assert "Zoe Other" not in page
    assert "Ann Lee" in found
    assert "Admin</a>" not in found
    assert "Zoe Other" in office.state.get("/people").text


def test_what_is_rarely_wanted_lies_behind_one_button_and_the_other_filters_are_folded(office: Office) -> None:
    page = office.admin.get("/people").text
    narrowed = office.admin.get("/people?discipline=schools").text

    more = page[page.index('<details class="more">') :].partition("</details>")[0]
    assert all(address in more for address in ("/people/invitations", "/people/requests", "/people/duplicates"))
    assert '<details class="fold"><summary>More filters' in page
    assert '<details class="fold" open><summary>More filters' in narrowed
    assert 'data-tick-all="Tick all on this page"' in page
    assert "/static/ticks" in page


def test_filtering_by_another_agency_finds_nothing_there(office: Office) -> None:
    assert office.admin.get(f"/people?agency={office.other_agency}").status_code == 404
    assert office.admin.get("/people?agency=99999999999999999999").status_code == 404
    assert office.admin.get("/people?agency=x").status_code == 404


@pytest.mark.parametrize("query", ["?after=%00", "?q=%00"])
def test_an_unreadable_filter_is_refused(office: Office, query: str) -> None:
    assert office.admin.get(f"/people{query}").status_code == 400


def test_the_list_takes_the_same_queries_for_three_people_and_for_sixty(
    office: Office,
    world: World,
    count_queries,  # type: ignore[no-untyped-def]
) -> None:
    counts = []
    for more in (1, 60):
        for _ in range(more):
            world.user(agency=office.agency)
        count_queries.statements.clear()
        office.admin.get("/people")
        counts.append(count_queries.count)

    assert counts[0] == counts[1] <= 12  # five of them count what waits for a decision, as on the home page


def test_a_page_leads_to_the_next_and_back(office: Office, world: World) -> None:
    for number in range(60):
        world.user(f"Person {number:02}", agency=office.agency)

    first = office.admin.get("/people").text
    address = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = office.admin.get(address).text

    assert "Person 00" in first
    assert "Person 59" not in first
    assert "Person 59" in second
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


def test_the_list_is_in_order_of_last_names_unless_one_asks_for_names_as_they_are_written(
    office: Office, world: World
) -> None:
    for name in ("Zoe Aaron", "Abe Zulu"):
        world.user(name, agency=office.agency)

    by_last, by_name = office.admin.get("/people").text, office.admin.get("/people?q=u&sort=name").text

    assert by_last.index("Zoe Aaron") < by_last.index("Ann Lee") < by_last.index("Abe Zulu")
    assert '<strong aria-current="true">Last name</strong>' in by_last
    assert 'href="/people?sort=name"' in by_last
    assert '<input type="hidden" name="sort" value="name">' in by_name
    assert 'href="/people?q=u&amp;sort=last"' in by_name


def test_a_person_of_another_agency_is_not_there(office: Office) -> None:
    assert office.admin.get(f"/people/{office.other_person}").status_code == 404
    assert office.admin.get(f"/people/{office.person}").status_code == 200


def test_places_elsewhere_are_not_shown(office: Office, world: World) -> None:
    world.write(
        lambda: start_membership(office.person, office.other_agency, "healthcare", day=date(2020, 1, 1), actor_id=None)
    )

    assert "Elm Hospital" not in office.admin.get(f"/people/{office.person}").text
    assert "Elm Hospital" in office.state.get(f"/people/{office.person}").text


def test_a_place_is_ended_and_the_person_is_listed_as_left(office: Office, world: World) -> None:
    place = place_of(world, office.person)

    answer = send(office.admin, f"/people/{office.person}/places/{place}/end", DAY, page="/account")

    assert answer.status_code == 303
    assert "Ann Lee" not in office.admin.get("/people").text
    assert "Ann Lee" in office.admin.get("/people?status=past").text


def test_a_day_that_is_not_in_the_calendar_shows_the_page_again(office: Office, world: World) -> None:
    place = place_of(world, office.person)
    wrong = {"day-month": "2", "day-day": "30", "day-year": "2026"}

    answer = send(office.admin, f"/people/{office.person}/places/{place}/end", wrong, page="/account")

    assert answer.status_code == 422
    assert 'value="30"' in answer.text


def test_a_place_of_another_agency_cannot_be_ended_through_ones_own_person(office: Office, world: World) -> None:
    other_place = place_of(world, office.other_person)

    for user in (office.person, office.other_person):
        answer = send(office.admin, f"/people/{user}/places/{other_place}/end", DAY, page="/account")
        assert answer.status_code == 404


def test_a_place_in_another_agency_cannot_be_given(office: Office, world: World) -> None:
    values = {"agency_id": office.other_agency, "discipline": "schools", "started_on-month": "1"}

    answer = send(
        office.admin,
        f"/people/{office.person}/places",
        {**values, "started_on-day": "2", "started_on-year": "2026"},
        page="/account",
    )

    assert answer.status_code == 422
    assert world.read(lambda: db.session.query(Membership).filter_by(user_id=office.person).count()) == 1


def test_somebody_who_also_works_elsewhere_is_not_switched_off(office: Office, world: World) -> None:
    world.write(
        lambda: start_membership(office.person, office.other_agency, "healthcare", day=date(2020, 1, 1), actor_id=None)
    )

    answer = send(office.admin, f"/people/{office.person}/disable", page="/account")

    assert answer.status_code == 403
    assert send(office.state, f"/people/{office.person}/disable", page="/account").status_code == 303


def test_an_account_is_switched_off_and_on_and_both_are_audited(office: Office, world: World) -> None:
    their_browser = world.client_of(office.person)

    send(office.admin, f"/people/{office.person}/disable", page="/account")
    assert their_browser.get("/account").status_code == 303
    send(office.admin, f"/people/{office.person}/enable", page="/account")

    actions = world.read(lambda: [row.action for row in db.session.query(AuditEvent).order_by(AuditEvent.id)])
    assert actions == ["account.disabled", "account.enabled"]
    told = re.findall(r"<td[^>]*>\s*(Account switched o\w+)", office.admin.get("/audit").text)
    assert told == ["Account switched on", "Account switched off"]


def test_a_role_counts_from_the_next_request_on_and_ends_at_the_next(office: Office, world: World) -> None:
    their_browser = world.client_of(office.person)
    assert their_browser.get("/people").status_code == 403

    values = {"role": "agency-administrator", "agency_id": office.agency}
    send(office.admin, f"/people/{office.person}/roles", values, page="/account")
    assert their_browser.get("/people").status_code == 200

    grant = world.read(lambda: db.session.query(RoleGrant.id).filter_by(user_id=office.person).scalar())
    send(office.admin, f"/people/{office.person}/roles/{grant}/revoke", page="/account")
    assert their_browser.get("/people").status_code == 403


def test_taking_back_ones_own_role_is_refused_alone_and_warned_of_in_company(office: Office, world: World) -> None:
    grant = world.read(lambda: db.session.query(RoleGrant.id).filter_by(user_id=office.admin_id).scalar())
    address = f"/people/{office.admin_id}/roles/{grant}/revoke"

    alone = office.admin.get(address)
    world.grant(office.person, "agency-administrator", office.agency)
    in_company = office.admin.get(address)

    assert alone.status_code == 409
    assert "This is not possible now" in alone.text
    assert "Something has changed" not in alone.text
    assert "you cannot give it back to yourself" in in_company.text


def test_what_somebody_did_meanwhile_has_a_heading_of_its_own(office: Office) -> None:
    send(office.admin, f"/people/{office.person}/disable", page="/account")

    again = send(office.admin, f"/people/{office.person}/disable", page="/account")

    assert again.status_code == 409
    assert "Something has changed" in again.text


def test_a_form_cannot_give_more_than_it_offers(office: Office, world: World) -> None:
    for values in (
        {"role": "state-administrator", "agency_id": office.agency},
        {"role": "author", "agency_id": office.agency},
        {"role": "coordinator", "agency_id": office.other_agency},
        {"role": "coordinator", "agency_id": 0},
    ):
        assert send(office.admin, f"/people/{office.person}/roles", values, page="/account").status_code == 422

    assert world.read(lambda: db.session.query(RoleGrant).filter_by(user_id=office.person).count()) == 0


def test_an_agency_administrator_neither_sees_nor_takes_a_role_everywhere(office: Office, world: World) -> None:
    world.grant(office.person, "state-administrator")
    grant = world.read(lambda: db.session.query(RoleGrant.id).filter_by(user_id=office.person).scalar())

    assert "State administrator" not in office.admin.get(f"/people/{office.person}").text
    answer = send(office.admin, f"/people/{office.person}/roles/{grant}/revoke", page="/account")
    assert answer.status_code == 404


def test_the_state_sees_people_without_an_agency(office: Office, world: World) -> None:
    alone = world.user("Nobody's Own")

    assert "Nobody&#39;s Own" in office.state.get("/people?status=unplaced").text
    assert office.state.get(f"/people/{alone}").status_code == 200
    assert office.admin.get(f"/people/{alone}").status_code == 404


def test_an_invitation_with_errors_keeps_what_was_entered(office: Office) -> None:
    answer = send(office.admin, "/people/invite", {"email": "not an address", "name": "New Person"}, page="/account")

    assert answer.status_code == 422
    assert 'value="not an address"' in answer.text
    assert 'value="New Person"' in answer.text
    assert 'href="#email"' in answer.text
    assert 'href="#discipline"' in answer.text


def test_an_invitation_is_sent_again_and_withdrawn(office: Office, world: World) -> None:
    values = {"email": "new@oak.example", "agency_id": office.agency, "discipline": "schools", "language": "en"}
    send(office.admin, "/people/invite", values, page="/account")
    number = world.read(lambda: db.session.query(Invitation.id).scalar())

    (first,) = mails(world)
    send(office.admin, f"/people/invitations/{number}/resend", page="/account")
    (second,) = mails(world)
    assert first["values"]["link"] != second["values"]["link"]
    assert "new@oak.example" in office.admin.get("/people/invitations").text
    assert "new@oak.example" not in office.other_admin.get("/people/invitations").text
    newest = world.read(lambda: db.session.scalar(select(func.max(Invitation.id))))
    send(office.admin, f"/people/invitations/{newest}/withdraw", page="/account")

    assert mails(world) == []
    assert "No open invitations" in office.admin.get("/people/invitations").text


def test_inviting_somebody_who_is_here_already_says_so_at_the_address(office: Office) -> None:
    values = {"email": "Ann@oak.example", "agency_id": office.agency, "discipline": "schools", "language": "en"}

    answer = send(office.admin, "/people/invite", values, page="/account")

    assert answer.status_code == 422
    assert "works at this agency already" in answer.text


def test_somebody_who_works_here_in_another_discipline_is_named_before_a_mail_is_sent(
    office: Office, world: World
) -> None:
    values = {"email": "Ann@oak.example", "agency_id": office.agency, "discipline": "healthcare", "language": "en"}

    answer = send(office.admin, "/people/invite", values, page="/account")

    assert "add a further discipline on their own page" in answer.text
    assert mails(world) == []


def test_the_audit_shows_ones_own_agencies_and_finds_only_people_in_scope(office: Office, world: World) -> None:
    send(office.admin, f"/people/{office.person}/disable", page="/account")
    send(office.other_admin, f"/people/{office.other_person}/disable", page="/account")

    page = office.admin.get("/audit").text
    by_person = office.admin.get("/audit?person=ann@oak.example").text
    by_stranger = office.admin.get("/audit?person=zoe@elm.example").text

    assert "Ann Lee" in page
    assert "Zoe Other" not in page
    assert "Ann Lee" in by_person
    assert "Nothing fits" in by_stranger
    assert office.admin.get(f"/audit?agency={office.other_agency}").status_code == 404
    assert "Zoe Other" in office.state.get("/audit?action=account.disabled").text


def test_days_at_the_end_of_the_calendar_are_left_out_of_the_audits_filter(office: Office) -> None:
    assert office.admin.get("/audit?since=0001-01-01&until=9999-12-31").status_code == 200
    assert office.admin.get("/audit?since=yesterday").status_code == 200


def test_a_name_with_markup_stays_text(office: Office, world: World) -> None:
    world.write(lambda: setattr(db.session.get_one(User, office.person), "name", "<script>alert(1)</script>"))

    for address in ("/people", f"/people/{office.person}", f"/people/{office.person}/disable"):
        assert "<script>alert" not in office.admin.get(address).text


def test_people_without_an_agency_are_for_who_sees_everybody(office: Office, world: World) -> None:
    world.user("Una Placed")

    assert "Una Placed" in office.state.get("/people?status=unplaced").text
    assert "Una Placed" not in office.admin.get("/people?status=unplaced").text
