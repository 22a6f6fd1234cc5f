"""The file of a record: archival, accessible, whole to a PDF program, its attachments called what they are."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from pypdf import PdfReader

from lms.database import db
from lms.people.models import User
from tests.records.conftest import Records
from tests.support.verapdf import Judge, build_judge, missing_for_judge


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    missing = missing_for_judge()
    if missing:
        pytest.skip(missing)
    return build_judge(tmp_path_factory.mktemp("verapdf"))


@pytest.mark.sqlite_only
def test_a_record_is_archival_and_accessible(
    records: Records, judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.records.blocks.PIECE_WEIGHT", 30)
    records.world.write(lambda: rename(records, "عبد الرحمن Ōé 歐陽"))
    records.certified()
    paths = []
    for language in ("en", "es"):
        paths.append(tmp_path / f"{language}.pdf")
        paths[-1].write_bytes(records.make(language=language).pdf)

    verdicts = judge.judge(paths)

    assert set(verdicts.values()) == {"PASS"}, verdicts
    assert len(verdicts) == 4


def rename(records: Records, name: str) -> None:
    db.session.get_one(User, records.nurse).name = name


@pytest.mark.sqlite_only
@pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")
def test_qpdf_finds_nothing_wrong(records: Records, tmp_path: Path) -> None:
    records.certified()
    path = tmp_path / "record.pdf"
    path.write_bytes(records.make().pdf)

    checked = subprocess.run(("qpdf", "--check", str(path)), capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.sqlite_only
def test_the_text_as_taught_is_marked_as_source_and_the_rest_as_data(records: Records) -> None:
    records.learn()
    made = records.make()

    root = PdfReader(io.BytesIO(made.pdf)).trailer["/Root"]
    kinds = {str(one.get_object()["/UF"]): str(one.get_object()["/AFRelationship"]) for one in root["/AF"]}

    assert kinds == {
        "audit.csv": "/Data",
        "record.json": "/Data",
        "record.schema.json": "/Data",
        "source-tiny-v1.zip": "/Source",
    }


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("language", "words"), [("en", "Course begun"), ("es", "Curso comenzado")])
def test_the_audit_trail_is_printed_in_words(records: Records, language: str, words: str) -> None:
    records.learn()

    made = records.make(language=language)

    assert words in made.text
    assert "enrollment.begun" not in made.text
    assert "enrollment.begun" in made.files["audit.csv"].decode()
