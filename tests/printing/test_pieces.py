"""What goes into the packet and what only into the key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lms.courseware.folder import load_folder
from lms.courseware.read import read_course
from lms.printing.pieces import Printed, Values, key_pieces, packet_pieces
from tests.learning.test_boosters import with_boosters

SOURCES = """
[^S2]: [Of the facilitator's part](https://two.example/), checked 2026-11-20
[^S3]: [Of an explanation](https://three.example/), checked 2026-11-20
[^S4]: [Of a step](https://four.example/), checked 2026-11-20
"""


def sourced(files: dict[str, bytes]) -> Printed:
    path = next(path for path in files if path.endswith("noticing.md"))
    text = files[path].decode()
    for words, note in (
        ("Wait until somebody asks which bus.", "[^S2]"),
        ("Pass it on; do not look into it yourself.", "[^S3]"),
        ("The child sits down and breathes.", "[^S4]"),
    ):
        assert words in text
        text = text.replace(words, words + note)
    course, _ = read_course({**files, path: (text + SOURCES).encode()}, "night-shift")
    assert course is not None
    return Printed(course, 1, "en", 1, files.get)


def numbers_of(html: str) -> list[str]:
    """The addresses of the sources, with the numbers that they keep."""
    return re.findall(r'value="(\d+)".*?(https://[a-z.]+)', html, re.DOTALL)


def piece(pieces: Any, module_id: str) -> Values:
    return next(one for one in pieces if "module" in one and one["module"].id == module_id)


def test_a_source_to_which_only_the_key_refers_stands_in_the_key_alone(files: dict[str, bytes]) -> None:
    printed = sourced(files)
    kept = piece(packet_pieces(printed), "noticing")["notes_html"]
    whole = piece(key_pieces(printed), "noticing")["module"].notes_html

    assert "four.example" in kept
    assert "dss.mo.gov" in kept
    assert "two.example" not in kept
    assert "three.example" not in kept
    assert "two.example" in whole
    assert "three.example" in whole


def test_a_source_that_stays_in_the_packet_keeps_its_number(files: dict[str, bytes]) -> None:
    printed = sourced(files)
    module = printed.course.files["en"]["noticing"]
    said = re.search(r'id="fnref-S4"[^>]*>\[?(\d+)', "".join(s.html for one in module.scenarios for s in one.steps))
    assert said is not None

    kept = {address: number for number, address in numbers_of(piece(packet_pieces(printed), "noticing")["notes_html"])}

    assert kept["https://four.example"] == said[1]


def test_boosters_are_in_neither_packet_nor_key(tiny_course: Path) -> None:
    course, _ = read_course(with_boosters(load_folder(tiny_course)), "tiny")
    assert course is not None
    printed = Printed(course, 1, "en", 1, lambda _: None)

    told = {one["module"].id for pieces in (packet_pieces, key_pieces) for one in pieces(printed) if "module" in one}

    assert len(course.boosters) == 2
    assert told == {"first-steps", "second-steps", "final"}
