"""A site behind a socket, an agency with a provider of OpenID Connect that really runs, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lms.clock import utc_now
from lms.database import db
from lms.people.providers import oidc, setting_up
from lms.people.providers.models import EmailDomain, IdentityProvider
from lms.people.providers.setting_up import Common, Registration
from tests.support.databases import empty
from tests.support.providers import SECRET, Site, Visit, node_server, served, visiting

PEOPLE = {
    "ana-1": {"name": "Ana Ruiz", "email": "ana@cedar.example", "email_verified": True, "department": "D-1"},
    "bo-2": {"name": "Bo Lind", "email": "bo@cedar.example", "email_verified": False},
    "cy-3": {"name": "Cy Poe", "email": "cy@elsewhere.example", "email_verified": True},
    "di-4": {"name": "Di Oh", "email": "di@cedar.example", "email_verified": True, "title": "Registered Nurse"},
}


@pytest.fixture
def site(database_url: str, owner_engine: Engine, tmp_path: Path) -> Iterator[Site]:
    with served(database_url, tmp_path / "instance") as found:
        yield found
    empty(owner_engine)


@pytest.fixture
def visit() -> Iterator[Visit]:
    with visiting() as one:
        yield one


@dataclass
class Federation:
    """An agency and its provider; `provider` is the id, `issuer` where it really runs."""

    site: Site
    agency: int
    provider: int
    issuer: str

    def domain(self, name: str = "cedar.example", agency: int | None = None, joining: str = "no") -> int:
        """Prove a domain for the agency."""
        row = EmailDomain(
            agency_id=agency or self.agency,
            domain=name,
            dns_text="x",
            created_at=utc_now(),
            verified_at=utc_now(),
            verified_by="dns",
            joining=joining,
        )

        def step() -> int:
            db.session.add(row)
            db.session.flush()
            return row.id

        return self.site.world.write(step)

    def change(self, **values: object) -> None:
        def step() -> None:
            provider = db.session.get_one(IdentityProvider, self.provider)
            for name, value in values.items():
                setattr(provider, name, value)

        self.site.world.write(step)


def make_provider(site: Site, agency: int, issuer: str, **common: object) -> int:
    """Set up and switch on a provider as its administrator would."""
    entered = Registration(issuer, "crosstrain", SECRET, "openid profile email")
    said = Common(**{"name": "County account", "subject_claim": "sub", "discipline": "schools", **common})
    settings = site.app.extensions["lms"].settings
    fetched = oidc.discover(issuer, settings)

    def step() -> int:
        made = setting_up.save_oidc(agency, None, said, entered, fetched, secret_key=settings.secret_key, actor_id=None)
        setting_up.switch(agency, made.id, is_on=True, actor_id=None)
        return made.id

    return site.world.write(step)


@pytest.fixture
def federation(site: Site) -> Iterator[Federation]:
    from tests.support.providers import free_port

    agency = site.world.agency("Cedar County", kind="district")
    question = {"port": free_port(), "redirect": f"{site.address}/sign-in/oidc", "people": PEOPLE}
    with node_server("oidc.mjs", question) as issuer:
        yield Federation(site, agency, make_provider(site, agency, issuer), issuer)
