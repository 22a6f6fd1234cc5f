"""Publishing: a folder's files become an immutable version of a course, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from lms.catalog.facts import facts_of
from lms.catalog.models import CHANGES, Blob, Course, CourseVersion, VersionFile
from lms.courseware.check import read_and_check
from lms.courseware.course import Course as CourseText
from lms.courseware.course import Problem
from lms.courseware.read import content_hash
from lms.database import db, insert_into
from lms.errors import N_, Conflict, Invalid
from lms.people.audit import note

LARGEST_VERSION_BYTES = 200_000_000
"""All files of one version together; a course that needs more keeps its videos elsewhere and links to them."""

UNFINISHED = "W012"


class CourseHasErrors(Invalid):
    """A course with errors is not published, not even the part of it that has none; `problems` lists them."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(
            N_(
                "The course “%(name)s” was not published. Errors: %(count)s. "
                "The first: %(path)s:%(line)s: %(code)s %(text)s"
            ),
            name=name,
            count=len(problems),
            path=first.path,
            line=first.line,
            code=first.code,
            text=first.message,
        )
        self.problems = tuple(problems)


class CourseUnfinished(Invalid):
    """A course in which something is still to be filled in, where that was not allowed; `places` says where."""

    def __init__(self, places: Iterable[Problem]) -> None:
        self.places = tuple(places)
        super().__init__(N_("%(count)s places are still to be filled in."), count=len(self.places))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A course that was read and checked, ready to be stored: the slow half, done outside any transaction."""

    course: CourseText
    files: Mapping[str, bytes]
    facts: dict[str, Any]
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Publication:
    """What publishing did. `outcome` is "unchanged" or the kind of change; `touched` enrollments moved with it."""

    version: CourseVersion
    outcome: str
    previous_id: int | None = None
    touched: int = 0
    asked_to_renew: int = 0
    warnings: int = 0
    """What the checker found and let pass."""


def prepare_course(files: Mapping[str, bytes], *, now: datetime) -> Prepared:
    """Read and check a course. Raises CourseHasErrors."""
    name = name_of(files)
    course, problems = read_and_check(files, name, today=now.date())
    errors = [problem for problem in problems if problem.is_error]
    if course is None and not errors:
        errors = [Problem("course.yaml", 1, "FM002", "This course cannot be read.")]
    if errors or course is None:
        raise CourseHasErrors(name, errors)
    if sum(map(len, files.values())) > LARGEST_VERSION_BYTES:
        raise Invalid(N_("The files of this course are larger than one version may be. Link to long videos instead."))
    warnings = tuple(p for p in problems if not p.is_error)
    return Prepared(course, files, facts_of(course), warnings)


def refuse_unfinished(prepared: Prepared) -> None:
    """Raises CourseUnfinished where something in the course is still to be written."""
    places = [problem for problem in prepared.warnings if problem.code == UNFINISHED]
    if places:
        raise CourseUnfinished(places)


def name_of(files: Mapping[str, bytes]) -> str:
    """The id that course.yaml gives, which is the folder's name; empty where there is none."""
    for line in files.get("course.yaml", b"").decode(errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "id":
            return value.partition("#")[0].strip().strip("\"'")
    return ""


def publish_course(
    files: Mapping[str, bytes], *, change: str | None, published_by_id: int | None, now: datetime
) -> Publication:
    """Read, check and store a course. The caller commits. Raises CourseHasErrors, Invalid or Conflict."""
    current = find_unchanged(files)
    if current is not None:
        return Publication(current, "unchanged", current.id)
    return publish_prepared(prepare_course(files, now=now), change=change, published_by_id=published_by_id, now=now)


def find_unchanged(files: Mapping[str, bytes]) -> CourseVersion | None:
    """The current version that these files already are, found without reading them."""
    return db.session.scalars(
        select(CourseVersion)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(
            CourseVersion.is_current, CourseVersion.content_hash == content_hash(files), Course.slug == name_of(files)
        )
    ).one_or_none()


def publish_prepared(
    prepared: Prepared, *, change: str | None, published_by_id: int | None, now: datetime
) -> Publication:
    """Store a checked course as its next version, or find that it is published already. The caller commits.

    The same content as the current version changes nothing. The same content as an older version is refused unless
    `change` says on purpose what going back means; then that version becomes current again.
    """
    if change is not None and change not in CHANGES[1:]:
        raise Invalid(N_("A change is a correction, a revision or a retrain."), "change")
    course = _locked_course(prepared.course.id, now)
    versions = db.session.scalars(
        select(CourseVersion).where(CourseVersion.course_id == course.id).order_by(CourseVersion.number)
    ).all()
    current = next((version for version in versions if version.is_current), None)
    same = next((version for version in versions if version.content_hash == prepared.course.content_hash), None)
    if current is not None and same is current:
        return Publication(current, "unchanged", current.id)
    if current is not None and change is None:
        raise _needs_a_change(course.slug, current, same)
    outcome = "first" if current is None else change or "first"
    _retire(current)
    if same is not None:
        same.is_current = True
        version = same
    else:
        version = _store(prepared, course.id, len(versions) + 1, outcome, published_by_id, now)
    db.session.flush()
    note(
        "course.published",
        "course",
        course.id,
        actor_id=published_by_id,
        version=version.number,
        change=outcome,
        previous=current.number if current else None,
    )
    return Publication(version, outcome, current.id if current else None)


def _locked_course(slug: str, now: datetime) -> Course:
    """The course's row, made if need be, held until the end of the transaction: two publishers go one by one."""
    db.session.execute(insert_into(Course).values(slug=slug, created_at=now).on_conflict_do_nothing())
    return db.session.scalars(select(Course).where(Course.slug == slug).with_for_update()).one()


def _needs_a_change(slug: str, current: CourseVersion, same: CourseVersion | None) -> Conflict:
    if same is not None:
        return Conflict(
            N_(
                "This folder holds version %(old)s of “%(slug)s”, and the newer version %(new)s is published. "
                "Nothing was changed. Publish the newer folder; or, to go back on purpose, publish this one again and "
                "name the change: correction, revision or retrain."
            ),
            slug=slug,
            old=same.number,
            new=current.number,
        )
    return Conflict(
        N_(
            "“%(slug)s” is published as version %(new)s and this folder differs. Nothing was changed. Publish it again "
            "and name the change: correction (reaches everybody at once), revision (new learners only) or retrain "
            "(holders are asked to renew)."
        ),
        slug=slug,
        new=current.number,
    )


def _retire(current: CourseVersion | None) -> None:
    """One version is current: the old one steps back before the new one steps up (a unique index holds it)."""
    if current is not None:
        db.session.execute(update(CourseVersion).where(CourseVersion.id == current.id).values(is_current=False))
        current.is_current = False
        db.session.flush()


def _store(
    prepared: Prepared, course_id: int, number: int, change: str, published_by_id: int | None, now: datetime
) -> CourseVersion:
    course = prepared.course
    version = CourseVersion(
        course_id=course_id,
        number=number,
        content_hash=course.content_hash,
        change=change,
        is_current=True,
        code=course.code,
        contact_minutes=course.contact_minutes,
        valid_months=course.valid_months,
        facts=prepared.facts,
        published_at=now,
        published_by_id=published_by_id,
    )
    db.session.add(version)
    db.session.flush()
    _store_files(version.id, prepared.files)
    return version


def _store_files(version_id: int, files: Mapping[str, bytes]) -> None:
    """Each file's bytes once, whatever the number of versions that hold them."""
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    contents = {hashes[path]: content for path, content in files.items()}
    known = set(db.session.scalars(select(Blob.hash).where(Blob.hash.in_(contents))))
    missing = [{"hash": key, "content": content} for key, content in contents.items() if key not in known]
    if missing:
        db.session.execute(insert_into(Blob).on_conflict_do_nothing(), missing)
    rows = [{"version_id": version_id, "path": path, "blob_hash": key} for path, key in hashes.items()]
    db.session.execute(insert_into(VersionFile), rows)
