"""The shell in a real browser: every part passes axe, quick exit leaves nothing, the language switch loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from lms.app import create_app
from lms.database import Model, db
from tests.browser.conftest import Site, Walk, serving

AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text(encoding="utf-8")
EXIT = "https://www.weather.gov/"


@pytest.fixture(scope="module")
def shell_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site without courses or people: it starts in a second, and has the page of all parts."""
    folder = tmp_path_factory.mktemp("shell")
    app = create_app({"instance_path": str(folder), "secret_key": "a secret for browser tests, 32 characters or more"})
    with app.app_context():
        Model.metadata.create_all(db.engine)
    with serving(app) as site:
        yield site


def faults_of(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    faults = [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*faults, *([f"{wide} px wider than the screen"] if wide > 0 else [])]


def stand_in_for_the_neutral_page(page: Page) -> None:
    """Nothing of the tests leaves this machine."""

    def answer(route: Route) -> None:
        route.fulfill(body="<title>Weather</title><h1>Weather</h1>", content_type="text/html")

    page.route(f"{EXIT}**", answer)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_every_part_passes_axe_and_fits(shell_site: Site, open_page: Walk, width: int, dark: bool) -> None:
    page = open_page(shell_site, width=width, dark=dark)
    page.goto("/styleguide")

    as_opened = faults_of(page)
    page.locator("main details > summary").evaluate_all("all => all.forEach(one => one.parentElement.open = true)")
    if width < 960:
        page.locator(".menu > summary").click()
    unfolded = faults_of(page)

    assert as_opened == []
    assert unfolded == []


@pytest.mark.parametrize("path", ["/", "/help", "/privacy", "/accessibility", "/nothing-here"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_public_pages_pass_axe(shell_site: Site, open_page: Walk, path: str, language: str) -> None:
    page = open_page(shell_site, width=390, language=language)
    page.goto(path)

    assert faults_of(page) == []


def test_a_refused_form_passes_axe_and_takes_the_focus_to_what_is_wrong(shell_site: Site, open_page: Walk) -> None:
    page = open_page(shell_site)
    page.goto("/styleguide")
    page.get_by_role("button", name="Submit answers").click()

    expect(page.locator(".error-summary")).to_be_focused()
    page.locator(".error-summary a", has_text="Where do you learn best?").click()

    expect(page.locator("#format-0")).to_be_in_viewport()
    assert faults_of(page) == []


def test_nothing_breaks_the_content_policy(shell_site: Site, open_page: Walk) -> None:
    page = open_page(shell_site)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))

    page.goto("/styleguide")
    page.wait_for_load_state("networkidle")

    assert said == []
    assert page.evaluate("document.fonts.check('16px \"Public Sans\"')")


def test_shift_three_times_leaves_and_the_way_back_does_not_lead_here(shell_site: Site, open_page: Walk) -> None:
    page = open_page(shell_site)
    stand_in_for_the_neutral_page(page)
    page.goto("/privacy")
    page.goto("/help")
    page.evaluate("sessionStorage.setItem('note', 'something')")
    before = page.evaluate("history.length")

    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url(EXIT)

    assert page.evaluate("history.length") == before
    page.goto(f"{shell_site.address}/privacy")
    assert page.evaluate("sessionStorage.getItem('note')") is None


def test_shift_while_typing_capitals_does_not_leave(shell_site: Site, open_page: Walk) -> None:
    page = open_page(shell_site)
    stand_in_for_the_neutral_page(page)
    page.goto("/styleguide")

    page.locator("#name").press_sequentially("ABC Rosa DIAZ")
    for letter in "RDA":
        page.keyboard.press(f"Shift+{letter}")

    expect(page.locator("#name")).to_have_value("ABC Rosa DIAZRDA")


@pytest.mark.parametrize("javascript", [True, False])
def test_the_link_leaves_with_and_without_script(shell_site: Site, open_page: Walk, javascript: bool) -> None:
    page = open_page(shell_site, javascript=javascript, width=390)
    stand_in_for_the_neutral_page(page)
    page.goto("/help")

    page.get_by_role("link", name="Leave this site").click()

    page.wait_for_url(EXIT)


@pytest.mark.parametrize(("path", "javascript"), [("/styleguide", True), ("/styleguide?plain=1", False)])
def test_the_language_switch_keeps_what_was_entered(
    shell_site: Site, open_page: Walk, path: str, javascript: bool
) -> None:
    page = open_page(shell_site, javascript=javascript)
    page.goto(path)
    page.locator("#name").fill("Rosa Díaz")
    page.locator("#passphrase").fill("not a real secret")
    page.get_by_label("In a group").check()
    page.get_by_label("Tuesday").check()
    page.locator("#begins_on").select_option("2")

    page.locator("[lang=es]", has_text="Español").click()

    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("#name")).to_have_value("Rosa Díaz")
    expect(page.locator("#passphrase")).to_have_value("")
    expect(page.locator("#format-1")).to_be_checked()
    expect(page.locator("#days-1")).to_be_checked()
    expect(page.locator("#days-0")).not_to_be_checked()
    expect(page.locator("#begins_on")).to_have_value("2")


def test_by_keyboard_the_skip_link_comes_first_and_every_stop_can_be_seen(shell_site: Site, open_page: Walk) -> None:
    page = open_page(shell_site)
    page.goto("/styleguide")

    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()

    page.locator(".brand").focus()
    page.keyboard.press("Tab")
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineColor")
    assert page.evaluate("document.activeElement.closest('.nav') !== null")
    assert ring == "rgb(255, 209, 102)"


def test_outline_and_menu_are_closed_on_a_phone_and_open_on_a_desk(shell_site: Site, open_page: Walk) -> None:
    desk = open_page(shell_site)
    desk.goto("/styleguide")
    phone = open_page(shell_site, width=390)
    phone.goto("/styleguide")

    for place in (".outline ol", ".menu-body"):
        expect(desk.locator(place)).to_be_visible()
        expect(phone.locator(place)).to_be_hidden()


def test_targets_are_large_enough(shell_site: Site, open_page: Walk) -> None:
    page = open_page(shell_site, width=390)
    page.goto("/styleguide")

    small = page.evaluate(
        """() => [...document.querySelectorAll(".btn, .choice, select, .strip a, .top a, .pages a, summary")]
            .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
            .filter(([, box]) => box.height > 0 && box.height < 40).map(([html]) => html)"""
    )

    assert small == []


def test_colors_of_the_persons_own_keep_the_current_section_apart(shell_site: Site, browser: Browser) -> None:
    context = browser.new_context(base_url=shell_site.address, forced_colors="active")
    page = context.new_page()
    page.goto("/catalog")

    border = "one => getComputedStyle(one).borderBlockEndColor"
    current = page.locator(".nav [aria-current]").first.evaluate(border)
    others = {one.evaluate(border) for one in page.locator(".nav a:not([aria-current])").all()}
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    context.close()

    assert others <= {ground}
    assert current != ground


def test_printing_leaves_out_what_only_a_screen_needs(shell_site: Site, open_page: Walk) -> None:
    page = open_page(shell_site)
    page.goto("/styleguide")
    page.emulate_media(media="print")

    for place in (".strip", ".nav", ".btn >> nth=0", ".filters"):
        expect(page.locator(place)).to_be_hidden()
    expect(page.locator(".print-only")).to_be_visible()
    expect(page.locator("h1")).to_be_visible()
