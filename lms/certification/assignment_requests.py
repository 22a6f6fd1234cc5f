"""Who asks for more time and still needs it: nobody decides on what is done meanwhile, waived or not asked any more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, select

from lms.certification.assignment_rules import AsOf
from lms.certification.assignments import DUE, OVERDUE, assigned
from lms.database import db
from lms.learning.assignment_models import ExtensionRequest


def waiting_requests(people: Any, but_of: int, as_of: AsOf) -> Any:
    """The query of open requests of the people in reach, the oldest first; one's own is for somebody else."""
    wanted = (
        ExtensionRequest.decided_at.is_(None),
        ExtensionRequest.user_id.in_(people),
        ExtensionRequest.user_id != but_of,
    )
    rows = assigned(select(ExtensionRequest.user_id).where(*wanted), as_of).subquery("asked_for")
    is_of = and_(
        rows.c.assignment_id == ExtensionRequest.assignment_id,
        rows.c.user_id == ExtensionRequest.user_id,
        rows.c.state.in_((DUE, OVERDUE)),
    )
    return select(ExtensionRequest).join(rows, is_of).where(*wanted).order_by(ExtensionRequest.id)


def count_waiting(people: Any, but_of: int, as_of: AsOf) -> int:
    """How many wait for a decision."""
    waiting = waiting_requests(people, but_of, as_of).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(waiting)) or 0
