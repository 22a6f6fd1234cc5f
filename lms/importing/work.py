"""What applying a piece of an import knows and has done so far: people, places and mails are written down in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from lms.people.importing.known import Known
from lms.people.importing.models import Import, StaffRecord
from lms.people.importing.staff import Subtree
from lms.people.models import Membership, User


@dataclass(slots=True)
class Work:
    """What a piece knows and has done so far."""

    row: Import
    subtree: Subtree
    known: Known
    day: date
    now: datetime
    taken: dict[str, int]
    roots: dict[int, int]
    """Whom earlier rows of the file became, by position."""
    users: dict[int, User]
    """The people of the rows who were here at the check, read at once."""
    made: dict[int, User] = field(default_factory=dict)
    places: dict[tuple[int, int, str], Membership] = field(default_factory=dict)
    records: dict[tuple[int, int], StaffRecord] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)

    def change(self, kind: str, user_id: int, subject_id: int | None = None, **detail: Any) -> None:
        """Write down what was done, in the order in which it was."""
        self.changes.append(
            {"import_id": self.row.id, "kind": kind, "user_id": user_id, "subject_id": subject_id, "detail": detail}
        )
