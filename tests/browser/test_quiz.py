"""A quiz in a real browser: answers saved as they are given, through a lost network, by keyboard alone; axe on it."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Site, Walk
from tests.browser.test_axe import AXE

EMAIL = "officer@demo.example"
FIRST = "/learn/schools/before-you-start"


def open_attempt(site: Site, page: Page) -> None:
    """The first quiz of a course that the officer has not begun."""
    page.goto("/courses/schools")
    page.locator('form[action$="/enroll"] button').first.click()
    page.goto(FIRST)
    page.locator('form[action$="/attempts"] button').click()
    page.wait_for_url("**/attempts/*")


def test_an_answer_is_saved_as_it_is_given_and_the_page_says_when(fresh_site: Site, open_page: Walk) -> None:
    page = open_page(fresh_site, email=EMAIL)
    open_attempt(fresh_site, page)

    page.locator('fieldset[data-type="single"] label.choice').first.click()

    expect(page.locator("[data-status]")).to_contain_text("Saved")
    page.reload()
    expect(page.locator('fieldset[data-type="single"] input').first).to_be_checked()


def test_a_lost_network_loses_no_answer(fresh_site: Site, open_page: Walk) -> None:
    page = open_page(fresh_site, email=EMAIL)
    open_attempt(fresh_site, page)
    page.context.set_offline(True)

    page.locator('fieldset[data-type="single"] label.choice').nth(1).click()
    expect(page.locator("[data-status]")).to_contain_text("Not saved yet")
    page.context.set_offline(False)

    expect(page.locator("[data-status]")).to_contain_text("Saved")
    page.reload()
    expect(page.locator('fieldset[data-type="single"] input').nth(1)).to_be_checked()


def test_an_answer_taken_back_while_the_other_is_on_its_way_is_the_one_submitted(
    fresh_site: Site, open_page: Walk
) -> None:
    page = open_page(fresh_site, email=EMAIL)
    open_attempt(fresh_site, page)
    question = page.locator('fieldset[data-type="single"]').first
    choices, wanted = question.locator("input"), question.locator("label.choice").first.inner_text()
    choices.nth(0).check()
    expect(page.locator("[data-status]")).to_contain_text("Saved")
    arrived: list[int] = []
    page.route("**/responses/**", lambda route: arrived.append(route.fetch().status))  # its reply never comes

    choices.nth(1).check()
    while not arrived:
        page.wait_for_timeout(20)
    choices.nth(0).check()
    page.locator("button", has_text="Submit answers").click()

    expect(page.locator("h1")).to_have_text("Thank you, your answers are in")
    told = page.locator("details.told", has=page.locator("li.answer", has_text="Your answer")).first
    expect(told.locator("li.answer", has_text="Your answer")).to_contain_text(wanted)


def test_whoever_answers_and_submits_at_once_sends_the_answer_with_the_form_alone(
    fresh_site: Site, open_page: Walk
) -> None:
    page = open_page(fresh_site, email=EMAIL)
    open_attempt(fresh_site, page)
    saves: list[str] = []
    page.on("request", lambda request: saves.append(request.url) if request.method == "PUT" else None)
    page.route("**/submit", submit_slowly)

    page.evaluate(
        """() => {
            document.querySelector('fieldset[data-type="single"] input').click();
            document.querySelector("#answers").requestSubmit();
        }"""
    )

    expect(page.locator("h1")).to_have_text("Thank you, your answers are in")
    assert saves == []


def submit_slowly(route: Route) -> None:
    time.sleep(0.5)
    route.continue_()


def test_answers_that_wait_survive_a_reload_of_the_page(fresh_site: Site, open_page: Walk) -> None:
    page = open_page(fresh_site, email=EMAIL)
    open_attempt(fresh_site, page)
    page.route("**/responses/**", lambda route: route.abort())
    page.locator('fieldset[data-type="single"] label.choice').nth(1).click()
    expect(page.locator("[data-status]")).to_contain_text("Not saved yet")

    page.unroute("**/responses/**")
    page.reload()

    expect(page.locator('fieldset[data-type="single"] input').nth(1)).to_be_checked()
    expect(page.locator("[data-status]")).to_contain_text("Saved")


def test_a_page_whose_quiz_was_submitted_from_another_one_says_so(fresh_site: Site, open_page: Walk) -> None:
    page = open_page(fresh_site, email=EMAIL)
    open_attempt(fresh_site, page)
    other = page.context.new_page()
    other.goto(page.url)
    other.locator('fieldset[data-type="single"] input').first.check()
    other.get_by_role("button", name="Submit answers").click()
    other.wait_for_selector("[data-receipt]")

    page.locator('fieldset[data-type="single"] label.choice').nth(1).click()

    expect(page.locator("[data-status]")).to_contain_text("submitted before")


def test_a_quiz_can_be_taken_by_keyboard_alone(fresh_site: Site, open_page: Walk) -> None:
    page = open_page(fresh_site, email=EMAIL, javascript=False)
    open_attempt(fresh_site, page)
    page.locator('fieldset[data-type="single"] input').first.focus()

    page.keyboard.press("ArrowDown")
    expect(page.locator('fieldset[data-type="single"] input').nth(1)).to_be_checked()
    page.get_by_role("button", name="Submit answers").focus()
    page.keyboard.press("Enter")

    page.wait_for_selector("[data-receipt]")


def test_the_queue_is_gone_once_the_result_is_seen(fresh_site: Site, open_page: Walk) -> None:
    page = open_page(fresh_site, email=EMAIL)
    open_attempt(fresh_site, page)
    page.route("**/responses/**", lambda route: route.abort())
    page.locator('fieldset[data-type="single"] label.choice').first.click()
    expect(page.locator("[data-status]")).to_contain_text("Not saved yet")

    page.get_by_role("button", name="Submit answers").click()
    page.wait_for_selector("[data-receipt]")

    assert page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('answers-'))") == []


@pytest.mark.parametrize(("width", "dark", "language"), [(1280, False, "en"), (390, True, "es"), (320, False, "en")])
def test_axe_finds_nothing_on_a_quiz_and_its_result(
    fresh_site: Site, open_page: Walk, width: int, dark: bool, language: str
) -> None:
    page = open_page(fresh_site, email="teacher@demo.example", width=width, dark=dark, language=language)
    found: list[str] = []

    def look(name: str) -> None:
        page.evaluate(AXE)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found.extend(f"{name}: {one['id']}: {one['nodes'][0]['html'][:160]}" for one in result["violations"])
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            found.append(f"{name}: {wide} px wider than the screen")

    page.goto("/learn/understanding-trafficking/final")
    look("module with a result")
    page.locator('form[action$="/attempts"] button').click()
    page.wait_for_url("**/attempts/*")
    look("questions")
    page.locator("label.choice").first.click()
    page.locator("form#answers button.btn").first.click()
    page.wait_for_selector('input[name="submit_anyway"]', state="attached")
    look("unanswered")
    page.locator('form:has(input[name="submit_anyway"]) button').click()
    page.wait_for_selector("[data-receipt]")
    look("result")
    page.goto("/learn/understanding-trafficking/data-and-limits?scenario=und-family-night&step=street.finding")
    look("story")
    page.goto("/courses/understanding-trafficking/glossary")
    look("glossary")

    assert not found, "\n".join(found)
