"""The tables of the catalog: Course, CourseVersion (immutable, by content hash), its files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.database import Model, primary_key
from lms.people.models import one_of

CHANGES = ("first", "correction", "revision", "retrain")


class Course(Model):
    """A course as the public knows it, whatever its version. Archived, never deleted."""

    __tablename__ = "lms_courses"
    __table_args__ = (UniqueConstraint("slug"),)

    id: Mapped[primary_key]
    slug: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class CourseVersion(Model):
    """One published state of a course. Nothing of it ever changes but `is_current`.

    `change` says what it means to people in progress and to holders: a correction reaches everybody at once, a
    revision only new enrollments (and whoever has not started), a retrain also asks holders to renew.
    `facts` is the language-neutral summary that lists need (title by language, minutes, disciplines, modules), so that
    a list never reads Markdown.
    """

    __tablename__ = "lms_course_versions"
    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        UniqueConstraint("course_id", "content_hash"),
        CheckConstraint(one_of("change", CHANGES), name="change_is_known"),
        Index(
            "uq_lms_course_versions_current",
            "course_id",
            unique=True,
            sqlite_where=text("is_current"),
            postgresql_where=text("is_current"),
        ),
    )

    id: Mapped[primary_key]
    course_id: Mapped[int] = mapped_column(ForeignKey("lms_courses.id", ondelete="RESTRICT"))
    number: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    change: Mapped[str] = mapped_column(String(16))
    is_current: Mapped[bool] = mapped_column(default=False)
    code: Mapped[str] = mapped_column(String(32))
    contact_minutes: Mapped[int]
    valid_months: Mapped[int | None]
    facts: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    course: Mapped[Course] = relationship()


class Blob(Model):
    """The bytes of a file, once, by their SHA-256."""

    __tablename__ = "lms_blobs"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class VersionFile(Model):
    """Which file stands at which path of a version."""

    __tablename__ = "lms_version_files"

    version_id: Mapped[int] = mapped_column(ForeignKey("lms_course_versions.id", ondelete="RESTRICT"), primary_key=True)
    path: Mapped[str] = mapped_column(String(400), primary_key=True)
    blob_hash: Mapped[str] = mapped_column(ForeignKey("lms_blobs.hash", ondelete="RESTRICT"), index=True)
