"""An agency's provider on its pages: what is asked on adding, what is shown of it, and what is not offered yet."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from lms.clock import utc_now
from lms.database import db
from lms.people.providers import setting_up
from lms.people.providers.models import IdentityProvider
from lms.people.providers.setting_up import Common, Registration
from tests.support.visits import send
from tests.support.world import World

COMMON = Common("Prairie account", "sub", "", "", "", "schools", False)


@pytest.fixture
def agency(world: World) -> int:
    return world.agency("Prairie")


@pytest.fixture
def admin(world: World, agency: int) -> FlaskClient:
    user = world.user("Ada Admin", agency=agency)
    world.grant(user, "agency-administrator", agency)
    return world.client_of(user)


def provider_of(world: World, agency: int, secret: str) -> int:
    entered = Registration("https://login.example", "client", secret, "openid")

    def step() -> int:
        row = setting_up.save_oidc(agency, None, COMMON, entered, ({}, {}), secret_key="k" * 40, actor_id=None)
        row.enabled_at = utc_now()
        return row.id

    return world.write(step)


def test_adding_a_provider_does_not_speak_of_a_secret_that_is_there(admin: FlaskClient, agency: int) -> None:
    assert "keep the one that is there" not in admin.get(f"/agencies/{agency}/sign-in/oidc").text


@pytest.mark.parametrize(("secret", "said"), [("s3cret", "kept, sealed"), ("", "none")])
def test_the_page_of_a_provider_says_whether_a_secret_is_kept(
    world: World, admin: FlaskClient, agency: int, secret: str, said: str
) -> None:
    address = f"/agencies/{agency}/sign-in/{provider_of(world, agency, secret)}"

    page, form = admin.get(address).text, admin.get(f"{address}/edit").text

    assert f"<dt>Client secret</dt><dd>{said}</dd>" in page
    assert ("keep the one that is there" in form) is bool(secret)


def test_a_form_that_is_refused_asks_for_the_secret_by_its_name(admin: FlaskClient, agency: int) -> None:
    address = f"/agencies/{agency}/sign-in/oidc"

    page = send(admin, address, {"name": "", "secret": "s3cret"}, page=address).text

    assert "Only the secret has to be typed again." in page
    assert "passwords" not in page[page.index("error-summary") : page.index("</form>")]


def test_a_provider_that_nobody_used_yet_is_not_offered_to_be_required(
    world: World, admin: FlaskClient, agency: int
) -> None:
    provider = provider_of(world, agency, "")
    address = f"/agencies/{agency}/sign-in/{provider}"

    page, asked = admin.get(address).text, admin.get(f"{address}/require")
    world.write(lambda: db.session.query(IdentityProvider).update({"last_used_at": utc_now()}))

    assert f"{address}/require" not in page
    assert "once somebody has signed in with it" in page
    assert asked.status_code == 409
    assert "Nobody has signed in with it yet" in asked.text
    assert admin.get(f"{address}/require").status_code == 200


def test_a_stale_link_of_a_sign_in_promises_no_sentence_elsewhere(client: FlaskClient) -> None:
    page = client.get("/sign-in/oidc?state=nonsense&code=x").text

    assert "You are not signed in" in page
    assert "the same sentence" not in page


def test_the_words_for_disciplines_are_listed_where_they_are_entered(admin: FlaskClient, agency: int) -> None:
    page = admin.get(f"/agencies/{agency}/sign-in/oidc").text

    assert "law-enforcement (Law enforcement)" in page
