"""Noting who did what to whom, in the same transaction as the deed."""

from __future__ import annotations

from typing import Any

from lms.clock import utc_now
from lms.database import db
from lms.people.models import AuditEvent


def note(
    action: str,
    subject_kind: str,
    subject_id: int | None,
    *,
    actor_id: int | None,
    agency_id: int | None = None,
    reason: str | None = None,
    **detail: Any,
) -> None:
    """Add an audit event to the present transaction. `action` is noun.verb, e.g. `certificate.issued`.

    `detail` holds ids and plain values, never a name or an answer. The caller commits.
    """
    db.session.add(
        AuditEvent(
            at=utc_now(),
            actor_id=actor_id,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            agency_id=agency_id,
            detail=detail,
            reason=reason,
        )
    )
