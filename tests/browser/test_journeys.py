"""Each role walks its way in a real browser, as a person would."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from lms.answering import right_answers
from lms.assessment.sittings import load_sitting
from lms.catalog.versions import course_of, find_course
from lms.cohorts.models import Cohort
from lms.database import db, run_transaction
from lms.people.models import Agency, User
from tests.browser.conftest import Site, Walk

CORE = "understanding-trafficking"


def fill_rightly(site: Site, page: Page, email: str) -> None:
    """Tick and type what is right on the page of the open attempt."""
    attempt_id = int(page.url.split("/attempts/")[1].split("/")[0].split("?")[0])
    with site.app.app_context():
        user_id = db.session.query(User.id).filter(User.email == email).scalar()
        answers = right_answers(load_sitting(user_id, attempt_id))
    for name, values in answers.items():
        for value in values:
            boxes = page.locator(f'input[name="{name}"][value="{value}"]')
            chooser = page.locator(f'select[name="{name}"]')
            if chooser.count():
                chooser.select_option(value)
            elif boxes.count():
                boxes.check()
            else:
                page.locator(f'[name="{name}"]').fill(value)


def take_quiz(site: Site, page: Page, email: str) -> None:
    page.locator('form[action$="/attempts"] button').first.click()
    page.wait_for_url("**/attempts/*")
    fill_rightly(site, page, email)
    page.get_by_role("button", name="Submit answers").click()
    page.wait_for_selector("[data-receipt]")


@pytest.mark.parametrize(("javascript", "width"), [(True, 1280), (False, 390)])
def test_the_nurse_completes_the_course_and_with_it_the_team(
    fresh_site: Site, open_page: Walk, javascript: bool, width: int
) -> None:
    email = "nurse@demo.example"
    page = open_page(fresh_site, email=email, javascript=javascript, width=width)
    page.goto(f"/courses/{CORE}")
    page.locator('form[action$="/enroll"] button').first.click()

    for module in ("before-you-begin", "act-means-purpose", "missouri-law", "data-and-limits"):
        page.goto(f"/learn/{CORE}/{module}")
        page.get_by_role("button", name="Mark as read").click()
        page.goto(f"/learn/{CORE}/{module}")
        if page.locator('form[action$="/attempts"]').count():
            take_quiz(fresh_site, page, email)
    page.goto(f"/learn/{CORE}/final")
    take_quiz(fresh_site, page, email)

    result = page.locator("[data-receipt]")
    assert result.get_attribute("data-passed") == "true"
    assert result.get_attribute("data-score-percent") == "100"
    page.goto("/certificates")
    expect(page.locator("main")).to_contain_text("Understanding trafficking")
    page.goto("/cohorts/1")
    expect(page.locator("main")).to_contain_text("Certified")


def test_answers_are_saved_as_one_goes_and_are_there_on_another_device(fresh_site: Site, open_page: Walk) -> None:
    email = "officer@demo.example"
    page = open_page(fresh_site, email=email)
    page.goto("/courses/schools")
    page.locator('form[action$="/enroll"] button').first.click()
    with fresh_site.app.app_context():
        course = course_of(find_course("schools")[1].id)
        first = next(entry.id for entry in course.modules if (m := course.module(entry.id, "en")) and m.questions)
    page.goto(f"/learn/schools/{first}")
    page.locator('form[action$="/attempts"] button').first.click()
    page.wait_for_url("**/attempts/*")
    box = page.locator("fieldset[data-question] input[type=radio], fieldset[data-question] input[type=checkbox]").first
    box.check()
    chosen = box.get_attribute("value")
    expect(page.get_by_text("Saved").first).to_be_visible()

    other = open_page(fresh_site, email=email, width=390)
    other.goto(page.url)

    expect(other.locator(f'input[value="{chosen}"]')).to_be_checked()


def test_quick_exit_leaves_and_cannot_be_gone_back_to(site: Site, open_page: Walk) -> None:
    page = open_page(site)
    page.route("**/*weather*/**", lambda route: route.fulfill(body="weather"))
    page.goto("/catalog")

    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url("**weather**")

    assert page.content().count("weather") == 1


def test_the_whole_sign_in_can_be_done_with_the_keyboard(site: Site, open_page: Walk) -> None:
    page = open_page(site)
    page.goto("/sign-in")
    page.locator("input[name=email]").focus()

    page.keyboard.type("nurse@demo.example")
    page.keyboard.press("Tab")
    page.keyboard.type("training-demo-only")
    page.keyboard.press("Enter")

    page.wait_for_url("**/home")


@pytest.mark.parametrize(
    ("email", "path", "sees"),
    [
        ("state.admin@demo.example", "/reports", "Cedar Prairie"),
        ("agency.admin@demo.example", "/people", "Ana Ruiz"),
        ("coordinator@demo.example", "/cohorts", "Cedar County"),
        ("advocate@demo.example", "/certificates", "Understanding trafficking"),
        ("trainer@demo.example", "/catalog", "Understanding trafficking"),
    ],
)
def test_each_role_finds_its_own(site: Site, open_page: Walk, email: str, path: str, sees: str) -> None:
    page = open_page(site, email=email)

    page.goto(path)

    expect(page.locator("main")).to_contain_text(sees)


def test_an_agency_administrator_sees_nobody_of_another_agency(site: Site, open_page: Walk) -> None:
    page = open_page(site, email="agency.admin@demo.example")

    page.goto("/people")

    expect(page.locator("main")).not_to_contain_text("Maya Tran")


def test_a_name_of_one_long_word_breaks_and_the_page_fits_a_phone(fresh_site: Site, open_page: Walk) -> None:
    word = "Hauptmannschaftsbezirk" * 9

    def rename() -> None:
        db.session.execute(update(Cohort).values(name=word))
        db.session.execute(update(User).where(User.email == "teacher@demo.example").values(name=word))
        db.session.execute(update(Agency).where(Agency.code == "HOSP-BOONE").values(name=word))

    with fresh_site.app.app_context():
        run_transaction(rename)
    page = open_page(fresh_site, email="teacher@demo.example", width=320)

    for path in ("/home", "/cohorts", "/cohorts/1", "/transcript", "/account"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
