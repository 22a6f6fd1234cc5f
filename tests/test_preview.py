"""`lms preview`: what an author sees of a folder, and that it shows no file outside of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lms.preview import make_preview


@pytest.fixture
def folder(tiny_course: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_course, tmp_path / "tiny"))


@pytest.fixture
def browser(folder: Path) -> FlaskClient:
    return make_preview(folder).test_client()


def test_a_module_is_shown_with_its_questions_and_what_is_right(browser: FlaskClient) -> None:
    page = browser.get("/en/final").get_data(as_text=True)

    assert "Choose the first step." in page
    assert "Breathe in slowly" in page
    assert ">right</span>" in page


def test_saving_a_file_changes_the_state_that_the_page_asks_for(browser: FlaskClient, folder: Path) -> None:
    before = browser.get("/state").get_data()
    (folder / "en" / "01-first-steps.md").write_text("not a module any more")

    assert browser.get("/state").get_data() != before


def test_a_broken_file_is_shown_as_findings_not_as_a_crash(browser: FlaskClient, folder: Path) -> None:
    (folder / "course.yaml").write_text("id: [")

    answer = browser.get("/")

    assert answer.status_code == 200
    assert "course.yaml:" in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["../../conftest.py", "%2e%2e/secret", "/etc/passwd", "en"])
def test_no_file_outside_of_the_folder_is_shown(browser: FlaskClient, path: str) -> None:
    assert browser.get(f"/files/{path}", follow_redirects=True).status_code == 404


def test_nothing_on_the_page_may_run_but_our_own_script(browser: FlaskClient) -> None:
    answer = browser.get("/")

    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "<script>" not in answer.get_data(as_text=True)
