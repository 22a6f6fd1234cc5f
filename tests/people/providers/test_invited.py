"""Invited into an agency that requires its provider: the sign-in there accepts the invitation, and no password is set."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lms.clock import utc_now
from lms.database import db
from lms.people import invitations
from lms.people.invitations import Letter
from lms.people.models import Invitation, Membership, User
from lms.people.providers.models import ExternalIdentity
from tests.people.providers.conftest import Federation
from tests.people.providers.test_oidc import arrive, sign_in_there
from tests.support.days import site_day
from tests.support.providers import Visit

ANA = "ana@cedar.example"


@pytest.fixture
def required(federation: Federation) -> Federation:
    federation.change(is_required=True, discipline=None)
    return federation


def link_for(federation: Federation, email: str, *, name: str = "", agency: int | None = None) -> str:
    """The address of an invitation into the agency, or into one below it."""
    world, token = federation.site.world, f"token-for-{email}"
    boss = world.user("Boss")
    world.write(
        lambda: invitations.invite(
            email=email,
            name=name,
            agency_id=agency or federation.agency,
            discipline="healthcare",
            invited_by_id=boss,
            day=site_day(),
            letter=Letter(token, "https://x.example", "en"),
        )
    )
    return f"{federation.site.address}/invitations/{token}"


def follow(visit: Visit, link: str, login: str) -> str:
    """Open the link, go on to the provider, and sign in there."""
    visit.get(link)
    visit.send(button="Sign in with County account")
    return sign_in_there(visit, login)


def account_of(federation: Federation, email: str) -> User | None:
    return federation.site.world.read(lambda: db.session.scalars(select(User).where(User.email == email)).one_or_none())


def is_accepted(federation: Federation) -> bool:
    invitation = federation.site.world.read(lambda: db.session.scalars(select(Invitation)).one())
    return invitation.accepted_at is not None


def test_the_link_leads_to_the_provider_and_asks_for_no_password(visit: Visit, required: Federation) -> None:
    page = visit.get(link_for(required, ANA))

    assert "Cedar County asks its people to sign in with County account." in page
    assert 'type="password"' not in page


def test_who_signs_in_there_has_the_place_of_the_invitation_and_no_password(visit: Visit, required: Federation) -> None:
    ward = required.site.world.agency("Ward", parent=required.agency)

    page = follow(visit, link_for(required, ANA, agency=ward), "ana-1")

    world, user = required.site.world, account_of(required, ANA)
    assert visit.address.endswith("/home"), page
    assert user is not None
    assert (user.name, user.password_hash, user.email_verified_at is None) == ("Ana Ruiz", None, False)
    place = world.read(lambda: db.session.scalars(select(Membership)).one())
    identity = world.read(lambda: db.session.scalars(select(ExternalIdentity)).one())
    assert (place.agency_id, place.discipline) == (ward, "healthcare")
    assert (identity.user_id, identity.subject) == (user.id, "ana-1")
    assert is_accepted(required)


def test_a_form_with_a_password_sets_none(visit: Visit, required: Federation) -> None:
    visit.get(link_for(required, ANA))

    visit.send(
        {"name": "Ana", "password": "nine calm herons wade", "password_again": "nine calm herons wade"},
        button="Sign in with County account",
    )

    assert account_of(required, ANA) is None
    assert not is_accepted(required)


@pytest.mark.parametrize(
    ("invited", "login"),
    [("bo@cedar.example", "bo-2"), (ANA, "cy-3")],
    ids=["an address that the provider does not confirm", "another address"],
)
def test_only_the_confirmed_address_accepts(visit: Visit, required: Federation, invited: str, login: str) -> None:
    page = follow(visit, link_for(required, invited), login)

    assert visit.status == 409
    assert "does not confirm that this is your address" in page
    assert account_of(required, invited) is None
    assert required.site.world.read(lambda: db.session.scalars(select(ExternalIdentity)).all()) == []
    assert not is_accepted(required)


def test_another_way_to_the_provider_forgets_the_invitation(visit: Visit, required: Federation) -> None:
    visit.get(link_for(required, ANA))
    visit.stops_at = required.issuer
    visit.send(button="Sign in with County account")
    visit.stops_at = ""

    page = arrive(visit, required, "ana-1")

    assert "Do you have an account here already?" in page
    assert not is_accepted(required)


def test_whom_the_provider_knows_here_keeps_the_account(visit: Visit, required: Federation) -> None:
    world = required.site.world
    known = world.user("Ana of before")
    identity = ExternalIdentity(user_id=known, issuer=required.issuer, subject="ana-1", created_at=utc_now())
    world.write(lambda: db.session.add(identity))

    follow(visit, link_for(required, ANA), "ana-1")

    place = world.read(lambda: db.session.scalars(select(Membership)).one())
    assert (place.user_id, place.discipline) == (known, "healthcare")
    assert is_accepted(required)


def test_whom_an_import_placed_is_the_one_who_signs_in(visit: Visit, required: Federation) -> None:
    world = required.site.world
    placed = world.user("Ana of the list", email=ANA, agency=required.agency)
    world.write(lambda: setattr(db.session.get_one(User, placed), "email_verified_at", None))
    boss_link = link_for(required, ANA)

    follow(visit, boss_link, "ana-1")

    identity = world.read(lambda: db.session.scalars(select(ExternalIdentity)).one())
    assert identity.user_id == placed
    assert is_accepted(required)


def test_once_it_is_required_no_more_the_provider_does_not_accept(visit: Visit, required: Federation) -> None:
    visit.get(link_for(required, ANA))
    visit.send(button="Sign in with County account")
    required.change(is_required=False)

    page = sign_in_there(visit, "ana-1")

    assert "accepted another way by now" in page
    assert account_of(required, ANA) is None


def test_who_registers_by_the_domain_goes_to_the_provider_too(visit: Visit, required: Federation) -> None:
    required.domain(joining="at-once")
    letter = Letter("token-of-ana", "https://x.example", "en")
    required.site.world.write(lambda: invitations.register(ANA, letter=letter, sign_in_link="https://x.example"))

    visit.get(f"{required.site.address}/invitations/token-of-ana")
    visit.send(button="Sign in with County account")
    sign_in_there(visit, "ana-1")
    visit.send({"discipline": "schools"}, button="new-person")

    user = account_of(required, ANA)
    assert user is not None
    assert user.password_hash is None
    assert required.site.world.read(lambda: db.session.scalars(select(Membership.agency_id)).all()) == [required.agency]
