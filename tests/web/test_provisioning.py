"""Tokens for provisioning on their page: made once, shown once."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from lms.people.providers import tokens
from tests.support.visits import send
from tests.support.world import World


def admin_of(world: World, agency: int) -> FlaskClient:
    user = world.user("Ada Admin", agency=agency)
    world.grant(user, "agency-administrator", agency)
    return world.client_of(user)


def test_loading_the_page_of_a_new_token_again_makes_no_other_and_shows_it_no_more(world: World) -> None:
    agency = world.agency("Prairie")
    client, address = admin_of(world, agency), f"/agencies/{agency}/sign-in/tokens"

    answer = send(client, address, {"name": "Entra", "discipline": "schools"}, page=address)
    first, second = client.get(answer.headers["Location"]).text, client.get(answer.headers["Location"]).text

    assert answer.status_code == 303
    assert re.search(r"scim_[\w-]{40,}", first)
    assert "scim_" not in second
    assert len(world.read(lambda: tokens.list_tokens(agency))) == 1
    assert 'value="Entra"' not in first


def test_a_token_waits_for_the_page_of_its_own_agency_only(world: World) -> None:
    one, other = world.agency("Prairie"), world.agency("Cedar")
    user = world.user("Sam State")
    world.grant(user, "state-administrator")
    client, address = world.client_of(user), f"/agencies/{one}/sign-in/tokens"

    send(client, address, {"name": "Entra", "discipline": "schools"}, page=address)

    assert "scim_" not in client.get(f"/agencies/{other}/sign-in/tokens").text
