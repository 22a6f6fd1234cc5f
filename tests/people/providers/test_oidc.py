"""Signing in with a real OpenID provider (npm oidc-provider), over real HTTP."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from sqlalchemy import select, update

from lms.clock import utc_now
from lms.database import db
from lms.people.models import Agency, Membership, User
from lms.people.providers.models import ExternalIdentity, IdentityProvider, ProviderSignIn
from tests.people.providers.conftest import Federation
from tests.support.providers import Visit, changed
from tests.support.visits import PASSWORD


def go_to_provider(visit: Visit, federation: Federation, email: str = "") -> None:
    """From our sign-in page to the provider's."""
    visit.get(f"{federation.site.address}/sign-in/agency")
    if email:
        visit.send({"email": email}, button="agency-sign-in")
    else:
        visit.send(button='name="provider"')


def sign_in_there(visit: Visit, login: str) -> str:
    """Name oneself at the provider and consent; returns the page of ours that one comes back to."""
    visit.send({"login": login, "password": "any"})
    return visit.send()


def arrive(visit: Visit, federation: Federation, login: str) -> str:
    go_to_provider(visit, federation)
    return sign_in_there(visit, login)


def test_a_proven_address_of_the_agencys_domain_makes_an_account_with_a_place(
    visit: Visit, federation: Federation
) -> None:
    federation.domain()

    page = arrive(visit, federation, "ana-1")

    assert visit.address.endswith("/home"), page
    user = federation.site.world.read(lambda: db.session.scalars(select(User)).one())
    place = federation.site.world.read(lambda: db.session.scalars(select(Membership)).one())
    identity = federation.site.world.read(lambda: db.session.scalars(select(ExternalIdentity)).one())
    assert (user.name, user.email) == ("Ana Ruiz", "ana@cedar.example")
    assert (place.agency_id, place.discipline) == (federation.agency, "schools")
    assert (identity.issuer, identity.subject) == (federation.issuer, "ana-1")


def names(federation: Federation) -> list[str]:
    return sorted(federation.site.world.read(lambda: db.session.scalars(select(User.name)).all()))


def test_the_second_sign_in_leads_to_the_same_account(visit: Visit, federation: Federation) -> None:
    federation.domain()
    arrive(visit, federation, "ana-1")
    visit.jars.clear()

    arrive(visit, federation, "ana-1")

    assert visit.address.endswith("/home")
    assert names(federation) == ["Ana Ruiz"]


def test_the_address_leads_to_the_provider_of_its_domain(visit: Visit, federation: Federation) -> None:
    federation.domain()

    go_to_provider(visit, federation, "ana@cedar.example")

    assert visit.address.startswith(federation.issuer)


def test_an_address_of_no_agency_is_told_so(visit: Visit, federation: Federation) -> None:
    go_to_provider(visit, federation, "ana@nowhere.example")

    assert visit.status == 422


@pytest.mark.sqlite_only
def test_a_site_may_keep_to_itself_who_signs_in_here(visit: Visit, federation: Federation) -> None:
    runtime = federation.site.app.extensions["lms"]
    runtime.settings = replace(runtime.settings, provider_list=False)

    page = visit.get(f"{federation.site.address}/sign-in/agency")

    assert "Cedar County" not in page


def test_an_unproven_address_takes_no_account_but_asks(visit: Visit, federation: Federation) -> None:
    federation.domain()
    known = federation.site.world.user("Bo of before", email="bo@cedar.example")

    page = arrive(visit, federation, "bo-2")
    visit.send({"name": "Bo Lind", "discipline": "schools"}, button="new-person")

    made = federation.site.world.read(lambda: db.session.scalars(select(ExternalIdentity)).one())
    assert "Do you have an account here already?" in page
    assert made.user_id != known
    assert federation.site.world.read(lambda: db.session.get_one(User, made.user_id).email) is None


def test_a_proven_address_outside_of_the_agencys_domains_takes_no_account(visit: Visit, federation: Federation) -> None:
    federation.domain()
    other = federation.site.world.agency("Another agency")
    federation.domain("elsewhere.example", agency=other)
    federation.site.world.user("Cy of the other agency", email="cy@elsewhere.example", agency=other)

    page = arrive(visit, federation, "cy-3")

    assert "Do you have an account here already?" in page
    assert federation.site.world.read(lambda: db.session.scalars(select(ExternalIdentity)).all()) == []


def test_a_proven_address_of_the_agencys_domain_leads_to_the_account(visit: Visit, federation: Federation) -> None:
    federation.domain()
    known = federation.site.world.user("Ana of before", email="ana@cedar.example")

    arrive(visit, federation, "ana-1")

    identity = federation.site.world.read(lambda: db.session.scalars(select(ExternalIdentity)).one())
    assert identity.user_id == known


def test_an_account_with_a_role_beyond_the_agency_is_not_taken_by_its_address(
    visit: Visit, federation: Federation
) -> None:
    federation.domain()
    chief = federation.site.world.user("State administrator", email="ana@cedar.example")
    federation.site.world.grant(chief, "state-administrator")

    page = arrive(visit, federation, "ana-1")

    assert "Do you have an account here already?" in page


def test_whoever_shows_the_password_once_is_linked(visit: Visit, federation: Federation) -> None:
    world = federation.site.world
    known = world.user("Bo of before", email="bo@cedar.example")
    world.set_password(known, PASSWORD)
    arrive(visit, federation, "bo-2")

    visit.get(f"{federation.site.address}/sign-in/agency/link")
    page = visit.send({"email": "bo@cedar.example", "password": PASSWORD}, button="sign-in-form")
    assert "Is this your account?" in page
    visit.send({"discipline": "schools"}, button="link-account")

    identity = world.read(lambda: db.session.scalars(select(ExternalIdentity)).one())
    place = world.read(lambda: db.session.scalars(select(Membership)).one())
    assert (identity.user_id, place.agency_id) == (known, federation.agency)


def test_a_person_who_is_switched_off_is_refused(visit: Visit, federation: Federation) -> None:
    federation.domain()
    world = federation.site.world
    known = world.user("Ana", email="ana@cedar.example")
    world.write(lambda: setattr(db.session.get_one(User, known), "disabled_at", utc_now()))

    arrive(visit, federation, "ana-1")

    assert visit.status == 403


def test_claims_say_agency_and_discipline(visit: Visit, federation: Federation) -> None:
    federation.domain()
    world = federation.site.world
    ward = world.agency("Ward", parent=federation.agency)
    world.write(lambda: setattr(db.session.get_one(Agency, ward), "code", "D-1"))
    federation.change(
        agency_claim="department", discipline_claim="title", discipline_words={"registered nurse": "healthcare"}
    )

    arrive(visit, federation, "ana-1")
    visit.jars.clear()
    arrive(visit, federation, "di-4")

    places = world.read(
        lambda: db.session.execute(select(Membership.agency_id, Membership.discipline).order_by(Membership.id)).all()
    )
    assert [tuple(one) for one in places] == [(ward, "schools"), (federation.agency, "healthcare")]


def test_only_proven_addresses_come_in_where_the_agency_asks_for_them(visit: Visit, federation: Federation) -> None:
    federation.domain()
    federation.change(needs_domain=True)

    arrive(visit, federation, "cy-3")

    assert visit.status == 403


def stop_before_our_answer(visit: Visit, federation: Federation, login: str) -> str:
    """The address of ours to which the provider sends the browser, not yet followed."""
    go_to_provider(visit, federation)
    visit.send({"login": login, "password": "any"})
    visit.stops_at = f"{federation.site.address}/sign-in/oidc"
    visit.send()
    visit.stops_at = ""
    return visit.stopped_at


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "changed_values",
    [{"state": "another"}, {"iss": "https://evil.example"}, {"code": "another"}],
)
def test_an_answer_with_another_value_is_refused(
    visit: Visit, federation: Federation, changed_values: dict[str, str]
) -> None:
    federation.domain()
    address = stop_before_our_answer(visit, federation, "ana-1")

    visit.get(changed(address, **changed_values))

    assert visit.status == 403
    assert names(federation) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("said", "kept"), [("access_denied", "access_denied"), ("call 555-0100 now", "?")])
def test_only_a_name_of_an_error_is_kept_for_the_administrator(
    visit: Visit, federation: Federation, said: str, kept: str
) -> None:
    address = stop_before_our_answer(visit, federation, "ana-1")

    visit.get(changed(address, error=said))

    provider = federation.site.world.read(lambda: db.session.get_one(IdentityProvider, federation.provider))
    assert provider.last_problem is not None
    assert provider.last_problem["values"] == {"error": kept}


def test_an_answer_is_taken_once(visit: Visit, federation: Federation) -> None:
    federation.domain()
    address = stop_before_our_answer(visit, federation, "ana-1")

    visit.get(address)
    assert visit.address.endswith("/home")
    visit.get(address)

    assert visit.status == 403


def test_an_answer_in_another_browser_signs_nobody_in(visit: Visit, federation: Federation) -> None:
    federation.domain()
    address = stop_before_our_answer(visit, federation, "ana-1")
    visit.jars.clear()

    visit.get(address)

    assert visit.status == 403
    assert names(federation) == []


def test_a_nonce_of_another_sign_in_is_refused(visit: Visit, federation: Federation) -> None:
    federation.domain()
    address = stop_before_our_answer(visit, federation, "ana-1")
    federation.site.world.write(lambda: db.session.execute(update(ProviderSignIn).values(nonce="another")))

    visit.get(address)

    problem = federation.site.world.read(lambda: db.session.get_one(IdentityProvider, federation.provider).last_problem)
    assert visit.status == 403
    assert problem["values"]["reason"].startswith("invalid_claim")


def test_a_token_for_another_client_is_refused(visit: Visit, federation: Federation) -> None:
    federation.domain()
    address = stop_before_our_answer(visit, federation, "ana-1")
    federation.change(issuer=federation.issuer, client_id="crosstrain-2")

    visit.get(address)

    assert visit.status == 403
    assert names(federation) == []


def test_a_provider_that_changed_its_keys_is_asked_for_them_once(visit: Visit, federation: Federation) -> None:
    federation.domain()
    requests.post(f"{federation.issuer}/__rotate", timeout=10)

    arrive(visit, federation, "ana-1")

    assert visit.address.endswith("/home")


def test_where_it_is_required_passwords_are_refused_but_to_administrators(visit: Visit, federation: Federation) -> None:
    world = federation.site.world
    ward = world.agency("Ward", parent=federation.agency)
    for name, role in (("Learner", ""), ("Boss", "agency-administrator")):
        user = world.user(name, email=f"{name.lower()}@cedar.example", agency=ward)
        world.set_password(user, PASSWORD)
        if role:
            world.grant(user, role, ward)
    federation.change(is_required=True)

    answers = []
    for name in ("learner", "boss"):
        visit.jars.clear()
        visit.get(f"{federation.site.address}/sign-in")
        visit.send({"email": f"{name}@cedar.example", "password": PASSWORD}, button="sign-in-form")
        answers.append((visit.status, visit.address.endswith("/home")))

    assert answers == [(403, False), (200, True)]


def test_a_provider_that_is_switched_off_lets_nobody_in(visit: Visit, federation: Federation) -> None:
    federation.domain()
    address = stop_before_our_answer(visit, federation, "ana-1")
    federation.change(enabled_at=None)

    visit.get(address)

    assert visit.status == 403


def test_the_way_there_carries_state_nonce_and_pkce(visit: Visit, federation: Federation) -> None:
    visit.stops_at = federation.issuer
    go_to_provider(visit, federation)

    asked = dict(parse_qsl(urlsplit(visit.stopped_at).query))
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == f"{federation.site.address}/sign-in/oidc"
    assert len(asked["state"]) > 40
    assert asked["nonce"] != asked["state"]


def test_no_token_of_the_provider_stays_here(visit: Visit, federation: Federation) -> None:
    federation.domain()
    arrive(visit, federation, "ana-1")

    row = federation.site.world.read(lambda: db.session.scalars(select(ProviderSignIn)).one())
    assert row.found is None
    assert {column.name for column in ProviderSignIn.__table__.c if "token" in column.name} == set()
