"""Whoever was invited and has not accepted: what an administrator does to their place holds for the mail they have, too."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from lms.jobs import deliver_due
from lms.people.models import AuditEvent, Invitation, Membership
from tests.importing.conftest import Place
from tests.importing.test_applying import HEAD, all_of, import_now, user_of
from tests.support.days import site_day
from tests.support.visits import PASSWORD, link_in, mails, send

WILL = HEAD + "Will Adams,will@a.example,1,Oak School,Teacher,\n"


def place_of(place: Place, user: int) -> Membership:
    (found,) = all_of(place, select(Membership).where(Membership.user_id == user, Membership.ended_on.is_(None)))
    return found


def invited(place: Place, text: str = WILL) -> tuple[int, str]:
    """Somebody who has a mail with a link, and the link."""
    import_now(place.importer, text, invite="y")
    return user_of(place, "Will Adams").id, link_in(mails(place.importer.world)[-1])


def accept(place: Place, link: str) -> int:
    browser = place.importer.world.app.test_client()
    values = {"name": "Will Adams", "password": PASSWORD, "password_again": PASSWORD, "language": "en"}
    return send(browser, link, values, page=link if browser.get(link).status_code == 200 else "/sign-in").status_code


def end(place: Place, user: int, day: date) -> str:
    address = f"/people/{user}/places/{place_of(place, user).id}/end"
    page = place.importer.client.get(address).get_data(as_text=True)
    values = {"day-month": day.month, "day-day": day.day, "day-year": day.year}
    assert send(place.importer.client, address, values, page="/people").status_code == 303
    return page


def open_places(place: Place, user: int) -> list[int]:
    return all_of(place, select(Membership.agency_id).where(Membership.user_id == user, Membership.ended_on.is_(None)))


def test_nobody_comes_in_by_an_old_invitation_after_their_place_was_ended(place: Place) -> None:
    user, link = invited(place)

    page = end(place, user, site_day())

    assert "The invitation to will@a.example ends with the place" in page
    assert accept(place, link) == 404
    assert open_places(place, user) == []
    assert "will@a.example" not in place.importer.client.get("/people/invitations").get_data(as_text=True)


def test_a_change_of_many_people_ends_their_invitations_too(place: Place) -> None:
    user, link = invited(place)
    today = site_day()

    values = {"action": "end", "person": user, "day-month": today.month, "day-day": today.day, "day-year": today.year}
    asked = send(place.importer.client, "/people/change", values, page="/people").get_data(as_text=True)
    assert (
        send(place.importer.client, "/people/change", {**values, "confirmed": "1"}, page="/people").status_code == 303
    )
    deliver_due(place.importer.world.app)

    assert "end with them: nobody comes in again" in asked
    assert accept(place, link) == 404
    assert open_places(place, user) == []


def test_who_is_left_out_of_the_next_list_does_not_come_in_by_the_mail_of_the_last(place: Place) -> None:
    user, link = invited(place)

    import_now(place.importer, HEAD + "Ann Lee,ann@a.example,2,Oak School,Teacher,\n", end_missing="y")

    assert accept(place, link) == 404
    assert open_places(place, user) == []


def test_a_place_that_ends_later_is_not_begun_again_by_accepting_and_the_link_ends_with_it(place: Place) -> None:
    user, link = invited(place)
    last = site_day() + timedelta(days=5)
    end(place, user, last)
    (invitation,) = all_of(place, select(Invitation).where(Invitation.for_user_id == user))

    assert invitation.expires_at.date() == last
    assert accept(place, link) == 303
    assert open_places(place, user) == []


def test_a_mail_that_waits_is_not_sent_once_the_place_has_ended(place: Place) -> None:
    user, _link = invited(place)

    end(place, user, site_day())

    assert [mail for mail in mails(place.importer.world) if mail["to"] == "will@a.example"] == []


def test_who_is_moved_before_they_accept_has_one_place(place: Place) -> None:
    user, link = invited(place)
    address, today = f"/people/{user}/places/{place_of(place, user).id}/move", site_day()
    page = place.importer.client.get(address).get_data(as_text=True)

    values = {
        "agency_id": place.elm, "discipline": "schools", "started_on-month": today.month, "started_on-day": today.day,
        "started_on-year": today.year,
    }  # fmt: skip
    assert send(place.importer.client, address, values, page="/people").status_code == 303
    invitation = place.importer.world.app.test_client().get(link).get_data(as_text=True)

    assert "The invitation to will@a.example is still open" in page
    assert "Elm School" in invitation
    assert "Oak School" not in invitation
    assert accept(place, link) == 303
    assert open_places(place, user) == [place.elm]


def test_many_who_are_moved_before_they_accept_have_one_place_each(place: Place) -> None:
    user, link = invited(place)
    today = site_day()

    values = {
        "action": "move", "person": user, "agency_id": place.elm, "confirmed": "1", "day-month": today.month,
        "day-day": today.day, "day-year": today.year,
    }  # fmt: skip
    assert send(place.importer.client, "/people/change", values, page="/people").status_code == 303
    deliver_due(place.importer.world.app)

    assert accept(place, link) == 303
    assert open_places(place, user) == [place.elm]
    actions = all_of(place, select(AuditEvent.action).where(AuditEvent.subject_kind == "invitation"))
    assert "invitation.moved" in actions


def test_who_works_at_two_schools_still_gets_in_when_the_one_that_invited_lets_them_go(place: Place) -> None:
    user, link = invited(place, WILL + "Will Adams,will@a.example,1,Elm School,Teacher,\n")
    (first,) = all_of(place, select(Membership.id).where(Membership.user_id == user, Membership.agency_id == place.oak))
    today = site_day()
    values = {"day-month": today.month, "day-day": today.day, "day-year": today.year}
    address = f"/people/{user}/places/{first}/end"
    page = place.importer.client.get(address).get_data(as_text=True)
    assert send(place.importer.client, address, values, page="/people").status_code == 303

    assert "leads to Elm School from then on" in page
    assert accept(place, link) == 303
    assert open_places(place, user) == [place.elm]
