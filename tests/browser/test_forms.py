"""Enter in a text field does what the form is for, and never what the strip above it is for; mistakes are said in words."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Walk

STATE = "state.admin@demo.example"


def open_text_question(page: Page) -> str:
    """The final of the course that the nurse has under way: it has a question with a text field, or the first quiz."""
    page.goto("/learn/understanding-trafficking/final")
    page.locator('form[action$="/attempts"] button').click()
    page.wait_for_url("**/attempts/*")
    return page.url


def add_text_field(page: Page) -> None:
    """A short answer as `questions/short.html` draws it, for quizzes that drew none."""
    if page.locator('#answers fieldset input[type="text"]').count() == 0:
        page.locator("#answers fieldset").first.evaluate(
            "box => box.insertAdjacentHTML('beforeend', '<input type=text id=extra autocomplete=off>')"
        )


@pytest.mark.parametrize("javascript", [True, False])
def test_enter_in_a_quiz_saves_and_neither_submits_nor_switches_the_language(
    fresh_site: Site, open_page: Walk, javascript: bool
) -> None:
    page = open_page(fresh_site, email="teacher@demo.example", javascript=javascript)
    page.goto("/home?lang=en")
    address = open_text_question(page)
    add_text_field(page)
    page.locator("label.choice").first.click()

    page.locator('#answers fieldset input[type="text"]').first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")

    assert page.url == address
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#answers")).to_be_visible()
    expect(page.locator("[role=status]").first).to_contain_text("Saved")
    expect(page.locator("label.choice input").first).to_be_checked()


@pytest.mark.parametrize("javascript", [True, False])
def test_enter_in_another_form_sends_it_in_the_language_one_reads(
    fresh_site: Site, open_page: Walk, javascript: bool
) -> None:
    page = open_page(fresh_site, email=STATE, javascript=javascript)
    page.goto("/agencies/new")
    page.locator("#parent_id").select_option(index=1)
    page.locator("#kind").select_option("hospital")

    page.locator("#name").fill("Quiet River Hospital")
    page.keyboard.press("Enter")

    page.wait_for_url("**/agencies/*")
    expect(page.locator("h1")).to_have_text("Quiet River Hospital")
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("javascript", [True, False])
def test_enter_in_a_filter_filters(site: Site, open_page: Walk, javascript: bool) -> None:
    page = open_page(site, email=STATE, javascript=javascript)
    page.goto("/people")

    page.locator("#q").fill("Ana Ruiz")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=Ana+Ruiz**")

    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator(".lang-button").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("#q")).to_have_value("Ana Ruiz")


def test_what_enter_presses_is_reached_neither_by_tab_nor_by_a_screen_reader(site: Site, open_page: Walk) -> None:
    page = open_page(site, email=STATE)
    page.goto("/agencies/new")
    pressed = page.locator("button[data-enter]")

    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))

    assert pressed.count() == 1
    assert not [one for one in seen if "data-enter" in one]
    assert any("lang-button" in one for one in seen)
    assert page.get_by_role("button", name="").filter(has=page.locator("[data-enter]")).count() == 0
    assert "data-enter" not in page.locator("body").aria_snapshot()
    box = pressed.bounding_box()
    assert box is not None
    assert box["width"] <= 1


@pytest.mark.parametrize("javascript", [True, False])
def test_a_number_that_a_code_cannot_have_is_said_on_the_page(
    fresh_site: Site, open_page: Walk, javascript: bool
) -> None:
    page = open_page(fresh_site, email="coordinator@demo.example", javascript=javascript)
    page.goto("/cohorts/1/invite/code")

    page.locator("#max_uses").fill("-1")
    page.keyboard.press("Enter")

    expect(page.locator(".error-summary")).to_contain_text("Enter a whole number from 1 to 50.")
    expect(page.locator("#max_uses")).to_have_value("-1")


def test_a_long_name_is_typed_whole_and_refused_in_a_sentence(fresh_site: Site, open_page: Walk) -> None:
    page = open_page(fresh_site, email="coordinator@demo.example")
    page.goto("/cohorts/new")

    page.locator("#name").fill("T" * 230)
    page.get_by_role("button", name="Make the team").click()

    expect(page.locator(".error-summary")).to_contain_text("This is too long: 230 characters. At most 200 fit.")
    expect(page.locator("#name")).to_have_value("T" * 230)


def test_a_result_folds_what_was_right_and_prints_all_of_it(fresh_site: Site, open_page: Walk) -> None:
    page = open_page(fresh_site, email="teacher@demo.example", javascript=False, width=390)
    open_text_question(page)
    page.locator("label.choice").first.click()
    page.locator(".save-bar button").first.click()
    page.locator('form:has(input[name="submit_anyway"]) button').click()
    page.wait_for_selector("[data-receipt]")
    page.locator("details.told[open] summary").first.click()
    folded = page.locator("details.told:not([open]) .feedback").first

    assert page.locator("details.told").count() > 5
    expect(folded).to_be_hidden()
    page.emulate_media(media="print")
    expect(folded).to_be_visible()
