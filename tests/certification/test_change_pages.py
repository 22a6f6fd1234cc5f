"""Changing certificates in the browser: before and after, a yes, the list of changes and the way back."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.certification.models import Certificate
from lms.database import db
from tests.certification.conftest import Learners
from tests.support.pages import text_of
from tests.support.visits import send
from tests.support.world import World


def standing_code(world: World, user: int) -> str:
    return world.read(
        lambda: db.session.scalars(
            select(Certificate.code).where(Certificate.user_id == user, Certificate.superseded_by_id.is_(None))
        ).one()
    )


@pytest.fixture
def holder(learners: Learners) -> tuple[int, str, FlaskClient]:
    user, code = learners.certified("Nora Nunes")
    return user, code, learners.world.client_of(user)


@pytest.fixture
def administrator(learners: Learners) -> FlaskClient:
    user = learners.world.user("Ada Ministrator", agency=learners.agency)
    learners.world.grant(user, "agency-administrator", learners.agency)
    return learners.world.client_of(user)


def test_nothing_is_changed_before_the_yes_and_the_page_shows_before_and_after(
    learners: Learners, holder: tuple[int, str, FlaskClient]
) -> None:
    user, code, client = holder
    entries = {"name": "Nora Nuñez", "reason": "The tilde"}

    asked = send(client, f"/certificates/{code}/rename", entries)

    assert asked.status_code == 200
    assert "Name before Nora Nunes Name after Nora Nuñez" in text_of(asked)
    assert standing_code(learners.world, user) == code

    answer = send(client, f"/certificates/{code}/rename", {**entries, "sure": "1"})

    new = standing_code(learners.world, user)
    assert (answer.status_code, new != code) == (303, True)
    page = text_of(client.get(f"/certificates/{new}/changes"))
    assert "Name corrected" in page
    assert "Nora Nuñez" in page
    assert f"the certificate that took its place: {new}" in text_of(client.get(f"/verify/{code}"))


def test_the_page_of_a_replaced_certificate_leads_to_the_one_in_its_place_and_offers_no_link_to_share(
    learners: Learners, holder: tuple[int, str, FlaskClient]
) -> None:
    user, code, client = holder
    send(client, f"/certificates/{code}/rename", {"name": "Nora Nuñez", "reason": "The tilde", "sure": "1"})
    new = standing_code(learners.world, user)

    old_page, new_page = client.get(f"/certificates/{code}").text, client.get(f"/certificates/{new}").text

    assert f'<a href="/certificates/{new}">' in old_page
    assert "There is no link now" not in old_page
    assert "There is no link now" in new_page
    assert "that stands in its place" not in new_page


def test_whoever_corrects_a_name_is_led_to_their_account_for_later_certificates(
    learners: Learners, holder: tuple[int, str, FlaskClient], administrator: FlaskClient
) -> None:
    _, code, client = holder

    own, others = (one.get(f"/certificates/{code}/rename").text for one in (client, administrator))

    assert "Only this certificate changes" in own
    assert "You and your administrators see this" in own
    assert "Only this certificate changes" not in others
    assert "The person it is about sees this" in others


def test_a_holder_takes_their_own_correction_back(learners: Learners, holder: tuple[int, str, FlaskClient]) -> None:
    user, code, client = holder
    send(client, f"/certificates/{code}/rename", {"name": "Nora Nuñez", "reason": "The tilde", "sure": "1"})
    new = standing_code(learners.world, user)
    link = re.search(rf"/certificates/{new}/changes/\d+/undo", client.get(f"/certificates/{new}/changes").text)
    assert link

    answer = send(client, link[0], {"reason": "It was right before"})

    assert answer.status_code == 303
    assert standing_code(learners.world, user) == code


def test_another_name_is_put_before_an_administrator(
    learners: Learners, holder: tuple[int, str, FlaskClient], administrator: FlaskClient
) -> None:
    user, code, client = holder
    entries = {"name": "Eleanor Ortiz", "reason": "Married"}

    assert "An administrator looks at it first" in text_of(send(client, f"/certificates/{code}/rename", entries))
    send(client, f"/certificates/{code}/rename", {**entries, "sure": "1"})
    assert standing_code(learners.world, user) == code
    queue = administrator.get("/certificates/names")
    link = re.search(r"/certificates/names/\d+", queue.text)
    assert link
    assert "Eleanor Ortiz" in queue.text
    answer = send(administrator, link[0], {"decision": "approve", "reason": "Document seen"})

    assert answer.status_code == 303
    new = standing_code(learners.world, user)
    assert new != code
    page = text_of(client.get(f"/certificates/{new}/changes"))
    assert "Document seen" in page
    assert send(administrator, link[0], {"decision": "refuse", "reason": "x"}).status_code == 409


def test_an_administrator_corrects_the_agency_and_extends_and_undoes(
    learners: Learners, holder: tuple[int, str, FlaskClient], administrator: FlaskClient
) -> None:
    user, code, _ = holder
    form = administrator.get(f"/certificates/{code}/reissue").text
    place = re.search(r'<option value="(\d+)">General Hospital · Health care', form)
    assert place
    entries = {"place": place[1], "reason": "Discipline"}
    learners.change(code, discipline="schools")

    asked = text_of(send(administrator, f"/certificates/{code}/reissue", entries))
    assert "Discipline before Schools Discipline after Health care" in asked
    assert send(administrator, f"/certificates/{code}/reissue", {**entries, "sure": "1"}).status_code == 303
    second = standing_code(learners.world, user)
    day = {"valid_until-month": "9", "valid_until-day": "14", "valid_until-year": "2028", "reason": "Flood"}
    assert "September 14, 2028" in text_of(send(administrator, f"/certificates/{second}/extend", day))
    send(administrator, f"/certificates/{second}/extend", {**day, "sure": "1"})

    third = standing_code(learners.world, user)
    assert len({code, second, third}) == 3
    page = administrator.get(f"/certificates/{third}/changes").text
    links = re.findall(rf"/certificates/{third}/changes/\d+/undo", page)
    assert len(links) == 1, "only the newest change can be undone"
    send(administrator, links[0], {"reason": "Not agreed"})
    assert standing_code(learners.world, user) == second


def test_a_revoked_certificate_is_restored(
    learners: Learners, holder: tuple[int, str, FlaskClient], administrator: FlaskClient
) -> None:
    _, code, client = holder
    page = text_of(administrator.get(f"/certificates/{code}/revoke"))
    assert "Standing before Valid Standing after Revoked" in page
    send(administrator, f"/certificates/{code}/revoke", {"reason": "Mistaken identity"})
    link = re.search(rf"/certificates/{code}/changes/\d+/undo", administrator.get(f"/certificates/{code}/changes").text)
    assert link
    assert send(client, link[0], {"reason": "No"}).status_code == 404, "not by its holder"

    assert send(administrator, link[0], {"reason": "It was right"}).status_code == 303

    assert 'data-status="valid"' in client.get(f"/certificates/{code}").text


def test_a_mistake_on_the_form_is_said_beside_the_field(
    holder: tuple[int, str, FlaskClient], administrator: FlaskClient
) -> None:
    _, code, client = holder

    same = send(client, f"/certificates/{code}/rename", {"name": "Nora Nunes", "reason": "x", "sure": "1"})
    far = {"valid_until-month": "9", "valid_until-day": "14", "valid_until-year": "2040", "reason": "x"}
    late = send(administrator, f"/certificates/{code}/extend", far)

    assert (same.status_code, late.status_code) == (422, 422)
    assert "exactly this name already" in same.text
    assert "at most 12 months" in late.text


@pytest.mark.parametrize(
    ("what", "entries"),
    [
        ("revoke", {}),
        ("rename", {"name": "Nora Nuñez"}),
        ("extend", {"valid_until-month": "12", "valid_until-day": "1", "valid_until-year": "2028"}),
    ],
)
def test_a_reason_of_spaces_is_none_and_the_form_keeps_what_was_entered(
    holder: tuple[int, str, FlaskClient], administrator: FlaskClient, what: str, entries: dict[str, str]
) -> None:
    _user, code, _client = holder

    answer = send(administrator, f"/certificates/{code}/{what}", {**entries, "reason": "   ", "sure": "1"})

    assert answer.status_code == 422
    assert "Say why" in text_of(answer)
    assert 'name="reason"' in answer.text
    assert all(f'value="{value}"' in answer.text for value in entries.values())


def test_a_decision_without_a_reason_stays_on_its_page(
    learners: Learners, holder: tuple[int, str, FlaskClient], administrator: FlaskClient
) -> None:
    _user, code, client = holder
    send(client, f"/certificates/{code}/rename", {"name": "Someone Else", "reason": "Married", "sure": "1"})
    address = re.search(r"/certificates/names/\d+", administrator.get("/certificates/names").text)
    assert address is not None

    answer = send(administrator, address[0], {"decision": "approve", "reason": " "})

    assert answer.status_code == 422
    assert 'name="decision"' in answer.text
    assert "Say why" in text_of(answer)


def test_who_waits_for_a_decision_learns_it_before_filling_in_another_form(
    holder: tuple[int, str, FlaskClient],
) -> None:
    _user, code, client = holder
    send(client, f"/certificates/{code}/rename", {"name": "Someone Else", "reason": "Married", "sure": "1"})

    answer = client.get(f"/certificates/{code}/rename")

    assert answer.status_code == 409
    assert "You have asked for another name already." in text_of(answer)
