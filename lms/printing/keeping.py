"""Drawn once, then a file: packet and key by content hash, language and form; and having one made by the worker."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from lms import batches
from lms.access import Permission, Viewer, require
from lms.batches import Batch, Piece
from lms.catalog.models import CourseVersion
from lms.catalog.versions import asset, course_of, find_course
from lms.clock import local_day
from lms.courseware.directory.entries import Line
from lms.courseware.directory.opening import open_lines
from lms.database import db
from lms.errors import N_, Invalid, NotFound
from lms.files import FileStore, StoreIsDown
from lms.people.audit import note
from lms.printing.sheets import FIRST_FORM, KEY, LAST_FORM
from lms.resources import data_folder
from lms.settings import Settings

BATCH_KIND = "course-print"
FOLDER = "prints"
"""In the file store."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be printed: of one version, so that the same order makes the same file."""

    kind: str
    slug: str
    version_id: int
    language: str
    form: int

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Order:
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__})

    @property
    def file_name(self) -> str:
        return f"{self.slug}-{self.kind}-{self.language}-form-{self.form}.pdf"


def order(kind: str, slug: str, language: str = "", form: int = FIRST_FORM) -> Order:
    """Of the version that is published now; in the course's own language where none is asked for.

    Raises NotFound for a course that is not there, Invalid for a language or a form that it does not have.
    """
    _course, version = find_course(slug)
    course = course_of(version.id, version.content_hash)
    language = language or course.default_language
    if language not in course.languages:
        raise Invalid(N_("This course is not in that language."), field="language")
    if not FIRST_FORM <= form <= LAST_FORM:
        raise Invalid(N_("There is no form with that number."), field="form")
    return Order(kind, slug, version.id, language, form)


def stored(wanted: Order, files: FileStore, settings: Settings) -> bytes | None:
    """The file; None where it is not drawn yet."""
    return files.read(name_of(wanted, settings))


def is_stored(wanted: Order, files: FileStore, settings: Settings) -> bool:
    return files.written_at(name_of(wanted, settings)) is not None


def fetch(wanted: Order, files: FileStore, settings: Settings, now: datetime) -> bytes | None:
    """The file for somebody who takes it, or None; that it is still asked for is kept as its day of writing.

    A store that is full or down for writing keeps nobody from the file.
    """
    name = name_of(wanted, settings)
    content, written_at = files.read(name), files.written_at(name)
    if content is not None and written_at is not None and now - written_at > timedelta(days=1):
        with suppress(StoreIsDown, OSError):
            files.write(name, content)
    return content


def name_of(wanted: Order, settings: Settings) -> str:
    """Where in the file store it lies. Another provider, other telephone lines or another layout make another file."""
    content_hash = db.session.get_one(CourseVersion, wanted.version_id).content_hash
    return stored_name(content_hash, wanted.language, wanted.form, wanted.kind, edition_of(settings))


def edition_of(settings: Settings) -> str:
    return hashlib.sha256(repr((settings.provider_name, lines(), _layout())).encode()).hexdigest()[:12]


@cache
def _layout() -> tuple[bytes, ...]:
    """All that decides how a course is printed: an update of the program that changes it makes other files."""
    folder = data_folder("templates") / "documents"
    room = sorted(Path(__file__).parent.glob("*.py"))
    return tuple(path.read_bytes() for path in (folder / "print.html", folder / "print.css", *room))


def stored_name(content_hash: str, language: str, form: int, kind: str, edition: str) -> str:
    return f"{FOLDER}/{content_hash}/{language}-{form}-{kind}-{edition}.pdf"


def lines() -> tuple[Line, ...]:
    return tuple(open_lines(data_folder("courses") / "resources").values())


def make(wanted: Order, files: FileStore, settings: Settings) -> bytes:
    """Draw it and store it; some seconds of work. The caller holds no transaction. Raises PressIsBusy."""
    # Here for the reason that lms/certification/store.py gives.
    from lms.certification.facts import AwardSite
    from lms.printing.drawing import draw
    from lms.printing.pieces import Printed

    name = name_of(wanted, settings)
    version = db.session.get_one(CourseVersion, wanted.version_id)
    course = course_of(version.id, version.content_hash)
    number, dated = version.number, _day(version, settings)
    media: dict[str, bytes | None] = {}

    def file_of(path: str) -> bytes | None:
        if path not in media:
            try:
                media[path] = asset(wanted.version_id, path)
            except NotFound:
                media[path] = None
            db.session.rollback()
        return media[path]

    printed = Printed(course, number, wanted.language, wanted.form, file_of, lines())
    db.session.rollback()  # no transaction is held open while it is drawn
    content = draw(wanted.kind, printed, provider=AwardSite.from_settings(settings).provider_name, dated=dated)
    files.write(name, content)
    return content


def _day(version: CourseVersion, settings: Settings) -> date:
    return local_day(version.published_at, settings.time_zone)


def require_right(viewer: Viewer, kind: str) -> None:
    """Learners may have the packet; the key holds the answers of finals. Raises NotAllowed."""
    require(viewer, Permission.SEE_KEYS if kind == KEY else Permission.LEARN)


def ask(wanted: Order, viewer: Viewer) -> Batch:
    """Have it made by the worker. The caller commits. Raises NotAllowed; Conflict for too much at a time."""
    require_right(viewer, wanted.kind)
    batches.refuse_many(BATCH_KIND, asked_by_id=viewer.id)
    return batches.begin(BATCH_KIND, wanted.to_json(), asked_by_id=viewer.id, total=1)


def do_piece(batch: Batch, runtime: Any) -> Piece:
    """All of it: `jobs.RUNNERS` calls it. Done again after a kill, it makes the same file.

    Whether the asker still may have it, is asked when it is fetched.
    """
    wanted = Order.from_json(batch.params)
    if not is_stored(wanted, runtime.files, runtime.settings):
        make(wanted, runtime.files, runtime.settings)
    return Piece(done=1, total=1, is_last=True)


def note_key(wanted: Order, actor_id: int | None) -> None:
    """Who had the answers, of which form, and when. The caller commits."""
    course_id = db.session.get_one(CourseVersion, wanted.version_id).course_id
    note("course.key-fetched", "course", course_id, actor_id=actor_id, language=wanted.language, form=wanted.form)
