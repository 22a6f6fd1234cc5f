"""One's own sign-ins at providers: shown with their last use, told of by mail, removed where another way is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from lms.clock import utc_now
from lms.database import db
from lms.people.factor_models import Passkey
from lms.people.models import AuditEvent, UserSession
from lms.people.providers import arriving
from lms.people.providers.models import ExternalIdentity, IdentityProvider, identity_issuer
from lms.people.providers.sign_ins import Found
from tests.people.providers.conftest import Federation
from tests.people.providers.test_oidc import arrive
from tests.support.days import site_day
from tests.support.providers import Visit
from tests.support.visits import PASSWORD, mails, send
from tests.support.world import World

SECURITY = "/account/security"


class Town:
    """An agency with two providers; Ana, who works there and signs in with the first."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.agency = world.agency("Cedar County", kind="district")
        self.county = self.provider("County account")
        self.state = self.provider("State account")
        self.ana = world.user("Ana Ruiz", email="ana@cedar.example", agency=self.agency)
        self.identity = self.link(self.ana, self.county, "ana-1")

    @property
    def browser(self) -> FlaskClient:
        return self.world.client_of(self.ana)

    def provider(self, name: str, **more: Any) -> int:
        row = IdentityProvider(
            agency_id=self.agency, name=name, kind="oidc", issuer=f"https://{name.partition(' ')[0]}.example",
            client_id="x", discipline_words={}, created_at=utc_now(), enabled_at=utc_now(), **more,
        )  # fmt: skip
        return self.kept(row)

    def kept(self, row: Any) -> int:
        def step() -> int:
            db.session.add(row)
            db.session.flush()
            return int(row.id)

        return self.world.write(step)

    def link(self, user: int, provider: int, subject: str, **more: Any) -> int:
        issuer = self.world.read(lambda: identity_issuer(db.session.get_one(IdentityProvider, provider)))
        row = ExternalIdentity(user_id=user, issuer=issuer, subject=subject, created_at=utc_now(), **more)
        return self.kept(row)

    def change_provider(self, provider: int, **values: Any) -> None:
        query = update(IdentityProvider).where(IdentityProvider.id == provider).values(**values)
        self.world.write(lambda: db.session.execute(query))

    def identities(self) -> list[ExternalIdentity]:
        query = select(ExternalIdentity).where(ExternalIdentity.user_id == self.ana).order_by(ExternalIdentity.id)
        return self.world.read(lambda: list(db.session.scalars(query)))

    def remove(self, identity: int | None = None, client: FlaskClient | None = None) -> Any:
        address = f"{SECURITY}/sign-ins/{identity or self.identity}/remove"
        return send(client or self.browser, address, page=SECURITY)

    def told(self) -> list[str]:
        return [mail["values"]["what"] for mail in mails(self.world) if mail["template"] == "sign-in-changed"]


@pytest.fixture
def town(world: World) -> Town:
    return Town(world)


def test_the_page_says_which_sign_ins_lead_into_the_account(town: Town) -> None:
    used = utc_now() - timedelta(days=3)
    town.link(town.ana, town.state, "a.ruiz", known_as="a.ruiz@state.example", last_used_at=used)
    town.change_provider(town.state, enabled_at=None)

    page = town.browser.get(SECURITY).text

    card = page.partition("Sign-ins at your agency")[2].partition("</section>")[0]
    assert "County account" in card
    assert "last use not known" in card
    assert "a.ruiz@state.example" in card
    assert "last used" in card
    assert "switched off" in card


def test_who_has_none_reads_nothing_of_it(town: Town) -> None:
    ben = town.world.client_of(town.world.user("Ben", agency=town.agency))

    assert "Sign-ins at your agency" not in ben.get(SECURITY).text


def test_a_sign_in_is_removed_with_another_way_left_noted_and_told(town: Town) -> None:
    town.world.set_password(town.ana, PASSWORD)
    elsewhere = town.browser
    asked = town.browser.get(f"{SECURITY}/sign-ins/{town.identity}/remove").text

    answer = town.remove()

    assert "Remove the sign-in with County account?" in asked
    assert answer.status_code == 303
    assert town.identities() == []
    assert town.told() == ["provider-removed"]
    assert elsewhere.get(SECURITY).status_code == 303
    query = select(AuditEvent.agency_id).where(AuditEvent.action == "identity.removed")
    assert town.world.read(lambda: db.session.scalars(query).all()) == [town.agency]


def test_the_only_way_to_sign_in_stays_and_the_page_says_why(town: Town) -> None:
    answer = town.remove()

    assert answer.status_code == 409
    assert "It is the only way to sign in to your account." in answer.text
    assert len(town.identities()) == 1
    assert town.told() == []


def test_a_passkey_or_another_sign_in_that_is_on_is_a_way_left(town: Town) -> None:
    other = town.link(town.ana, town.state, "a.ruiz")
    assert town.remove().status_code == 303

    assert town.remove(other).status_code == 409
    parts = {"credential_id": b"id", "user_handle": b"handle", "public_key": b"key", "sign_count": 0}
    town.kept(Passkey(user_id=town.ana, name="Phone", transports=[], added_at=utc_now(), **parts))

    assert town.remove(other).status_code == 303


def test_a_sign_in_whose_provider_is_off_is_no_way_left(town: Town) -> None:
    town.link(town.ana, town.state, "a.ruiz")
    town.change_provider(town.state, enabled_at=None)

    assert town.remove().status_code == 409


def test_what_the_agency_requires_stays(town: Town) -> None:
    town.world.set_password(town.ana, PASSWORD)
    town.change_provider(town.county, is_required=True)

    answer = town.remove()

    assert answer.status_code == 409
    assert "Cedar County asks you to sign in with County account, so this stays." in answer.text
    assert len(town.identities()) == 1


def test_nobody_removes_a_sign_in_of_somebody_else(town: Town) -> None:
    ben = town.world.client_of(town.world.user("Ben", agency=town.agency))

    assert ben.get(f"{SECURITY}/sign-ins/{town.identity}/remove").status_code == 404
    assert town.remove(client=ben).status_code == 404
    assert len(town.identities()) == 1


def test_an_open_screen_is_not_enough_to_remove_one(town: Town) -> None:
    town.world.set_password(town.ana, PASSWORD)
    client = town.browser
    long_ago = utc_now() - timedelta(hours=1)
    town.world.write(lambda: db.session.execute(update(UserSession).values(proven_at=long_ago)))

    assert town.remove(client=client).status_code == 401
    assert len(town.identities()) == 1


def test_an_account_of_before_is_told_of_a_new_way_in_and_a_new_one_is_not(town: Town) -> None:
    ben, cy = (town.world.user(name, agency=town.agency) for name in ("Ben", "Cy"))
    day = site_day()

    def link(user: int, subject: str, *, is_new: bool) -> None:
        provider = db.session.get_one(IdentityProvider, town.county)
        arriving.take_account(provider, Found(subject), user, discipline=None, day=day, is_new=is_new)

    town.world.write(lambda: link(ben, "ben-2", is_new=False))
    town.world.write(lambda: link(ben, "ben-2", is_new=False))
    town.world.write(lambda: link(cy, "cy-3", is_new=True))

    assert town.told() == ["provider-linked"]


@pytest.mark.sqlite_only
def test_each_sign_in_notes_when_it_was_and_as_whom(visit: Visit, federation: Federation) -> None:
    federation.domain()
    world = federation.site.world
    arrive(visit, federation, "ana-1")
    world.write(lambda: db.session.execute(update(ExternalIdentity).values(last_used_at=None, known_as=None)))
    visit.close()
    visit.jars.clear()

    arrive(visit, federation, "ana-1")

    identity = world.read(lambda: db.session.scalars(select(ExternalIdentity)).one())
    assert identity.last_used_at is not None
    assert identity.known_as == "ana@cedar.example"
    assert [mail for mail in mails(world) if mail["template"] == "sign-in-changed"] == []
