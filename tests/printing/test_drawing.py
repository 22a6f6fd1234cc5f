"""The two PDFs: what is in them and what is not, pages that count themselves, archival and accessible."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from lms.courseware.course import Course
from lms.courseware.directory.opening import open_lines
from lms.printing.drawing import draw
from lms.printing.pieces import Printed
from lms.resources import data_folder
from tests.support.verapdf import build_judge, missing_for_judge

DAY = date(2026, 11, 29)
pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def printed(course: Course, files: dict[str, bytes]) -> Printed:
    lines = tuple(open_lines(data_folder("courses") / "resources").values())
    return Printed(course, 3, "en", 2, files.get, lines)


def pages_of(kind: str, printed: Printed) -> list[str]:
    content = draw(kind, printed, provider="Night School", dated=DAY)
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]


def test_the_packet_holds_the_course_and_no_answer(printed: Printed) -> None:
    pages = pages_of("packet", printed)
    text = " ".join(pages)

    assert "1-800-392-3738" in pages[0]
    for number, page in enumerate(pages, 1):
        assert f"version 3 · English · form 2 page {number} of {len(pages)}" in page
    for words in (
        "A door opens. Somebody asks what is needed.",
        "https://dss.mo.gov/cd/",
        "go to step 2",
        "Agency",
        "Role: Nurse",
    ):
        assert words in text, words
    for secret in ("You need no proof.", "Wait until somebody asks which bus.", "Right:"):
        assert secret not in text, secret


def test_an_inject_begins_a_page_of_its_own_and_the_page_before_says_to_stop(printed: Printed) -> None:
    pages = pages_of("packet", printed)
    (number,) = [place for place, page in enumerate(pages) if "A call comes in" in page]

    assert pages[number].startswith("A call comes in")
    assert "Turn the page when whoever leads the exercise says so." in pages[number - 1]


def test_the_key_says_what_is_right_why_and_what_is_for_the_facilitator(printed: Printed) -> None:
    pages = pages_of("key", printed)
    text = " ".join(pages)

    for page in pages:
        assert "form 2 · KEY: for trainers only" in page
    for words in ("Right: A", "You need no proof.", "Wait until somebody asks which bus.", "80% passes: at least"):
        assert words in text, words


def test_the_same_order_makes_the_same_bytes(printed: Printed) -> None:
    first, second = (draw("key", printed, provider="Night School", dated=DAY) for _ in range(2))

    assert first == second


def test_packet_and_key_are_archival_and_accessible(printed: Printed, tmp_path: Path) -> None:
    missing = missing_for_judge()
    if missing:
        pytest.skip(missing)
    paths = [tmp_path / "packet.pdf", tmp_path / "key.pdf"]
    for path in paths:
        path.write_bytes(draw(path.stem, printed, provider="Night School", dated=DAY))

    verdicts = build_judge(tmp_path).judge(paths)

    assert set(verdicts.values()) == {"PASS"}, verdicts
    assert len(verdicts) == 4
