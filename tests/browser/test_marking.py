"""Written answers in a real browser: marked on a phone, without script and in Spanish; axe on all three pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from lms.courseware.folder import load_folder
from lms.database import db, writing
from lms.journey import publish
from tests.assessment.test_by_hand import WORDS, WRITTEN
from tests.browser.conftest import Site, Walk
from tests.browser.test_axe import problems_of
from tests.support.world import TEST_COURSES

PATH = "en/02-second-steps.md"


def hand_in(page: Page) -> None:
    """The check of the second module, of which only the written answer is answered."""
    page.goto("/courses/tiny")
    page.locator('form[action$="/enroll"] button').first.click()
    page.goto("/learn/tiny/first-steps")
    page.locator('form[action$="/complete"] button').click()
    page.goto("/learn/tiny/second-steps")
    page.locator('form[action$="/attempts"] button').click()
    page.locator("textarea").fill(WORDS)
    page.locator("#answers button:not([formaction])").last.click()
    page.locator("article.quiz[data-receipt]").wait_for()


@pytest.mark.parametrize(("width", "dark", "language"), [(390, True, "es"), (1280, False, "en")])
def test_a_trainer_marks_without_script_and_axe_finds_nothing(
    fresh_site: Site, open_page: Walk, width: int, dark: bool, language: str
) -> None:
    files = load_folder(TEST_COURSES / "tiny")
    with fresh_site.app.app_context():
        with writing():
            publish(
                {**files, PATH: (files[PATH].decode().rstrip() + WRITTEN).encode()}, change=None, published_by_id=None
            )
        db.session.remove()
    learner = open_page(fresh_site, email="officer@demo.example", width=width, dark=dark, language=language)
    hand_in(learner)
    found = problems_of(learner, "waiting result")
    trainer = open_page(fresh_site, email="trainer@demo.example", width=width, dark=dark, language=language)
    trainer.goto("/studio/marking")
    found += problems_of(trainer, "what waits")
    trainer.locator("th a").first.click()
    trainer.wait_for_url("**/studio/marking/*")
    found += problems_of(trainer, "an answer to mark")
    address = trainer.url
    trainer.locator(".actions button").click()
    trainer.wait_for_load_state()
    found += problems_of(trainer, "refused: nothing was ticked")

    plain = open_page(fresh_site, email="trainer@demo.example", javascript=False, width=width, language=language)
    plain.goto(address)
    plain.locator('input[name="met1"]').first.check()
    plain.locator('textarea[name="comment1"]').fill("Well seen.")
    plain.locator(".actions button").click()
    plain.wait_for_url("**/studio/marking")

    trainer.goto(address)
    found += problems_of(trainer, "a marked answer")
    learner.reload()
    expect(learner.locator(".told").last).to_contain_text("Well seen.")
    found += problems_of(learner, "marked result")
    assert not found, "\n".join(found)
