"""Second factors in a real browser, with Chromium's own authenticator: set up, proven, and without scripts."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from lms.people.authenticator_apps import code_at, present_step
from tests.browser.conftest import Site, Walk, serve, sign_in
from tests.browser.test_axe import problems_of

ADMIN = "agency.admin@demo.example"


@pytest.fixture
def named_site(tmp_path: Path) -> Iterator[Site]:
    """The site by a name, since browsers bind passkeys to names."""
    for site in serve(tmp_path, require_second_factor=True):
        site.address = site.address.replace("127.0.0.1", "localhost")
        yield site


def with_authenticator(page: Page) -> Any:
    """Give the page's browser an authenticator that always finds its owner there."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def app_secret(page: Page) -> bytes:
    text = page.locator("dl.facts code").inner_text().replace(" ", "")
    return base64.b32decode(text + "=" * (-len(text) % 8))


def begin(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill("training-demo-only")
    page.locator("#sign-in-form button[type=submit]").click()


def sign_out(page: Page) -> None:
    page.goto("/sign-out")
    page.locator("#confirm-form button").click()
    page.wait_for_url(re.compile(r"//[^/]+/$"))


def test_an_administrator_sets_up_a_passkey_and_signs_in_with_it_alone(named_site: Site, open_page: Walk) -> None:
    page = open_page(named_site, width=390)
    _session, _number = with_authenticator(page)
    begin(page, ADMIN)
    page.wait_for_url("**/account/security")

    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name of this passkey").fill("Work laptop")
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as a file").click()
    page.get_by_role("link", name="I have them: go on").click()
    page.wait_for_url("**/home")
    sign_out(page)
    page.goto("/sign-in?next=/people")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile(r"//[^/]+/people$"))

    assert len(Path(saved.value.path()).read_text().splitlines()) == 11
    assert page.get_by_role("heading", level=1).inner_text() == "People"


def test_the_passkey_is_the_second_step_and_a_device_that_does_not_know_its_owner_is_refused(
    named_site: Site, open_page: Walk
) -> None:
    page = open_page(named_site)
    session, number = with_authenticator(page)
    begin(page, ADMIN)
    page.goto("/account/security/passkeys/new")
    page.get_by_label("Name of this passkey").fill("Key")
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    sign_out(page)
    begin(page, ADMIN)
    page.wait_for_url("**/sign-in/code")

    session.send("WebAuthn.setUserVerified", {"authenticatorId": number, "isUserVerified": False})
    page.get_by_role("button", name="Use your passkey").click()
    page.get_by_text("That did not work").wait_for()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": number, "isUserVerified": True})
    page.get_by_role("button", name="Use your passkey").click()

    page.wait_for_url("**/home")


def test_everything_but_passkeys_works_without_scripts(named_site: Site, open_page: Walk) -> None:
    page = open_page(named_site, javascript=False, width=390)
    begin(page, ADMIN)
    page.wait_for_url("**/account/security")
    page.get_by_role("link", name="Add a passkey").click()
    says = page.locator("main").inner_text()
    page.get_by_role("link", name="Set up an app instead").click()
    secret = app_secret(page)
    page.get_by_label("Code that the app shows now").fill(code_at(secret, present_step()))
    page.get_by_label("Code that the app shows now").press("Enter")
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    code = page.locator("li code").first.inner_text()
    sign_out(page)
    begin(page, ADMIN)
    page.get_by_role("button", name="Use a recovery code instead").click()
    page.get_by_label("Recovery code").fill(code)
    page.get_by_label("Recovery code").press("Enter")
    page.wait_for_url("**/home")

    assert "needs JavaScript" in says
    assert not page.get_by_role("button", name="Make the passkey").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_pages_are_sound_and_fit(fresh_site: Site, open_page: Walk, width: int, language: str) -> None:
    fresh_site.address = fresh_site.address.replace("127.0.0.1", "localhost")
    page = open_page(fresh_site, width=width, language=language)
    with_authenticator(page)
    sign_in(page, "teacher@demo.example")
    page.goto(f"/home?lang={language}")
    found: list[str] = []

    def look(name: str) -> None:
        found.extend(problems_of(page, name))

    for address in ("", "/app", "/passkeys/new", "/codes", "/app/remove"):
        page.goto(f"/account/security{address}")
        look(address)
    page.goto("/account/email")
    look("email")
    page.goto("/account/security/app")
    page.locator("input[name=code]").fill(code_at(app_secret(page), present_step()))
    page.locator("input[name=code]").press("Enter")
    page.wait_for_selector("a[download]")
    look("codes")
    page.goto("/account/security/passkeys/new")
    page.locator("input[name=name]").fill("Phone")
    page.locator("input[name=name]").press("Enter")
    page.wait_for_url("**/account/security")
    look("security with both")
    page.goto("/sign-in/again")
    look("again")
    sign_out(page)
    begin(page, "teacher@demo.example")
    page.wait_for_url("**/sign-in/code")
    look("second step")
    page.locator("form[action='/sign-in/recovery'] button").click()
    page.wait_for_selector("#recovery-form")
    look("recovery")

    assert not found, "\n".join(found)
