"""Whatever bytes lie in a course's folder, reading and checking it ends, and ends with findings instead of a crash."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.courseware import check
from lms.courseware.read import read_course, read_module
from tests.courseware.small_course import COURSE, COURSE_TEXT, FILES, FINAL, LESSON, LESSON_PATH, TODAY

ROOT = Path(__file__).parents[2]
KILLED_AFTER_SECONDS = 300
RUNS = 2000

PIECES = st.sampled_from(
    "---\n|\n|\n\n|# A\n|## B\n|### C\n|- [ ] a\n|- [x] b\n|  > c\n|> [!NOTE]\n> d\n|1. e\n|\\| f \\| g \\|\n|\\|---\\|---\\|\n"
    "|<!-- q: x; type: single; lo: LO1 -->\n|<!-- q: y; type: matching -->\n|<!-- q: n; type: numeric -->\n|- `1 ± 2`\n"
    "|- `/a(b)/`\n|<!-- pool: p; draw: 3 -->\n|<!-- scenario: s; start: t -->\n|<!-- step: t; end: true -->\n"
    "|- [go](#c)\n|[^S1]|[^S1]: [a](https://b.example), checked 2026-01-01\n|<!-- |-->|```\n|    code\n|<b>|&amp;|\u202e|é"
    "|![a](b.png)|[![Video: v](p.png)](c.mp4)\n|<!-- video: captions=a.vtt -->\n|term\n: meaning\n|<!-- opt: z -->\n"
    "|<!-- only: schools -->\n|<!-- skip-to: b -->\n|<!-- type: likert; scale: 1..5 -->\n|[a]: b\n|\t|\\\\|*|_|`|~~|<|>|\\|".replace(
        "\\|", "\x00"
    ).split("|")
).map(lambda piece: piece.replace("\x00", "|"))
TEXTS = st.lists(PIECES | st.text(max_size=12), max_size=60).map("".join)
RELAXED = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@RELAXED
@given(TEXTS)
def test_any_text_can_be_read_as_a_module(text: str):
    head, _, _ = LESSON.partition("# Noticing")

    for content in (text, head + text):
        module, problems = read_module(LESSON_PATH, content, "en")
        assert module is not None or problems


@RELAXED
@given(TEXTS)
def test_any_text_can_be_checked_as_part_of_a_course(text: str):
    files = {**FILES, LESSON_PATH: (LESSON + text).encode(errors="surrogatepass")}

    found = check.check_course(files, "small", today=TODAY)

    assert all(problem.code in check.CODES and problem.line >= 1 for problem in found)


@RELAXED
@given(st.integers(0, len(LESSON)), st.integers(0, 400), TEXTS)
def test_a_lesson_with_any_piece_cut_out_or_put_in_can_be_checked(start: int, length: int, text: str):
    content = LESSON[:start] + text + LESSON[start + length :]

    found = check.check_course({**FILES, LESSON_PATH: content.encode(errors="surrogatepass")}, "small", today=TODAY)

    assert all(problem.code in check.CODES for problem in found)


@RELAXED
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=300))
def test_any_bytes_in_any_file_can_be_checked(path: str, content: bytes):
    found = check.check_course({**FILES, path: content}, "small", today=TODAY)

    assert all(problem.code in check.CODES for problem in found)


@RELAXED
@given(st.integers(0, len(COURSE)), st.integers(0, 60), st.text(max_size=20))
def test_a_course_yaml_with_any_piece_cut_out_or_put_in_can_be_read(start: int, length: int, text: str):
    content = COURSE[:start] + text + COURSE[start + length :]

    course, problems = read_course({**FILES, "course.yaml": content.encode(errors="surrogatepass")}, "small")

    assert course is not None or problems


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed for this Python")
def test_atheris_finds_no_crash(tmp_path: Path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, text in enumerate((LESSON, FINAL, COURSE, COURSE_TEXT)):
        (corpus / str(number)).write_bytes(text.encode())

    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.courseware.fuzz_reader",
            f"-runs={RUNS}",
            "-seed=1",
            "-max_len=6000",
            str(corpus),
        ],
        cwd=ROOT,
        capture_output=True,
        timeout=KILLED_AFTER_SECONDS,
        check=False,
    )

    assert run.returncode == 0, run.stderr.decode(errors="replace")[-4000:]
