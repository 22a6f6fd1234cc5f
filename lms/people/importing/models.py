"""The tables of imports: Import (one file), its rows as they were checked, what it changed; and StaffRecord."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.courseware.course import DISCIPLINES
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.models import mask, one_of

STATES = ("uploaded", "checking", "checked", "applying", "applied", "undoing", "undone", "failed")
KINDS_WITH_WORDS = (
    "name-changed",
    "email-changed",
    "address-listed",
    "record-made",
    "license-added",
    "license-changed",
)
"""Changes that keep what a name, an address, a staff id or a license was before, or became."""

GOOD = ("create", "update", "unchanged")
"""Outcomes of rows that are imported."""

OUTCOMES = (*GOOD, "decide", "problem")


class StaffRecord(Model):
    """What an employer's own list says of a person: the staff id, and the e-mail where their account has none.

    `agency_id` is the employer: the highest agency above the place that is no state. Its ids are unique there, so that
    the ids of two districts of one state do not meet.
    """

    __tablename__ = "lms_staff_records"
    __table_args__ = (
        UniqueConstraint("agency_id", "number"),
        UniqueConstraint("agency_id", "user_id"),
        CheckConstraint("number IS NOT NULL OR email IS NOT NULL", name="says_something"),
        Index("ix_lms_staff_records_user_id", "user_id"),
        Index("ix_lms_staff_records_email", "email"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    number: Mapped[str | None] = mapped_column(String(64))
    email: Mapped[str | None] = mapped_column(String(320))


class Import(Model):
    """One list of people on its way: uploaded, matched, checked, applied, perhaps undone.

    The file and the rows are removed some days after; what it was and how it ended stays.
    """

    __tablename__ = "lms_imports"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state_is_known"),
        Index("ix_lms_imports_agency_id", "agency_id", "id"),
    )

    id: Mapped[primary_key]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    """Over whose people: its own and those of all agencies below it."""
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    """None: the command line."""
    created_at: Mapped[datetime]
    title: Mapped[str] = mapped_column(String(200))
    stored: Mapped[str | None] = mapped_column(String(200))
    """The name in the file store; None once it was removed."""
    state: Mapped[str] = mapped_column(String(12))
    cause: Mapped[str | None] = mapped_column(Text)
    """Why it failed, in a sentence."""
    headers: Mapped[list[Any]]
    headers_key: Mapped[str] = mapped_column(String(2000))
    facts: Mapped[dict[str, Any]]
    """How the file was read."""
    plan: Mapped[dict[str, Any]]
    """Which column is which, what values mean, defaults; remembered for the next file with these headers."""
    options: Mapped[dict[str, Any]]
    """What was confirmed: whose places end, mails, course, team."""
    counts: Mapped[dict[str, Any]]
    unknown: Mapped[dict[str, Any]]
    """Values that nothing is known to mean, with how often each stands in the file."""
    batch_id: Mapped[int | None]
    """The long work that is or was last under way for it (a later room's row, so without a foreign key)."""
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class ImportRow(Model):
    """A row as it was checked. Blank rows and those of students are only counted.

    Cells are kept of rows that are handed back, no others: staff lists hold much that is none of our business.
    """

    __tablename__ = "lms_import_rows"
    __table_args__ = (
        UniqueConstraint("import_id", "position"),
        CheckConstraint(one_of("outcome", OUTCOMES), name="outcome_is_known"),
        CheckConstraint(f"discipline IS NULL OR {one_of('discipline', DISCIPLINES)}", name="discipline_is_known"),
        Index("ix_lms_import_rows_outcome", "import_id", "outcome", "position"),
        Index("ix_lms_import_rows_email", "import_id", "email"),
        Index("ix_lms_import_rows_number", "import_id", "number"),
        Index("ix_lms_import_rows_name_key", "import_id", "name_key"),
        Index("ix_lms_import_rows_license", "import_id", "license_key"),
        Index("ix_lms_import_rows_match", "import_id", "match_user_id"),
        Index("ix_lms_import_rows_user_id", "user_id"),
    )

    id: Mapped[primary_key]
    import_id: Mapped[int] = mapped_column(ForeignKey("lms_imports.id", ondelete="CASCADE"))
    position: Mapped[int]
    line: Mapped[int]
    cells: Mapped[list[Any] | None]
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(320))
    number: Mapped[str | None] = mapped_column(String(64))
    person_id: Mapped[int | None]
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    discipline: Mapped[str | None] = mapped_column(String(32))
    starts_on: Mapped[date | None]
    license_board: Mapped[str | None] = mapped_column(String(64))
    license_state: Mapped[str | None] = mapped_column(String(2))
    license_number: Mapped[str | None] = mapped_column(String(64))
    license_key: Mapped[str | None] = mapped_column(String(64))
    license_expires_on: Mapped[date | None]
    outcome: Mapped[str] = mapped_column(String(12))
    reason: Mapped[dict[str, Any]]
    match_user_id: Mapped[int | None]
    """The person who is there already (these ids are plain numbers: the rows last for days, and each is looked up)."""
    same_as: Mapped[int | None]
    """The position of an earlier row about the same person."""
    twin_user_id: Mapped[int | None]
    twin_position: Mapped[int | None]
    """With whom the row may be the same person: somebody must say."""
    user_id: Mapped[int | None]
    """Who it was in the end."""
    applied_at: Mapped[datetime | None]

    @property
    def masked_license(self) -> str:
        """What pages show of the license number; empty where the row has none."""
        return mask(self.license_number) if self.license_number else ""


class ImportChange(Model):
    """One thing that an import changed, in the order in which it did: by these it is undone, the last first."""

    __tablename__ = "lms_import_changes"
    __table_args__ = (
        Index("ix_lms_import_changes_import_id", "import_id", "id"),
        Index("ix_lms_import_changes_user_id", "user_id", "import_id"),
        Index(
            "ix_lms_import_changes_kept",
            "import_id",
            "id",
            sqlite_where=text("kept_because IS NOT NULL"),
            postgresql_where=text("kept_because IS NOT NULL"),
        ),
    )

    id: Mapped[primary_key]
    import_id: Mapped[int] = mapped_column(ForeignKey("lms_imports.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None]
    subject_id: Mapped[int | None]
    """The row that was made or changed."""
    detail: Mapped[dict[str, Any]]
    kept_because: Mapped[str | None] = mapped_column(Text)
    """Why it could not be undone."""
