"""The tables of OWASP ASVS 5.0: every requirement of a chapter is there, and what is said of it is held by a test.

One CSV file a chapter: requirement, state (met, not applicable, not met), how, and as evidence for `met` tests
(`path::name`) or words of README (`README.md::words`), else the reason. `requirements.txt` has the ids of levels 1 and
2 without WebRTC; the standard's own text (CC BY-SA 4.0) is at https://github.com/OWASP/ASVS.
"""

from __future__ import annotations

import ast
import csv
import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHAPTERS = sorted(HERE.glob("V*.csv"))
STATES = ("met", "not applicable", "not met")
IDS = [line.split()[0] for line in (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines()]
EVIDENCE = re.compile(r"(\S+\.(?:py|md))::(.*?)(?=\s+\S+\.(?:py|md)::|$)")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def names_in(path: str) -> frozenset[str]:
    """Names of the tests of a file; those of a class as `Class::name`."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    names = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(name for name in names if name.rpartition("::")[2].startswith("test_"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_each_of_its_requirements_once(path: Path) -> None:
    written = [row["requirement"] for row in rows_of(path)]
    chapters = {one.partition(".")[0] for one in written}

    assert written == [one for one in IDS if one.partition(".")[0] in chapters]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_line_says_how_or_why_not(path: Path) -> None:
    poor = [
        row["requirement"]
        for row in rows_of(path)
        if row["state"] not in STATES or not row["how"] or len(row["evidence"]) < 10 or None in row
    ]

    assert poor == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_evidence_is_there(path: Path) -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    missing = []
    for row in rows_of(path):
        if row["state"] != "met":
            continue
        found = EVIDENCE.findall(row["evidence"])
        rest = EVIDENCE.sub("", row["evidence"]).strip()
        if not found or rest:
            missing.append((row["requirement"], rest or "no evidence"))
        for file, name in found:
            is_there = name in readme if file == "README.md" else name in names_in(file)
            if not is_there:
                missing.append((row["requirement"], f"{file}::{name}"))

    assert missing == []


def test_the_chapters_of_sign_in_and_sessions_are_written() -> None:
    assert {"V6-authentication", "V7-sessions", "V9-self-contained-tokens"} <= {path.stem for path in CHAPTERS}
