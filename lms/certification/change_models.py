"""The table of what happened to awards afterwards: each change with its reason, what it made, and its undo."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.certification.models import Certificate
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.models import one_of

CHANGE_KINDS = ("revoke", "reissue", "rename", "extend")
CHANGE_STATES = ("waiting", "done", "refused", "undone")
WITH_ITS_RECORD = "with_its_record"
"""In `after` of a revocation: it came of taking back a record that the certificate rested on, not of a fault of it."""


class CertificateChange(Model):
    """One change to a certificate: asked for by `actor_id`, done at once or after somebody decided, perhaps undone.

    Nothing of the certificate's facts changes with it: whatever is printed differently is a new certificate, and the
    two rows point at each other by `superseded_by_id`. `before` and `after` hold what differs, for people to read.
    """

    __tablename__ = "lms_certificate_changes"
    __table_args__ = (
        CheckConstraint(one_of("kind", CHANGE_KINDS), name="kind_is_known"),
        CheckConstraint(one_of("state", CHANGE_STATES), name="state_is_known"),
        CheckConstraint("reason <> ''", name="has_a_reason"),
        CheckConstraint("(state IN ('done', 'undone')) = (undo_until IS NOT NULL)", name="done_can_be_undone"),
        CheckConstraint(
            "(state = 'undone') = (undone_at IS NOT NULL) AND (undone_at IS NULL) = (undone_by_id IS NULL)"
            " AND (undone_at IS NULL) = (undone_reason IS NULL)",
            name="undone_with_a_reason",
        ),
        CheckConstraint(
            "kind = 'revoke' OR state NOT IN ('done', 'undone') OR new_certificate_id IS NOT NULL",
            name="replaced_by_a_new_one",
        ),
        CheckConstraint("state <> 'refused' OR decided_reason IS NOT NULL", name="refused_with_a_reason"),
        Index("ix_lms_certificate_changes_certificate_id", "certificate_id"),
        Index("ix_lms_certificate_changes_new_certificate_id", "new_certificate_id"),
        Index(
            "uq_lms_certificate_changes_waiting",
            "certificate_id",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    certificate_id: Mapped[int] = mapped_column(ForeignKey("lms_certificates.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    actor_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    at: Mapped[datetime]
    """When it was done; of one that waits or was refused, when it was asked for."""
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    """Who approved or refused it; None where nobody had to."""
    decided_reason: Mapped[str | None] = mapped_column(Text)
    undo_until: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    undone_reason: Mapped[str | None] = mapped_column(Text)
    new_certificate_id: Mapped[int | None] = mapped_column(ForeignKey("lms_certificates.id", ondelete="RESTRICT"))
    certificate: Mapped[Certificate] = relationship(foreign_keys=[certificate_id])
    new_certificate: Mapped[Certificate | None] = relationship(foreign_keys=[new_certificate_id])
