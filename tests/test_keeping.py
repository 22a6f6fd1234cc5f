"""Backup and restore: taken during writes, an archive restores whole (fault 53)."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.clock import utc_now
from lms.database import db, writing
from lms.errors import Invalid
from lms.keeping import DUMP, add_files, back_up, restore_from
from lms.people.models import Agency, User
from lms.settings import Settings
from tests.support.world import World


@pytest.fixture
def settings(app: Flask, tmp_path: Path, engine_kind: str, database_urls: tuple[str, str]) -> Settings:
    if engine_kind == "postgresql" and shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")
    runtime: Settings = app.extensions["lms"].settings
    return replace(runtime, instance_path=str(tmp_path / "instance"), migration_database_url=database_urls[0])


def count(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_backup_taken_during_writes_restores_whole(
    app: Flask, world: World, settings: Settings, tmp_path: Path
) -> None:
    world.agency()
    stop = threading.Event()

    def keep_writing() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with app.app_context(), writing():
                agency = Agency(name=f"A{number}", path="/", kind="other", created_at=utc_now())
                db.session.add(agency)
                db.session.add(User(name="in pair", email=f"p{number}@test.example", created_at=utc_now()))

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        back_up(settings, tmp_path / "backup.tar.gz")
    finally:
        stop.set()
        writer.join()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    restore_from(settings, tmp_path / "backup.tar.gz")

    assert count(app, Agency) == count(app, User) + 1


@pytest.mark.postgresql_only
def test_a_backup_with_the_applications_address_alone_says_whose_is_needed(
    app: Flask, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match="LMS_MIGRATION_DATABASE_URL"):
        back_up(replace(settings, migration_database_url=""), tmp_path / "backup.tar.gz")

    assert not (tmp_path / "backup.tar.gz").exists()


def test_stored_files_come_back_with_the_database(app: Flask, settings: Settings, tmp_path: Path) -> None:
    stored = settings.instance / "files" / "certificates" / "one.pdf"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"first")
    back_up(settings, tmp_path / "backup.tar.gz")
    stored.write_bytes(b"second")
    with app.app_context():
        db.session.remove()
        db.engine.dispose()

    restore_from(settings, tmp_path / "backup.tar.gz")

    assert stored.read_bytes() == b"first"


@pytest.mark.sqlite_only
def test_a_file_that_is_removed_or_not_whole_yet_during_a_backup_is_left_out(tmp_path: Path) -> None:
    store = tmp_path / "files"
    for name in ("prints/one.pdf", "prints/two.pdf", "prints/three.pdf.part"):
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_bytes(name.encode())
    listed = sorted(store.rglob("*"))
    (store / "prints/one.pdf").unlink()

    with tarfile.open(tmp_path / "backup.tar.gz", "w:gz") as archive:
        add_files(archive, store, listed)

    with tarfile.open(tmp_path / "backup.tar.gz") as archive:
        assert archive.getnames() == ["files/prints/two.pdf"]
        assert archive.extractfile("files/prints/two.pdf").read() == b"prints/two.pdf"


def test_what_is_no_backup_is_refused_and_changes_nothing(
    app: Flask, world: World, settings: Settings, tmp_path: Path
) -> None:
    world.agency()
    (tmp_path / "letter.txt").write_text("Dear all")

    with pytest.raises(Invalid, match="not a backup"):
        restore_from(settings, tmp_path / "letter.txt")

    assert count(app, Agency) == 1


def rebuilt(backup: Path, target: Path, *, without: str = "", instead: bytes | None = None) -> Path:
    """The same archive without one of its members, or with other content in its place."""
    with tarfile.open(backup, "r:gz") as old, tarfile.open(target, "w:gz") as new:
        for member in old.getmembers():
            content = old.extractfile(member)
            data = content.read() if content else b""
            if member.name == without and instead is None:
                continue
            if member.name == without and instead is not None:
                data = instead
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return target


def test_an_archive_without_a_database_never_empties_the_site(
    app: Flask, world: World, settings: Settings, tmp_path: Path
) -> None:
    world.agency()
    back_up(settings, tmp_path / "backup.tar.gz")
    hollow = rebuilt(tmp_path / "backup.tar.gz", tmp_path / "hollow.tar.gz", without=DUMP)

    with pytest.raises(Invalid, match="no database"):
        restore_from(settings, hollow)

    assert count(app, Agency) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize("content", [b"", b"no database, only words " * 60], ids=["empty", "foreign"])
def test_an_empty_or_foreign_database_never_replaces_the_sites(
    app: Flask, world: World, settings: Settings, tmp_path: Path, content: bytes
) -> None:
    world.agency()
    back_up(settings, tmp_path / "backup.tar.gz")
    foreign = rebuilt(tmp_path / "backup.tar.gz", tmp_path / "foreign.tar.gz", without=DUMP, instead=content)

    with pytest.raises(Invalid, match="damaged"):
        restore_from(settings, foreign)

    assert count(app, Agency) == 1


def test_an_archive_that_was_cut_short_is_refused(app: Flask, world: World, settings: Settings, tmp_path: Path) -> None:
    world.agency()
    back_up(settings, tmp_path / "backup.tar.gz")
    whole = (tmp_path / "backup.tar.gz").read_bytes()
    (tmp_path / "short.tar.gz").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(Invalid, match="not a backup"):
        restore_from(settings, tmp_path / "short.tar.gz")

    assert count(app, Agency) == 1


def test_nobody_but_its_owner_reads_a_backup(app: Flask, settings: Settings, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "backup.tar.gz")

    assert (tmp_path / "backup.tar.gz").stat().st_mode & 0o077 == 0


@pytest.mark.postgresql_only
def test_the_password_of_the_database_is_on_no_command_line(
    app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[tuple[str, ...], dict[str, str]]] = []

    def note(command: tuple[str, ...], *, env: dict[str, str], **more: object) -> subprocess.CompletedProcess[str]:
        seen.append((command, env))
        return subprocess.CompletedProcess(command, 1, "", "stopped here")

    monkeypatch.setattr(subprocess, "run", note)
    with pytest.raises(Invalid, match="stopped here"):
        back_up(
            replace(settings, database_url="postgresql://lms:s%40cret@db.test/lms", migration_database_url=""),
            tmp_path / "backup.tar.gz",
        )

    command, env = seen[0]
    assert "cret" not in " ".join(command)
    assert env["PGPASSWORD"] == "s@cret"
