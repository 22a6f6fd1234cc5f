"""Prints leave the file store when nobody can fetch them any more, or when nobody did for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from lms.catalog.models import Course, CourseVersion
from lms.catalog.versions import course_of
from lms.database import db
from lms.files import FileStore
from lms.printing.keeping import FOLDER, edition_of, stored_name
from lms.printing.sheets import FIRST_FORM, KEY, LAST_FORM, PACKET
from lms.settings import Settings

UNUSED_DAYS = 90
"""Longer than a term: a trainer who comes back to the same form finds it. Drawing it anew takes a minute."""

GRACE_DAYS = 1
"""A file that was just written stays: another server may still run with the layout before, and fetch it."""


def remove_old(files: FileStore, settings: Settings, now: datetime) -> int:
    """Remove prints of versions, languages and layouts that are offered no more, and those that nobody fetched for
    UNUSED_DAYS; how many. Run it again after a kill: it goes on. Holds no transaction while files are removed."""
    wanted, removed = _offered(settings), 0
    for name in files.names_in(FOLDER):
        written_at = files.written_at(name)
        if written_at is None:
            continue
        days = UNUSED_DAYS if name in wanted else GRACE_DAYS
        if now - written_at > timedelta(days=days):
            files.delete(name)
            removed += 1
    return removed


def _offered(settings: Settings) -> frozenset[str]:
    """The names of all prints that somebody may fetch now."""
    edition = edition_of(settings)
    current = db.session.execute(
        select(CourseVersion.id, CourseVersion.content_hash)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(CourseVersion.is_current)
    ).all()
    found = frozenset(
        stored_name(content_hash, language, form, kind, edition)
        for version_id, content_hash in current
        for language in course_of(version_id, content_hash).languages
        for form in range(FIRST_FORM, LAST_FORM + 1)
        for kind in (PACKET, KEY)
    )
    db.session.rollback()
    return found
