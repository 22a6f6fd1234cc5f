"""`lms preview`: what an author sees of a folder, and that it shows no file outside of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lms.preview import make_preview
from tests.courseware.test_readme import examples


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
    assert ">1 error, " in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["../../conftest.py", "%2e%2e/secret", "/etc/passwd", "en"])
def test_no_file_outside_of_the_folder_is_shown(browser: FlaskClient, path: str) -> None:
    assert browser.get(f"/files/{path}", follow_redirects=True).status_code == 404


def test_nothing_on_the_page_may_run_but_our_own_script(browser: FlaskClient) -> None:
    answer = browser.get("/")

    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "<script>" not in answer.get_data(as_text=True)


def test_a_mended_course_is_shown_again_without_a_restart(browser: FlaskClient, folder: Path) -> None:
    whole = (folder / "course.yaml").read_text()
    (folder / "course.yaml").write_text("id: [")
    assert "cannot be read yet" in browser.get("/").get_data(as_text=True)

    (folder / "course.yaml").write_text(whole)

    assert "A tiny course" in browser.get("/").get_data(as_text=True)


def test_each_language_has_its_course_page_and_says_what_is_not_translated(browser: FlaskClient) -> None:
    page = browser.get("/es").get_data(as_text=True)

    assert '<h1 lang="es">Un curso pequeño</h1>' in page
    assert "en: not translated" in page


def test_a_word_of_the_glossary_leads_to_its_meaning(browser: FlaskClient, folder: Path) -> None:
    (folder / "en" / "glossary.md").write_text("# Glossary\n\nBreath\n: What goes in and out.\n")
    lesson = folder / "en" / "01-first-steps.md"
    lesson.write_text(lesson.read_text().rstrip() + "\n\nTake a breath.\n")

    page = browser.get("/en/first-steps").get_data(as_text=True)
    assert 'href="/en/glossary#breath"' in page
    assert '<dt id="breath">' in browser.get("/en/glossary").get_data(as_text=True)


def test_a_picture_of_the_course_is_shown_and_a_drawing_cannot_run_anything(browser: FlaskClient, folder: Path) -> None:
    (folder / "media").mkdir()
    (folder / "media" / "a drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    lesson = folder / "en" / "01-first-steps.md"
    lesson.write_text(lesson.read_text().rstrip() + "\n\n![A line](<../media/a drawing.svg>)\n")

    page = browser.get("/en/first-steps").get_data(as_text=True)
    with browser.get("/files/media/a%20drawing.svg") as answer:
        assert answer.status_code == 200
        assert "sandbox" in answer.headers["Content-Security-Policy"]

    assert 'src="/files/media/a%20drawing.svg"' in page


def test_a_link_out_of_the_folder_is_a_finding(browser: FlaskClient, folder: Path) -> None:
    (folder / "en" / "05-out.md").symlink_to("/etc/hostname")

    page = browser.get("/").get_data(as_text=True)

    assert "en/05-out.md is a link that leads out of the course" in page


def test_a_folder_that_goes_away_is_a_finding(browser: FlaskClient, folder: Path) -> None:
    shutil.rmtree(folder)

    answer = browser.get("/")

    assert answer.status_code == 200
    assert "There is no folder" in answer.get_data(as_text=True)


def test_codes_of_roles_disciplines_and_kinds_are_said_in_words(tmp_path: Path) -> None:
    for path, content in examples().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)

    page = make_preview(tmp_path).test_client().get("/en/noticing").get_data(as_text=True)

    assert "role: Nurse" in page
    assert "only: Schools" in page
    assert " · Reading · " in page
    assert " · Everyone</p>" in page
