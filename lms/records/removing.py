"""Finished records leave the file store after thirty days; what was begun and not finished, too."""

from __future__ import annotations

from datetime import datetime

from lms import batches
from lms.files import FileStore
from lms.records.asking import DAYS_KEPT, KIND
from lms.records.making import stored_names


def remove_old(files: FileStore, now: datetime) -> int:
    """Remove what is older than DAYS_KEPT; how many records that were. Run it again after a kill: it goes on."""
    return batches.remove_old(files, now, kind=KIND, days=DAYS_KEPT, names_of=stored_names, action="record.removed")
