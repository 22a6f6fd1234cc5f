"""Signing in with an agency's own account in a real browser: the administrator's pages, then somebody's first sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from lms.database import Model, db
from tests.support.providers import SECRET, Site, free_port, node_server, served
from tests.support.visits import PASSWORD

PEOPLE = {"ana-1": {"name": "Ana Ruiz", "email": "ana@cedar.example", "email_verified": True}}


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """A site without demo people: the provider sends browsers back to the address that the site says is its own."""
    with served(f"sqlite:///{tmp_path / 'site.sqlite'}", tmp_path / "instance") as site:
        with site.app.app_context():
            Model.metadata.create_all(db.engine)
        yield site


@pytest.mark.parametrize("javascript", [True, False])
def test_an_agency_sets_its_provider_up_and_somebody_comes_in(
    own_site: Site, browser: Browser, javascript: bool
) -> None:
    world, redirect = own_site.world, f"{own_site.address}/sign-in/oidc"
    agency = world.agency("Cedar County", kind="district")
    chief = world.user("Chief", email="chief@cedar.example", agency=agency)
    world.grant(chief, "agency-administrator", agency)
    world.set_password(chief, PASSWORD)
    with node_server("oidc.mjs", {"port": free_port(), "redirect": redirect, "people": PEOPLE}) as issuer:
        context = browser.new_context(base_url=own_site.address, java_script_enabled=javascript)
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill("chief@cedar.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("#sign-in-form button").click()
        page.goto(f"/agencies/{agency}/sign-in")
        page.get_by_role("link", name="Add OpenID Connect").click()
        expect(page.get_by_text(redirect)).to_be_visible()
        page.get_by_label("Name", exact=True).fill("County account")
        page.get_by_label("Address of the issuer").fill(issuer)
        page.get_by_label("Client id").fill("crosstrain")
        page.get_by_label("Client secret").fill(SECRET)
        page.get_by_role("button", name="Ask the provider and save").click()
        page.get_by_role("button", name="Switch it on").click()
        expect(page.get_by_text("in use")).to_be_visible()
        context.close()

        context = browser.new_context(base_url=own_site.address, java_script_enabled=javascript)
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_role("link", name="Sign in with your agency").click()
        page.get_by_role("button", name="Cedar County: County account").click()
        page.locator("input[name=login]").fill("ana-1")
        page.locator("input[name=password]").fill("any")
        page.locator("button[type=submit]").click()
        page.locator("button[type=submit]").click()
        expect(page.get_by_role("heading", name="Your first sign-in with County account")).to_be_visible()
        page.get_by_label("Schools").check()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/home")
        expect(page.get_by_text("Ana Ruiz").first).to_be_visible()
        context.close()
