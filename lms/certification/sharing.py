"""Links by which whoever has one sees a certificate, its PDF and badge, until its holder takes the link back."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from lms.certification.models import Certificate, ShareLink
from lms.database import db
from lms.errors import N_, Conflict, NotFound
from lms.people import audit
from lms.wall.sight import VERIFICATION, looking_as

MOST_LINKS = 20
"""Open links of one certificate."""


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that works. `token` is None where the secret key has changed since: it works, but cannot be shown."""

    id: int
    created_at: datetime
    token: str | None


def create_link(certificate: Certificate, *, secret_key: str, actor_id: int, now: datetime) -> str:
    """A new link's token. Only its hash is kept; the token follows from the secret key, so its holder may see it again.

    The caller commits. Raises Conflict where there are too many.
    """
    count = db.session.scalar(
        select(func.count()).where(ShareLink.certificate_id == certificate.id, ShareLink.revoked_at.is_(None))
    )
    if (count or 0) >= MOST_LINKS:
        raise Conflict(N_("There are already %(most)s links to it. Take one back first."), most=MOST_LINKS)
    token = _token(certificate.id, now, secret_key)
    link = ShareLink(certificate_id=certificate.id, token_hash=_hash(token), created_at=now)
    db.session.add(link)
    db.session.flush()
    audit.note("share-link.created", "certificate", certificate.id, actor_id=actor_id, link_id=link.id)
    return token


def take_back(certificate: Certificate, link_id: int, *, actor_id: int, now: datetime) -> None:
    """From `now` on the link opens nothing. The caller commits. Raises NotFound for another certificate's link."""
    link = db.session.get(ShareLink, link_id)
    if link is None or link.certificate_id != certificate.id:
        raise NotFound(N_("There is no such link."))
    if link.revoked_at is None:
        link.revoked_at = now
        audit.note("share-link.revoked", "certificate", certificate.id, actor_id=actor_id, link_id=link.id)


def open_links(certificate_id: int, secret_key: str) -> list[OpenLink]:
    """The links of a certificate that work, oldest first."""
    rows: Iterable[ShareLink] = db.session.scalars(
        select(ShareLink)
        .where(ShareLink.certificate_id == certificate_id, ShareLink.revoked_at.is_(None))
        .order_by(ShareLink.id)
    )
    found = []
    for link in rows:
        token = _token(certificate_id, link.created_at, secret_key)
        is_same = hmac.compare_digest(_hash(token), link.token_hash)
        found.append(OpenLink(link.id, link.created_at, token if is_same else None))
    return found


def find_shared(code: str, token: str) -> Certificate | None:
    """The certificate with this stored code, if a token that somebody brought opens it."""
    if not 20 <= len(token) <= 100:
        return None
    with looking_as(VERIFICATION):
        return db.session.scalar(
            select(Certificate)
            .join(ShareLink, ShareLink.certificate_id == Certificate.id)
            .where(Certificate.code == code, ShareLink.token_hash == _hash(token), ShareLink.revoked_at.is_(None))
        )


def find_by_token(token: str) -> Certificate | None:
    """The certificate that a token opens; for the page that the link leads to."""
    if not 20 <= len(token) <= 100:
        return None
    with looking_as(VERIFICATION):
        return db.session.scalar(
            select(Certificate)
            .join(ShareLink, ShareLink.certificate_id == Certificate.id)
            .where(ShareLink.token_hash == _hash(token), ShareLink.revoked_at.is_(None))
        )


def _token(certificate_id: int, created_at: datetime, secret_key: str) -> str:
    text = f"share-link|{certificate_id}|{created_at.astimezone(UTC).isoformat()}"
    digest = hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
