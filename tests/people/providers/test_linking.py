"""A provider's sign-in that leads to an account from now on: who may say so, and with what proof."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from lms.clock import utc_now
from lms.database import db
from lms.people import authenticator_apps
from lms.people.authenticator_apps import code_at, present_step
from lms.people.models import UserSession
from lms.people.providers.claims import put_together, read_claims
from lms.people.providers.models import ExternalIdentity
from tests.people.providers.conftest import Federation
from tests.people.providers.test_oidc import arrive
from tests.support.providers import Visit
from tests.support.visits import PASSWORD

SECRET = b"s" * 20


@pytest.fixture
def known(federation: Federation) -> int:
    """Somebody with an account and a password here, whom the provider does not prove."""
    world = federation.site.world
    user = world.user("Bo of before", email="bo@cedar.example")
    world.set_password(user, PASSWORD)
    return user


def sign_in_to_link(visit: Visit, federation: Federation) -> str:
    visit.get(f"{federation.site.address}/sign-in/agency/link")
    return visit.send({"email": "bo@cedar.example", "password": PASSWORD}, button="sign-in-form")


def linked(federation: Federation) -> list[int]:
    return list(federation.site.world.read(lambda: db.session.scalars(select(ExternalIdentity.user_id)).all()))


@pytest.mark.sqlite_only
def test_an_open_screen_is_not_enough_to_add_a_way_into_the_account(
    visit: Visit, federation: Federation, known: int
) -> None:
    visit.get(f"{federation.site.address}/sign-in")
    visit.send({"email": "bo@cedar.example", "password": PASSWORD}, button="sign-in-form")
    long_ago = utc_now() - timedelta(hours=1)
    federation.site.world.write(lambda: db.session.execute(update(UserSession).values(proven_at=long_ago)))
    arrive(visit, federation, "di-4")

    page = visit.get(f"{federation.site.address}/sign-in/agency/link")

    assert "Is it still you?" in page
    assert linked(federation) == []


@pytest.mark.sqlite_only
def test_who_shows_a_second_factor_stays_signed_in_with_it(visit: Visit, federation: Federation, known: int) -> None:
    secret_key, step = federation.site.app.extensions["lms"].settings.secret_key, present_step()
    federation.site.world.write(lambda: authenticator_apps.set_up(known, SECRET, code_at(SECRET, step), secret_key))
    arrive(visit, federation, "bo-2")
    sign_in_to_link(visit, federation)
    visit.send({"code": code_at(SECRET, present_step() + 1)}, button='name="code"')

    visit.send({"discipline": "schools"}, button="link-account")

    open_ones = federation.site.world.read(
        lambda: db.session.scalars(select(UserSession.is_two_factor).where(UserSession.ended_at.is_(None))).all()
    )
    assert linked(federation) == [known]
    assert visit.address.endswith("/home")
    assert list(open_ones) == [True]


@pytest.mark.parametrize(
    ("token", "more", "is_proven"),
    [
        ({"email": "ana@cedar.example", "email_verified": True}, {}, True),
        ({}, {"email": "ana@cedar.example", "email_verified": True}, True),
        ({"email": "ana@cedar.example"}, {"email": "eve@x.example", "email_verified": True}, False),
        ({"email": "ana@cedar.example"}, {"xms_edov": True}, False),
        ({"email_verified": True}, {"email": "ana@cedar.example"}, False),
    ],
)
def test_an_address_is_proven_only_by_what_says_it(
    token: dict[str, object], more: dict[str, object], is_proven: bool
) -> None:
    claims = put_together({"sub": "ana-1", **token}, {"sub": "ana-1", **more})

    found = read_claims(claims, subject_claim="sub", agency_claim=None, discipline_claim=None)

    assert (found.email, found.is_email_proven) == ("ana@cedar.example", is_proven)


@pytest.mark.parametrize("text", ["A\0na", "A\ud800na"])
def test_a_claim_that_cannot_be_kept_counts_as_not_said(text: str) -> None:
    found = read_claims({"sub": "ana-1", "name": text}, subject_claim="sub", agency_claim=None, discipline_claim=None)

    assert found.name == ""


@pytest.mark.sqlite_only
def test_a_providers_sign_in_is_one_factor(visit: Visit, federation: Federation, known: int) -> None:
    secret_key, world = federation.site.app.extensions["lms"].settings.secret_key, federation.site.world
    identity = ExternalIdentity(user_id=known, issuer=federation.issuer, subject="bo-2", created_at=utc_now())
    world.write(lambda: db.session.add(identity))
    world.write(lambda: authenticator_apps.set_up(known, SECRET, code_at(SECRET, present_step()), secret_key))

    arrive(visit, federation, "bo-2")
    asked = visit.address
    home = visit.get(f"{federation.site.address}/account")

    assert asked.endswith("/sign-in/code?next=/home")
    assert "Sign in" in home
    assert world.read(lambda: db.session.scalars(select(UserSession)).all()) == []
