"""Whether a file is one that was issued here: by the SHA-256 of its exact bytes."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from lms.certification.document_models import IssuedDocument
from lms.certification.models import Certificate
from lms.database import db
from lms.wall.sight import VERIFICATION, looking_as


def find_issued(content: bytes) -> Certificate | None:
    """The certificate for which exactly these bytes were issued, now or earlier; None for a changed file or somebody
    else's."""
    digest = hashlib.sha256(content).hexdigest()
    with looking_as(VERIFICATION):  # whoever has the file may ask
        return db.session.scalars(
            select(Certificate)
            .join(IssuedDocument, IssuedDocument.certificate_id == Certificate.id)
            .where(IssuedDocument.sha256 == digest)
        ).first()
