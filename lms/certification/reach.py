"""Who may see whose certificate: its holder, and whoever has the people of its agency, or of the holder's today."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from lms.access import Permission, allows_over, scope
from lms.certification.models import Certificate
from lms.database import db
from lms.errors import N_, NotFound
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership
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
    """Whether the viewer's permission reaches a certificate.

    It does over the agency under which it was awarded, and over an agency in which its holder has a place today.
    An agency that somebody has left does not see what they earned afterwards.
    """
    paths = scope(viewer, permission)
    if paths is None:
        return True
    if not paths:
        return False
    present = (
        select(Membership.agency_id)
        .where(
            Membership.user_id == certificate.user_id,
            holds_on(today),
        )
        .scalar_subquery()
    )
    places = select(Agency.path).where((Agency.id == certificate.agency_id) | Agency.id.in_(present))
    return any(allows_over(viewer, permission, path) for path in db.session.scalars(places))
