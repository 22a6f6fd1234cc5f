"""Published versions: what is current, a version as a parsed course (kept in process), and its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from lms.catalog.models import Blob, Course, CourseVersion, VersionFile
from lms.courseware.course import Course as CourseText
from lms.courseware.read import read_course
from lms.database import db
from lms.errors import N_, NotFound
from lms.stores import BoundedStore

MOST_PARSED = 64
"""So many parsed versions stay in process; the least used one leaves first."""


@dataclass(frozen=True, slots=True)
class CurrentVersion:
    """The current version of a course, as lists need it: nothing of it is Markdown."""

    course_id: int
    slug: str
    version_id: int
    number: int
    content_hash: str
    code: str
    contact_minutes: int
    valid_months: int | None
    facts: Mapping[str, Any]
    published_at: datetime


parsed_versions: BoundedStore[str, CourseText] = BoundedStore(MOST_PARSED)
"""Parsed courses by content hash: a version never changes, so nothing goes stale, whatever database it came from."""


def current_versions() -> list[CurrentVersion]:
    """The current version of every course that is not archived, by code; one query."""
    rows = db.session.execute(
        select(
            Course.id,
            Course.slug,
            CourseVersion.id,
            CourseVersion.number,
            CourseVersion.content_hash,
            CourseVersion.code,
            CourseVersion.contact_minutes,
            CourseVersion.valid_months,
            CourseVersion.facts,
            CourseVersion.published_at,
        )
        .join(Course, Course.id == CourseVersion.course_id)
        .where(CourseVersion.is_current, Course.archived_at.is_(None))
        .order_by(CourseVersion.code)
    )
    return [CurrentVersion(*row) for row in rows]


def find_course(slug: str) -> tuple[Course, CourseVersion]:
    """A course by its slug with its current version. Raises NotFound."""
    row = db.session.execute(
        select(Course, CourseVersion)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(Course.slug == slug, CourseVersion.is_current)
    ).one_or_none()
    if row is None:
        raise NotFound(N_("There is no such course."))
    return row[0], row[1]


def course_of(version_id: int, content_hash: str | None = None) -> CourseText:
    """A version as a parsed course, kept in process. With its hash at hand no query is made for one that is kept."""
    if content_hash is None:
        content_hash = db.session.scalar(select(CourseVersion.content_hash).where(CourseVersion.id == version_id))
    if content_hash is None:
        raise NotFound(N_("There is no such course."))
    return parsed_versions.get_or_make(content_hash, lambda: _parse(version_id))


def _parse(version_id: int) -> CourseText:
    slug = db.session.scalar(
        select(Course.slug)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(CourseVersion.id == version_id)
    )
    course, _ = read_course(files_of(version_id), slug or "")
    if course is None:
        raise ValueError(f"version {version_id} was published and can no longer be read")
    return course


def files_of(version_id: int) -> dict[str, bytes]:
    """All files of a version, by path: the folder as it was published."""
    rows = db.session.execute(
        select(VersionFile.path, Blob.content)
        .join(Blob, Blob.hash == VersionFile.blob_hash)
        .where(VersionFile.version_id == version_id)
        .order_by(VersionFile.path)
    )
    return {row.path: row.content for row in rows}


def asset(version_id: int, path: str) -> bytes:
    """One file of a version's media folder; never a source, since sources hold the right answers. Raises NotFound."""
    content = None
    if path.startswith("media/"):
        content = db.session.scalar(
            select(Blob.content)
            .join(VersionFile, VersionFile.blob_hash == Blob.hash)
            .where(VersionFile.version_id == version_id, VersionFile.path == path)
        )
    if content is None:
        raise NotFound(N_("There is no such file in this course."))
    return content


def find_version(slug: str, number: int) -> int:
    """The id of a version by its course and number. Raises NotFound."""
    version_id = db.session.scalar(
        select(CourseVersion.id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(Course.slug == slug, CourseVersion.number == number)
    )
    if version_id is None:
        raise NotFound(N_("There is no such course."))
    return version_id


def retrained_modules(course_id: int, after_number: int) -> frozenset[str]:
    """The modules that were changed by the retrains published after a version: what its holders are asked to take
    again. A correction or revision in between re-opens nothing but what has to be passed now and had not to be then.
    Ids of the current version."""
    rows = db.session.execute(
        select(CourseVersion.id, CourseVersion.number, CourseVersion.change, CourseVersion.content_hash)
        .where(CourseVersion.course_id == course_id, CourseVersion.number >= after_number)
        .order_by(CourseVersion.number)
    ).all()
    changed: set[str] = set()
    for before, row in pairwise(rows):
        if row.change == "retrain":
            changed |= changed_modules(course_of(before.id, before.content_hash), course_of(row.id, row.content_hash))
    if not rows:
        return frozenset()
    held, current = (course_of(row.id, row.content_hash) for row in (rows[0], rows[-1]))
    changed |= set(current.required_modules) - set(held.required_modules)
    return frozenset(changed & {entry.id for entry in current.core_modules})


def changed_modules(before: CourseText, after: CourseText) -> set[str]:
    """Modules that are new in `after`, or say or ask something else than in `before` (in the default language)."""
    language = after.default_language
    return {
        entry.id for entry in after.modules if before.module(entry.id, language) != after.module(entry.id, language)
    }
