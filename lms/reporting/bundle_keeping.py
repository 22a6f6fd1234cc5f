"""What certificates as files are about, who may fetch them, and for how long they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lms import batches
from lms.access import Permission, Viewer, scope
from lms.batches import Batch
from lms.database import db
from lms.errors import N_, NotAllowed
from lms.files import FileStore
from lms.people.models import Agency

KIND = "certificates"

NEEDED = (Permission.SEE_REPORTS, Permission.SEE_PEOPLE)

DAYS_KEPT = 30
"""The files hold names; after so many days they leave the file store."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which certificates: completed from a day to another, both counted; None and empty: all that one may see."""

    agency_id: int | None = None
    course_id: int | None = None
    certification_id: int | None = None
    since: date | None = None
    until: date | None = None
    is_merged: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "agency_id": self.agency_id,
            "course_id": self.course_id,
            "certification_id": self.certification_id,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "is_merged": self.is_merged,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Wish:
        days = {key: date.fromisoformat(stored[key]) if stored[key] else None for key in ("since", "until")}
        return cls(**{**stored, **days})


def reach_of(viewer: Viewer, wish: Wish) -> list[str] | None:
    """Paths of the subtrees that the files are about; None: everywhere."""
    if wish.agency_id is not None:
        return [db.session.get_one(Agency, wish.agency_id).path]
    found = [scope(viewer, permission) for permission in NEEDED]
    limited = sorted({path for paths in found if paths is not None for path in paths})
    return limited or (None if None in found else [])


def check_fetching(batch: Batch, viewer: Viewer) -> None:
    """Whoever asked must still reach all that the files are about when they fetch one. Raises NotAllowed."""
    if not batches.reaches_all(batch, viewer, NEEDED):
        raise NotAllowed(N_("Who asked for this may not see these certificates any more."))


def remove_old(files: FileStore, now: datetime) -> int:
    """Remove files that are older than DAYS_KEPT; of how many batches."""
    return batches.remove_old(files, now, kind=KIND, days=DAYS_KEPT, names_of=_stored_names, action="bundle.removed")


def stored_name(batch_id: int, volume: int, ending: str) -> str:
    """What a volume is called in the file store: `zip`, or `pdf` where it is merged."""
    return f"batches/{batch_id}/certificates-{volume}.{ending}"


def _stored_names(batch: Batch) -> list[str]:
    """Everything that a batch may have stored, also what a killed worker had no time to put on record."""
    volumes = range(1, batch.cursor.get("volume", 1) + 1)
    return [stored_name(batch.id, volume, ending) for volume in volumes for ending in ("zip", "pdf")]
