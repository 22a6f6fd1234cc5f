"""An author writes a certification in a real browser, with and without scripts: rows, language, check, back, save."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Walk
from tests.browser.test_axe import AXE


def press(page: Page, text: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=text, exact=True).click()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_certification_is_written_checked_and_saved(fresh_site: Site, open_page: Walk, javascript: bool) -> None:
    page = open_page(fresh_site, email="trainer@demo.example", javascript=javascript)
    page.goto("/certifications/new")
    page.get_by_label("Id", exact=True).fill("night-watch")
    page.get_by_label("Title in English").fill("Night watch")
    page.locator("#row0-courses label").first.click()
    press(page, "Add a requirement")
    page.locator("#row1-courses label").nth(1).click()
    page.locator("#row1-min_percent").fill("90")

    press(page, "Español")
    assert page.locator("#row1-min_percent").input_value() == "90"
    assert page.locator("#title_en").input_value() == "Night watch"
    press(page, "English")
    page.locator("#title_en").press("Enter")
    page.wait_for_load_state()
    expect(page.get_by_role("heading", name="Check the rule")).to_be_visible()
    if javascript:
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [one["id"] for one in found["violations"]] == []
    press(page, "Back to the form")
    assert page.locator("#row1-min_percent").input_value() == "90"
    press(page, "Check what it means")
    page.get_by_label("Reason for the change").fill("The board asked for it.")
    press(page, "Save this rule")

    expect(page.get_by_role("heading", name="Night watch", exact=True)).to_be_visible()
    expect(page.get_by_text("with 90 percent or more").first).to_be_visible()
