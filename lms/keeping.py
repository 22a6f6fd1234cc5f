"""Backup and restore: the database and the stored files in one archive, taken while the site runs."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from sqlalchemy import URL, make_url

from lms.clock import utc_now
from lms.errors import Invalid
from lms.files import PART
from lms.people.models import User
from lms.settings import Settings

MANIFEST = "manifest.json"
DUMP = "database.dump"


def back_up(settings: Settings, target: Path) -> None:
    """Write the archive, whole or not at all. SQLite's own backup, or pg_dump, gives one moment's state.

    Nobody but its owner may read it: all that the site knows is in it. Raises Invalid where pg_dump is missing or
    fails.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        folder = Path(scratch)
        kind = make_url(settings.database).get_backend_name()
        if kind == "sqlite":
            _copy_sqlite(_sqlite_path(settings), folder / DUMP)
        else:
            _run_with(settings, "pg_dump", "--format=custom", f"--file={folder / DUMP}")
        manifest = {"made_at": utc_now().isoformat(), "database": kind, "format": 1}
        (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        part = folder / "archive.tar.gz"
        part.touch(mode=0o600)
        with tarfile.open(part, "w:gz") as archive:
            archive.add(folder / MANIFEST, MANIFEST)
            archive.add(folder / DUMP, DUMP)
            if (settings.instance / "files").is_dir() and not settings.files_url:
                stored = settings.instance / "files"
                archive.add(stored, "files", recursive=False)
                add_files(archive, stored, stored.rglob("*"))
        part.replace(target)


def restore_from(settings: Settings, source: Path) -> None:
    """Put an archive in the place of the present database and files. The old ones stay until the new are whole.

    Raises Invalid for a file that is no archive of ours, or of the other kind of database.
    """
    settings.instance.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.instance) as scratch:
        folder = Path(scratch)
        of = _unpack(source, folder)
        kind = make_url(settings.database).get_backend_name()
        if of != kind:
            raise Invalid(f"This backup is of {of}, this site uses {kind}. Nothing was changed.")
        if kind == "sqlite":
            _put_sqlite(folder / DUMP, _sqlite_path(settings))
        else:
            _run_with(
                settings, "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction",
                str(folder / DUMP),
            )  # fmt: skip
        if (folder / "files").is_dir():
            present, old = settings.instance / "files", settings.instance / "files.before-restore"
            shutil.rmtree(old, ignore_errors=True)
            if present.exists():
                present.rename(old)
            (folder / "files").rename(present)
            shutil.rmtree(old, ignore_errors=True)


def _sqlite_path(settings: Settings) -> Path:
    return Path(make_url(settings.database).database or "")


def _unpack(source: Path, folder: Path) -> str:
    """Unpack a whole archive; the kind of database that it is of. Raises Invalid, also for one that was cut short."""
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        kind = str(manifest["database"])
        if not (folder / DUMP).is_file():
            raise ValueError("there is no database in it")
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, LookupError, TypeError) as error:
        raise Invalid(f"This file is not a backup of this program ({error}). Nothing was changed.") from None
    return kind


def add_files(archive: tarfile.TarFile, folder: Path, paths: Iterable[Path]) -> None:
    """Put these files of the store into an archive, while the site writes, replaces and removes some: what is not whole
    yet, or is gone by its turn, is left out, and each is taken as it was when it was opened."""
    for path in paths:
        if path.name.endswith(PART) or path.is_dir():
            continue
        with suppress(FileNotFoundError), path.open("rb") as handle:
            name = PurePosixPath("files", path.relative_to(folder))
            archive.addfile(archive.gettarinfo(arcname=str(name), fileobj=handle), handle)


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise Invalid(f"There is no database at {source} yet, so nothing was written.")
    reader, writer = sqlite3.connect(source), sqlite3.connect(target)
    try:
        reader.backup(writer)
    finally:
        reader.close()
        writer.close()


def _put_sqlite(source: Path, target: Path) -> None:
    """Through SQLite itself, so that a running reader sees the old state or the new, never half."""
    check = sqlite3.connect(source)
    try:
        try:
            is_whole = check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            is_ours = check.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (User.__tablename__,)).fetchone()
        except sqlite3.DatabaseError:
            is_whole, is_ours = False, None
        if not is_whole or is_ours is None:
            raise Invalid("The database in this backup is damaged. Nothing was changed.")
        writer = sqlite3.connect(target)
        try:
            check.backup(writer)
        finally:
            writer.close()
    finally:
        check.close()


def _run_with(settings: Settings, program: str, *options: str) -> None:
    """Run a PostgreSQL program on the database. The password goes by the environment: anybody on the machine may read
    a command line. Raises Invalid where it is missing or fails."""
    if shutil.which(program) is None:
        raise Invalid(f"{program} is not installed; on Debian: apt-get install postgresql-client. Nothing was changed.")
    url = make_url(settings.owner_database)
    secret = {} if url.password is None else {"PGPASSWORD": url.password}
    address = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    done = subprocess.run(
        (program, f"--dbname={address.render_as_string()}", *options),
        env={**os.environ, **secret},
        capture_output=True,
        text=True,
        check=False,
    )
    if "row-level security" in done.stderr:
        raise Invalid(
            "The application's role may not dump the tables: set LMS_MIGRATION_DATABASE_URL to their owner's."
        )
    if done.returncode:
        raise Invalid(f"{program} failed: {done.stderr.strip()[-400:]}")
