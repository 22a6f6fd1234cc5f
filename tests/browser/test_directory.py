"""The resource directory on paper, and without script."""

from __future__ import annotations

import io

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.conftest import Site, Walk


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_whole_directory_prints_on_two_pages(site: Site, open_page: Walk, language: str) -> None:
    page = open_page(site, language=language)
    page.goto("/resources")

    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, format="Letter")))

    assert len(printed.pages) <= 2
    assert "1-888-373-7888" in printed.pages[0].extract_text()


def test_need_and_county_are_chosen_without_script(site: Site, open_page: Walk) -> None:
    page = open_page(site, javascript=False, width=390)
    page.goto("/resources")

    page.get_by_label("Need", exact=True).select_option("native-survivors")
    page.get_by_label("County", exact=True).select_option("29019")
    page.get_by_role("button", name="Apply filters").click()

    expect(page.locator("#stronghearts")).to_be_visible()
    expect(page.locator("#mhdc")).to_have_count(0)
    expect(page.get_by_text("We list none for Boone alone")).to_be_visible()
