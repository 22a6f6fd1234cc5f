"""Whose account somebody who arrives is let into: over all combinations of what a provider may say and who there is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.clock import local_day, utc_now
from lms.database import db
from lms.people.models import User
from lms.people.providers import arriving
from lms.people.providers.arriving import SHARED_ISSUERS
from lms.people.providers.models import EmailDomain, ExternalIdentity, IdentityProvider, ProvisionedPerson
from lms.people.providers.problems import ProviderProblem
from lms.people.providers.sign_ins import Found
from tests.support.world import World

NUMBERS = itertools.count(1)
DAY = local_day(utc_now(), "UTC")
ROLES = {"none": None, "within": "within", "above": "above", "everywhere": "everywhere", "elsewhere": "elsewhere"}


class Town:
    """A state, a county in it with a ward below, another county; the provider is the county's."""

    def __init__(self, world: World) -> None:
        self.world, number = world, next(NUMBERS)
        self.domain = f"d{number}.example"
        self.email = f"ana@{self.domain}"
        self.places = {"above": world.agency("State"), "elsewhere": world.agency("Another county")}
        self.places["own"] = world.agency("County", parent=self.places["above"])
        self.places["within"] = world.agency("Ward", parent=self.places["own"])
        self.provider = world.write(self._make_provider)

    def _make_provider(self) -> int:
        row = IdentityProvider(
            agency_id=self.places["own"],
            name="County account",
            kind="oidc",
            issuer=f"https://{self.domain}",
            client_id="x",
            discipline_words={},
            discipline="schools",
            created_at=utc_now(),
            enabled_at=utc_now(),
        )
        db.session.add(row)
        db.session.flush()
        return row.id

    def prove(self, where: str) -> None:
        now = utc_now()
        row = EmailDomain(agency_id=self.places[where], domain=self.domain, dns_text="x", created_at=now)
        row.verified_at, row.verified_by = now, "dns"
        self.world.write(lambda: db.session.add(row))

    def recognize(self, found: Found) -> arriving.Arrival | None:
        def look() -> arriving.Arrival | None:
            try:
                return arriving.recognize(db.session.get_one(IdentityProvider, self.provider), found, DAY)
            except ProviderProblem:
                return None

        return self.world.read(look)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    proven_for=st.sampled_from(["own", "within", "above", "elsewhere", "nobody"]),
    says_proven=st.booleans(),
    role=st.sampled_from(sorted(ROLES)),
    place=st.sampled_from(["own", "within", "above", "elsewhere"]),
    is_disabled=st.booleans(),
)
def test_an_account_is_entered_only_by_a_proven_address_of_the_providers_agency(
    world: World, proven_for: str, says_proven: bool, role: str, place: str, is_disabled: bool
) -> None:
    town = Town(world)
    ana = world.user("Ana", email=town.email, agency=town.places[place])
    if proven_for != "nobody":
        town.prove(proven_for)
    if role != "none":
        world.grant(ana, "agency-administrator", town.places.get(role))
    if is_disabled:
        world.write(lambda: setattr(db.session.get_one(User, ana), "disabled_at", utc_now()))

    arrival = town.recognize(Found("subject", "Ana", town.email, says_proven))

    is_proven = says_proven and proven_for in ("own", "within") and role in ("none", "within")
    if is_proven and is_disabled:
        assert arrival is None
    else:
        assert arrival is not None
        assert arrival.user_id == (ana if is_proven else None)
        assert is_proven or arrival.question == "account"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(claim=st.sampled_from(["sub", "oid"]), kept_as=st.sampled_from(["sub", "oid"]), same=st.booleans())
def test_a_subject_means_somebody_only_by_its_own_claim_and_issuer(
    world: World, claim: str, kept_as: str, same: bool
) -> None:
    town = Town(world)
    ana, issuer = world.user("Ana"), f"https://{town.domain}" if same else "https://other.example"
    issuer = issuer if kept_as == "sub" else f"{issuer}#{kept_as}"
    subject = f"subject of {town.domain}"
    row = ExternalIdentity(user_id=ana, issuer=issuer, subject=subject, created_at=utc_now())
    world.write(lambda: db.session.add(row))
    world.write(lambda: setattr(db.session.get_one(IdentityProvider, town.provider), "subject_claim", claim))

    arrival = town.recognize(Found(subject, "Ana"))

    assert arrival is not None
    assert arrival.user_id == (ana if same and claim == kept_as else None)


@pytest.mark.parametrize(("says_proven", "user_name"), [(False, None), (True, None), (False, "by its user name")])
def test_whom_the_directory_added_is_not_found_by_an_address_that_is_only_said(
    world: World, says_proven: bool, user_name: str | None
) -> None:
    town = Town(world)
    added = world.user("Ana")
    row = ProvisionedPerson(
        agency_id=town.places["own"], user_id=added, user_name=town.email, is_active=True, made_account=True,
        ended_places=[], created_at=utc_now(), changed_at=utc_now(),
    )  # fmt: skip
    world.write(lambda: db.session.add(row))

    arrival = town.recognize(Found("subject", "Ana", town.email, says_proven, town.email if user_name else None))

    assert arrival is not None
    assert arrival.user_id == (added if says_proven or user_name else None)


def test_of_two_first_sign_ins_at_once_both_lead_to_one_account(world: World) -> None:
    town = Town(world)
    found = Found("subject", "Ana", town.email, True)

    def make() -> int:
        provider = db.session.get_one(IdentityProvider, town.provider)
        return arriving.make_account(provider, found, name="", discipline=None, language="en", day=DAY)

    made = [world.write(make) for _ in range(2)]

    assert made[0] == made[1]


@pytest.mark.parametrize("issuer", SHARED_ISSUERS)
def test_where_anybody_has_an_account_only_proven_addresses_come_in(world: World, issuer: str) -> None:
    town = Town(world)
    world.write(lambda: setattr(db.session.get_one(IdentityProvider, town.provider), "issuer", issuer))

    before = town.recognize(Found("subject", "Ana", town.email, True))
    town.prove("own")
    after = town.recognize(Found("subject", "Ana", town.email, True))

    assert before is None
    assert after is not None
