"""Tables about a person as a whole: accounts that were put together, erasure, and the policies that were accepted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.database import Model, primary_key
from lms.people.models import one_of

ERASURE_STATES = ("asked", "approved", "refused", "stopped", "done")
POLICIES = ("terms", "privacy")


class Merge(Model):
    """Two accounts of one person put together: `gone` leads on to `kept` from then on.

    `counts` is what each of them had before, and both together after; for the page that tells of it. Undone while
    `undo_until` lies ahead, by its moves.
    """

    __tablename__ = "lms_merges"
    __table_args__ = (
        CheckConstraint("kept_id <> gone_id", name="of_two_accounts"),
        CheckConstraint("reason <> ''", name="has_a_reason"),
        CheckConstraint(
            "(undone_at IS NULL) = (undone_by_id IS NULL) AND (undone_at IS NULL) = (undone_reason IS NULL)",
            name="undone_with_a_reason",
        ),
        Index(
            "uq_lms_merges_standing",
            "gone_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_lms_merges_kept_id", "kept_id"),
        Index("ix_lms_merges_gone_id", "gone_id"),
    )

    id: Mapped[primary_key]
    kept_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    gone_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    merged_by_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    merged_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    counts: Mapped[dict[str, Any]]
    undo_until: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    undone_reason: Mapped[str | None] = mapped_column(Text)


class MergeMove(Model):
    """One value that a merge changed: what it was and what it became. Undoing goes through them backwards."""

    __tablename__ = "lms_merge_moves"
    __table_args__ = (Index("ix_lms_merge_moves_merge_id", "merge_id", "id"),)

    id: Mapped[primary_key]
    merge_id: Mapped[int] = mapped_column(ForeignKey("lms_merges.id", ondelete="RESTRICT"))
    table_name: Mapped[str] = mapped_column(String(64))
    row_id: Mapped[int]
    column_name: Mapped[str] = mapped_column(String(64))
    before: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    after: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)


class Erasure(Model):
    """A person asks to be erased: decided by an administrator, done after a pause, finished when retention is over.

    `kept_until` is the moment up to which stubs of certificates are kept; `finished_at`, when those went too.
    """

    __tablename__ = "lms_erasures"
    __table_args__ = (
        CheckConstraint(one_of("state", ERASURE_STATES), name="state_is_known"),
        CheckConstraint(
            "state NOT IN ('approved', 'refused', 'done') OR (decided_at IS NOT NULL AND decided_by_id IS NOT NULL)",
            name="decided_by_somebody",
        ),
        CheckConstraint("state <> 'refused' OR decided_reason IS NOT NULL", name="refused_with_a_reason"),
        CheckConstraint("state NOT IN ('approved', 'done') OR due_at IS NOT NULL", name="approved_has_a_day"),
        CheckConstraint("(state = 'stopped') = (stopped_at IS NOT NULL)", name="stopped_at_a_moment"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_at_a_moment"),
        CheckConstraint("finished_at IS NULL OR done_at IS NOT NULL", name="finished_after_it_was_done"),
        Index(
            "uq_lms_erasures_open",
            "user_id",
            unique=True,
            sqlite_where=text("state IN ('asked', 'approved', 'done')"),
            postgresql_where=text("state IN ('asked', 'approved', 'done')"),
        ),
        Index("ix_lms_erasures_state", "state", "due_at"),
        Index("ix_lms_erasures_user_id", "user_id"),
    )

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    state: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    decided_reason: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime | None]
    """From then on the worker erases, unless it was stopped."""
    stopped_at: Mapped[datetime | None]
    stopped_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    done_at: Mapped[datetime | None]
    kept_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class PolicyAcceptance(Model):
    """That a person accepted one version of a policy: which text (by its SHA-256), in which language, when."""

    __tablename__ = "lms_policy_acceptances"
    __table_args__ = (
        CheckConstraint(one_of("policy", POLICIES), name="policy_is_known"),
        UniqueConstraint("user_id", "policy", "version", "text_hash"),
    )

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    policy: Mapped[str] = mapped_column(String(16))
    version: Mapped[str] = mapped_column(String(32))
    text_hash: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    accepted_at: Mapped[datetime]
    is_by_itself: Mapped[bool] = mapped_column(default=False)
    """Accepted when the account was made by a program, as demo accounts are; nobody pressed anything."""


class PasswordReset(Model):
    """A link to set a new password: single use, one hour, only the hash of its token kept."""

    __tablename__ = "lms_password_resets"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_lms_password_resets_user_id", "user_id"))

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
