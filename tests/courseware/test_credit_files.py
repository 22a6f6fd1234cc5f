"""Files of credit bodies and mandates: what the checker and publishing refuse."""

from __future__ import annotations

import datetime
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from lms.courseware.check import check_paths
from lms.courseware.credit_files import body_faults, mandate_faults
from tests.support.world import SHIPPED_COURSES

TODAY = date(2026, 11, 25)
BODY: dict[str, Any] = yaml.safe_load((SHIPPED_COURSES / "credit-bodies" / "missouri-post.yaml").read_text("utf-8"))
MANDATE: dict[str, Any] = yaml.safe_load((SHIPPED_COURSES / "mandates" / "missouri.yaml").read_text("utf-8"))[
    "mandates"
][0]


def test_the_shipped_ones_have_no_fault() -> None:
    assert list(body_faults(BODY)) == []
    assert list(mandate_faults(MANDATE)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"status": "met"},
        {"confidence": "certain"},
        {"state": "Missouri"},
        {"hours": "many"},
        {"hours": True},
        {"boards": "missouri-post"},
        {"says": {"es": "Nada"}},
        {"says": {"en": ""}},
        {"source": None},
        {"checked_on": "2026-11-20"},
        {"effective_until": date(2024, 1, 1)},
        {"effective_from": datetime.datetime(2024, 1, 1)},
        {"year": {"areas": [{"category": "legal-studies"}]}},
        {"year": {"cure_by": {"month": 2, "day": 29}}},
        {"year": {"cure_by": "March 15"}},
        {"year": {"surprise": 1}},
        {"year": []},
        {"body": None},
    ],
)
def test_a_mandate_with_a_fault_is_refused(change: dict[str, Any]) -> None:
    assert list(mandate_faults({**MANDATE, **change}))


@pytest.mark.parametrize("value", [None, "text", 3, []])
def test_an_entry_that_is_no_mapping_is_refused(value: object) -> None:
    assert list(mandate_faults(value))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"minutes_per_hour": 0}, "R001"),
        ({"id": "another"}, "R001"),
        ({"categories": [{"id": "law", "name": {"en": "Law"}}] * 2}, "R001"),
        ({"source": ""}, "R002"),
        ({"checked_on": date(2025, 1, 1)}, "R003"),
        ({"checked_on": date(2027, 1, 1)}, "R002"),
    ],
)
def test_the_checker_says_what_is_wrong_with_a_body(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    folder = tmp_path / "credit-bodies"
    folder.mkdir()
    (folder / "missouri-post.yaml").write_text(yaml.safe_dump({**BODY, **change}), encoding="utf-8")

    assert [problem.code for problem in check_paths([tmp_path], TODAY)] == [code]


def test_the_checker_says_at_which_entry_a_mandate_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "mandates"
    folder.mkdir()
    text = yaml.safe_dump({"mandates": [MANDATE, {**MANDATE, "id": "other", "status": "met"}]}, sort_keys=False)
    (folder / "missouri.yaml").write_text(text, encoding="utf-8")

    (problem,) = check_paths([tmp_path], TODAY)

    assert problem.code == "R001"
    assert problem.line > 1
