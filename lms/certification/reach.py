"""Who may see whose certificate: its holder, and whoever reaches it by the rule of what an agency sees."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from lms.access import Permission, scope
from lms.certification.models import Certificate
from lms.certification.seeing import seen
from lms.database import db
from lms.errors import N_, NotFound
from lms.people.viewer import Viewer


def find_certificate(code: str) -> Certificate:
    """The certificate with a stored code; whoever shows it asks `reaches` first.

    Raises NotFound in the words of one that is out of reach: only verification, where look-ups are limited, says
    which codes exist; and the second wall may hide one that was issued.
    """
    certificate = db.session.scalar(select(Certificate).where(Certificate.code == code))
    if certificate is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return certificate


def is_holder(viewer: Viewer | None, certificate: Certificate) -> bool:
    return viewer is not None and certificate.user_id is not None and certificate.user_id == viewer.id


def reaches(viewer: Viewer | None, permission: Permission, certificate: Certificate, today: date) -> bool:
    """Whether the viewer's permission reaches a certificate, by the one rule (`seeing`)."""
    if not scope(viewer, permission) and scope(viewer, permission) is not None:
        return False
    query = select(Certificate.id).where(Certificate.id == certificate.id, seen(viewer, permission, today))
    return db.session.scalar(query) is not None
