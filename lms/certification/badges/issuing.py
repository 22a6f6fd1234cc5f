"""Issuing a badge: once, when it is first asked for, then read; and the list of those that do not stand any more."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from lms.catalog.models import CourseVersion
from lms.certification.badges.credential import Award, achievement, claims
from lms.certification.badges.models import Badge, BadgeAchievement
from lms.certification.badges.proof import badge_key, sign
from lms.certification.badges.status import LIST_BITS, list_number
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.clock import utc_now
from lms.database import db, insert_into, run_transaction
from lms.errors import N_, NotFound
from lms.keys import OpenKey
from lms.settings import Settings
from lms.wall.sight import VERIFICATION, looking_as

if TYPE_CHECKING:
    from lms.certification.press import Attached

ATTACHED_NAME = "credential.jwt"


def has_badge(certificate_id: int) -> bool:
    """Whether there is a badge of a certificate: not where its course says `badge: false`."""
    with looking_as(VERIFICATION):
        facts = db.session.scalar(
            select(CourseVersion.facts)
            .join(Certificate, Certificate.version_id == CourseVersion.id)
            .where(Certificate.id == certificate_id)
        )
    return bool((facts or {}).get("has_badge", True))


def token_of(certificate_id: int, settings: Settings) -> str:
    """The signed credential of a certificate that the caller may see whole; made now where it was not made before.

    Where it has to sign, it ends the reading transaction and opens a writing one. Raises NotFound where the course
    gives no badge.
    """
    with looking_as(VERIFICATION):  # whoever may have the certificate may have its badge: a link's reader is nobody
        found = db.session.execute(
            select(Badge.named_token, Badge.nameless_token, Certificate.is_name_hidden)
            .join(Certificate, Certificate.id == Badge.certificate_id)
            .where(Badge.certificate_id == certificate_id)
        ).one_or_none()
    if found is not None and (token := found.nameless_token if found.is_name_hidden else found.named_token):
        return str(token)
    if not has_badge(certificate_id):
        raise NotFound(N_("There is no badge for this certificate."))
    db.session.rollback()
    key, site = badge_key(settings.secret_key), settings.site_url.rstrip("/")
    return run_transaction(lambda: issue(certificate_id, key, site, utc_now()))


def badge_attachment(certificate_id: int, settings: Settings) -> Attached | None:
    """The file that a certificate's PDF carries; None where its course gives no badge.

    Its transactions are those of `token_of`.
    """
    from lms.certification.press import Attached  # here for the reason that `store.draw_document` gives

    try:
        token = token_of(certificate_id, settings)
    except NotFound:
        return None
    return Attached(ATTACHED_NAME, "Open Badges 3.0 credential (VC-JWT)", token.encode())


def issue(certificate_id: int, key: OpenKey, site: str, now: datetime) -> str:
    """Sign a certificate's badge and keep it, once; two that ask together get the same text. The caller commits."""
    certificate = db.session.scalars(
        select(Certificate).where(Certificate.id == certificate_id).with_for_update()
    ).one()
    if certificate.erased_at is not None:
        raise NotFound(N_("There is no badge for this certificate."))
    badge = db.session.scalar(select(Badge).where(Badge.certificate_id == certificate_id))
    if badge is None:
        number = list_number(certificate_id)
        badge = Badge(
            certificate_id=certificate_id,
            subject_id=uuid.uuid4().urn,
            status_list=number,
            status_index=_free_index(number),
            issued_at=now,
        )
        db.session.add(badge)
    shows_name = not certificate.is_name_hidden
    token = badge.named_token if shows_name else badge.nameless_token
    if token is None:
        token = sign(claims(_award(certificate, badge, site)), key, site)
        if shows_name:
            badge.named_token = token
        else:
            badge.nameless_token = token
        _publish(CertificateFacts.from_json(certificate.facts), site, now)
    db.session.flush()
    return token


def withdrawn_indices(number: int) -> Sequence[int] | None:
    """Places in a list whose badges were revoked, replaced or erased; None where there is no such list yet."""
    with looking_as(VERIFICATION):  # numbers only, for everybody
        is_begun = db.session.scalar(select(Badge.id).where(Badge.status_list == number).limit(1))
        if is_begun is None:
            return None
        return db.session.scalars(
            select(Badge.status_index)
            .outerjoin(Certificate, Certificate.id == Badge.certificate_id)
            .where(
                Badge.status_list == number,
                or_(
                    Certificate.revoked_at.is_not(None),
                    Certificate.superseded_by_id.is_not(None),
                    Badge.erased_at.is_not(None),
                ),
            )
            .order_by(Badge.status_index)
        ).all()


def find_achievement(key: str) -> BadgeAchievement | None:
    """What badges were issued for, by the key of its address."""
    found: BadgeAchievement | None = db.session.scalar(select(BadgeAchievement).where(BadgeAchievement.key == key))
    return found


def _free_index(number: int) -> int:
    """A random place in a list that is at most half full; the unique constraint stands behind it."""
    while True:
        index = secrets.randbelow(LIST_BITS)
        taken = select(Badge.id).where(Badge.status_list == number, Badge.status_index == index)
        if db.session.scalar(taken) is None:
            return index


def _award(certificate: Certificate, badge: Badge, site: str) -> Award:
    return Award(
        facts=CertificateFacts.from_json(certificate.facts),
        site=site,
        subject_id=badge.subject_id,
        status_list=badge.status_list,
        status_index=badge.status_index,
        valid_from=certificate.valid_from,
        expires_at=certificate.expires_at,
        awarded_at=certificate.issued_at,
        shows_name=not certificate.is_name_hidden,
    )


def _publish(facts: CertificateFacts, site: str, now: datetime) -> None:
    key, definition = achievement(facts, site)
    db.session.execute(
        insert_into(BadgeAchievement).values(key=key, definition=definition, created_at=now).on_conflict_do_nothing()
    )
