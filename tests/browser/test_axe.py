"""axe finds nothing, on any page, in light and dark, on a phone and on a desk, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Site, Walk

AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text(encoding="utf-8")

STRANGER = ("/", "/sign-in", "/forgot", "/catalog", "/courses/understanding-trafficking", "/verify", "/accessibility")
LEARNER = (
    "/home",
    "/catalog?discipline=schools",
    "/courses/schools",
    "/learn/understanding-trafficking/before-you-begin",
    "/learn/understanding-trafficking/act-means-purpose",
    "/learn/understanding-trafficking/data-and-limits",
    "/certificates",
    "/transcript",
    "/training",
    "/training/new",
    "/cohorts",
    "/cohorts/1",
    "/account",
)
STAFF = (
    "/reports",
    "/reports/certificates",
    "/people",
    "/people/5",
    "/training/queue",
    "/training/paper",
    "/certificates/names",
    "/agencies",
    "/audit",
    "/cohorts",
    "/outbox",
)
COORDINATOR = ("/cohorts", "/cohorts/1", "/cohorts/1/edit", "/cohorts/new")

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
        page.evaluate(AXE)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found += [
            f"{path} as {email}: {one['id']}: {one['nodes'][0]['html'][:160]} {one['nodes'][0]['failureSummary'][:200]}"
            for one in result["violations"]
        ]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            found.append(f"{path} as {email}: {wide} px wider than the screen")

    assert not found, "\n".join(found)
