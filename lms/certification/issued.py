"""Whether a file is one that was issued here: by the SHA-256 of its exact bytes."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from lms.certification.models import Certificate
from lms.database import db
from lms.wall.sight import VERIFICATION, looking_as


def find_issued(content: bytes) -> Certificate | None:
    """The certificate whose stored PDF has exactly these bytes; None for a changed file or somebody else's."""
    digest = hashlib.sha256(content).hexdigest()
    with looking_as(VERIFICATION):  # whoever has the file may ask
        return db.session.scalars(select(Certificate).where(Certificate.document_hash == digest)).first()
