"""Pages drawn once for many people: each finds their own name, token and progress on it, and nobody else's."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.web.shared import NAME, TOKEN, place
from tests.support.pages import form_of, page_of
from tests.support.world import World

pytestmark = pytest.mark.sqlite_only

ADDRESSES = ("/catalog", "/courses/tiny", "/learn/tiny/first-steps")


@pytest.fixture
def two(world: World) -> tuple[FlaskClient, FlaskClient]:
    """Two people of the same profession who have just begun the same course."""
    world.publish("tiny")
    clients = []
    for name in ("Rosa <Díaz>", "Omar Haddad"):
        client = world.client_of(world.user(name, agency=world.agency()))
        form = form_of(page_of(client, "/courses/tiny"), "/enroll")
        client.post(form.action, data=form.fields)
        page_of(client, "/learn/tiny/first-steps")
        clients.append(client)
    return clients[0], clients[1]


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_person_sees_their_own_name_and_nobody_elses(two: tuple[FlaskClient, FlaskClient], address: str) -> None:
    rosa, omar = (page_of(client, address) for client in two)

    assert "Rosa &lt;Díaz&gt;" in rosa
    assert "Rosa" not in omar
    assert "Omar Haddad" in omar
    assert "Omar" not in rosa
    assert place(NAME) not in rosa + omar
    assert place(TOKEN) not in rosa + omar


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_person_gets_a_form_token_of_their_own(two: tuple[FlaskClient, FlaskClient], address: str) -> None:
    tokens = [set(re.findall(r'name="csrf_token" value="([^"]+)"', page_of(client, address))) for client in two]

    assert [len(found) for found in tokens] == [1, 1]
    assert tokens[0] != tokens[1]
    answer = two[1].post("/learn/tiny/first-steps/complete", data={"csrf_token": next(iter(tokens[0]))})
    assert answer.status_code == 400
    answer = two[1].post("/learn/tiny/first-steps/complete", data={"csrf_token": next(iter(tokens[1]))})
    assert answer.status_code == 303


def test_what_one_person_completes_shows_on_their_pages_only(two: tuple[FlaskClient, FlaskClient]) -> None:
    rosa, omar = two
    before = [page_of(omar, address) for address in ADDRESSES]
    form = form_of(page_of(rosa, "/learn/tiny/first-steps"), "/complete")
    rosa.post(form.action, data=form.fields)
    page_of(rosa, "/learn/tiny/second-steps")  # takes the message away

    after = [page_of(rosa, address) for address in ADDRESSES]

    without_token = re.compile(r'value="[^"]{40,}"')
    assert [without_token.sub("", page_of(omar, one)) for one in ADDRESSES] == [
        without_token.sub("", page) for page in before
    ]
    assert all(("ompleted" in page) for page in after)
    assert after[2].count("completed") > before[2].count("completed")


def test_a_message_is_shown_once_and_to_its_person_only(two: tuple[FlaskClient, FlaskClient]) -> None:
    rosa, omar = two
    form = form_of(page_of(rosa, "/learn/tiny/first-steps"), "/complete")
    rosa.post(form.action, data=form.fields)

    first, second = page_of(rosa, "/courses/tiny"), page_of(rosa, "/courses/tiny")

    assert "Module completed." in first
    assert "Module completed." not in second + page_of(omar, "/courses/tiny")


def test_a_role_opens_its_links_at_the_next_look(app: Flask, world: World) -> None:
    agency = world.agency()
    learner, chief = world.user("Learner", agency=agency), world.user("Chief", agency=agency)
    world.grant(chief, "agency-administrator", agency)
    client = world.client_of(learner)

    before, chiefs = page_of(client, "/catalog"), page_of(world.client_of(chief), "/catalog")
    world.grant(learner, "agency-administrator", agency)

    assert 'href="/people"' not in before
    assert 'href="/people"' in chiefs
    assert 'href="/people"' in page_of(client, "/catalog")


def test_the_header_marks_the_section_that_one_is_in_and_no_other(world: World) -> None:
    client = world.client_of(world.user(agency=world.agency()))

    marked = {
        address: re.findall(r'<a href="([^"]+)" aria-current="(\w+)"', client.get(address).text.partition("<main")[0])
        for address in ("/home", "/catalog", "/catalog/", "/nothing", "/account", "/courses/none")
    }

    assert marked["/home"] == [("/home", "page")]
    assert marked["/catalog"] == [("/catalog", "page")]
    assert marked["/nothing"] == []
    assert marked["/account"] == [("/account", "page")]
    assert marked["/courses/none"] == [("/catalog", "true")]


def test_the_same_page_leads_to_its_own_address_in_the_other_language(world: World) -> None:
    client = world.client_of(world.user(agency=world.agency()))

    for address in ("/home", "/certificates", "/home"):
        assert f'class="lang" href="{address}?lang=es"' in client.get(address).text
