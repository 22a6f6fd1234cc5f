"""`lms import people` and `lms import agencies`: the same as on the pages, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from lms.cli import cli
from lms.schema import upgrade

LIST = "Name,E-mail,Staff id,Job\nAnn Lee,a@a.example,1,Teacher\nBo Kim,bad,2,Nurse\n"


AGENCIES = "Name,Kind,Parent,Code\nElm Annex,school,ELM,\nElm School,school,RIV,ELM\nFir,library,RIV,\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'site.sqlite'}"
    monkeypatch.setenv("LMS_DATABASE_URL", url)
    monkeypatch.setenv("LMS_INSTANCE_PATH", str(tmp_path))
    monkeypatch.setenv("LMS_SECRET_KEY", "a secret for tests only, 32 characters or more")
    upgrade(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO lms_agencies (id, path, name, kind, code, created_at)"
                " VALUES (1, '/1/', 'River District', 'district', 'RIV', '2026-01-01 00:00:00')"
            )
        )
    engine.dispose()
    (tmp_path / "staff.csv").write_text(LIST, encoding="utf-8")
    (tmp_path / "agencies.csv").write_text(AGENCIES, encoding="utf-8")
    return url


def run(tmp_path: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["import", "people", str(tmp_path / "staff.csv"), *options])
    return result.exit_code, result.output


def names(url: str) -> list[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [str(row[0]) for row in connection.execute(text("SELECT name FROM lms_users ORDER BY id"))]
    engine.dispose()
    return found


def test_a_dry_run_says_what_would_happen_and_changes_nothing(site: str, tmp_path: Path) -> None:
    code, said = run(tmp_path, "--agency", "RIV", "--dry-run")

    assert "1 create" in said
    assert "line 3: Bo Kim: “bad” is no e-mail address" in said
    assert code == 1
    assert names(site) == []


def test_an_import_makes_the_people_that_are_good(site: str, tmp_path: Path) -> None:
    code, _said = run(tmp_path)

    assert code == 1
    assert names(site) == ["Ann Lee"]


def test_an_unknown_agency_is_one_sentence(site: str, tmp_path: Path) -> None:
    code, said = run(tmp_path, "--agency", "NONE")

    assert (code, said.strip()) == (1, "Error: There is no agency with the code NONE.")


def add_agencies(tmp_path: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["import", "agencies", str(tmp_path / "agencies.csv"), *options])
    return result.exit_code, result.output


def agencies(url: str) -> list[tuple[str, str]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, path FROM lms_agencies ORDER BY id"))
        found = [(str(row[0]), str(row[1])) for row in rows]
    engine.dispose()
    return found


def test_a_dry_run_of_agencies_says_what_would_happen_and_changes_nothing(site: str, tmp_path: Path) -> None:
    code, said = add_agencies(tmp_path, "--dry-run")

    assert "2 new" in said
    assert "line 4: Fir: “library” is no kind of agency that is known here." in said
    assert code == 1
    assert len(agencies(site)) == 1


def test_agencies_are_added_and_a_second_time_they_are_there_already(site: str, tmp_path: Path) -> None:
    code, said = add_agencies(tmp_path, "--below", "RIV")
    _code, again = add_agencies(tmp_path)

    assert (code, "Added 2." in said) == (1, True)
    assert "2 unchanged" in again
    assert agencies(site) == [("River District", "/1/"), ("Elm School", "/1/2/"), ("Elm Annex", "/1/2/3/")]
