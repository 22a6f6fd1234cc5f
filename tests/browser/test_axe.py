"""axe finds nothing, on any page, in light and dark, on a phone and on a desk, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Site, Walk

AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text(encoding="utf-8")

STRANGER = (
    "/",
    "/sign-in",
    "/forgot",
    "/catalog",
    "/courses/understanding-trafficking",
    "/verify",
    "/accessibility",
    "/resources",
    "/glossary",
)
LEARNER = (
    "/home",
    "/catalog?discipline=schools",
    "/courses/schools",
    "/learn/understanding-trafficking/before-you-begin",
    "/learn/understanding-trafficking/act-means-purpose",
    "/learn/understanding-trafficking/data-and-limits",
    "/certificates",
    "/transcript",
    "/certifications",
    "/certifications/schools",
    "/training",
    "/training/new",
    "/cohorts",
    "/cohorts/1",
    "/account",
    "/account/licenses",
    "/account/licenses/new",
    "/account/data",
    "/account/erasure",
    "/terms",
    "/policies/privacy",
    "/courses/understanding-trafficking/counts",
    "/courses/understanding-trafficking/print",
    "/transcript/clee",
)
STAFF = (
    *("/reports/certificates", "/training/queue", "/training/paper", "/certificates/names"),
    *("/home", "/reports", "/people", "/people/5", "/agencies", "/audit", "/cohorts", "/outbox"),
    *("/people/duplicates", "/people/5/same", "/people/5/same/6", "/people/erasures"),
    *("/courses/schools/print", "/credit", "/credit/new/missouri-post", "/credit/trainings", "/reports/clee"),
    *("/certifications/new", "/certifications/schools/edit", "/certifications/schools/history"),
    *("/certifications/schools/archive", "/certifications/schools/issue"),
)
COORDINATOR = (
    "/cohorts",
    "/cohorts/1",
    "/cohorts/1/edit",
    "/cohorts/1/report",
    "/cohorts/1/report/actions/new",
    "/cohorts/new",
)

CASES = [
    *((None, path) for path in STRANGER),
    *(("teacher@demo.example", path) for path in LEARNER),
    *(("state.admin@demo.example", path) for path in STAFF),
    *(("coordinator@demo.example", path) for path in COORDINATOR),
]


@pytest.mark.parametrize(("width", "dark", "language"), [(1280, False, "en"), (390, True, "es")])
def test_axe_finds_nothing(site: Site, open_page: Walk, width: int, dark: bool, language: str) -> None:
    found: list[str] = []
    pages = {}
    for email, path in CASES:
        if email not in pages:
            pages[email] = open_page(site, email=email, width=width, dark=dark, language=language)
        page = pages[email]
        answer = page.goto(path)
        if answer is None or answer.status != 200:
            found.append(f"{path} as {email}: status {answer.status if answer else 'none'}")
            continue
        found += problems_of(page, f"{path} as {email}")

    assert not found, "\n".join(found)


def problems_of(page: Page, name: str) -> list[str]:
    """What axe finds on the page as it stands, and whether it is wider than the screen."""
    page.evaluate(AXE)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    found = [
        f"{name}: {one['id']}: {one['nodes'][0]['html'][:160]} {one['nodes'][0]['failureSummary'][:200]}"
        for one in result["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, f"{name}: {wide} px wider than the screen"] if wide > 0 else found


@pytest.mark.parametrize(("width", "dark", "language"), [(1280, False, "en"), (390, True, "es")])
def test_axe_finds_nothing_on_a_certificate_its_share_page_and_its_verification(
    site: Site, open_page: Walk, width: int, dark: bool, language: str
) -> None:
    page = open_page(site, email="teacher@demo.example", width=width, dark=dark, language=language)
    page.goto("/certificates")
    page.locator("article h2 a").first.click()
    page.locator('form[action$="/links"] button').click()
    shared = page.locator('a[href^="/shared/"]').first.get_attribute("href")
    verify = page.locator('a[href^="/verify/"]').first.get_attribute("href")
    assert shared
    assert verify
    found = problems_of(page, "certificate")
    picture = page.locator('img[src*="badge.png"]')
    picture.scroll_into_view_if_needed()
    page.wait_for_function("(one) => one.complete && one.naturalWidth > 0", arg=picture.element_handle())
    for address in (shared, verify):
        page.goto(address)
        found += problems_of(page, address)

    assert not found, "\n".join(found)
