"""Who somebody was between two days: names, agencies, disciplines, roles; their certificates; the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true

from lms.certification.change_models import CertificateChange
from lms.certification.document_models import IssuedDocument
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.certification.standing import status_of
from lms.certification.training_models import ExternalTraining
from lms.database import db
from lms.learning.models import Enrollment
from lms.people.models import Agency, AuditEvent, Membership, RoleGrant, User
from lms.records.training import Between, moment

MOST_EVENTS = 20_000
"""So many events of the audit go into a record; where there are more, it says so."""

ABOUT_PERSON = ("user",)
ABOUT_COURSE = ("enrollment",)
ABOUT_AWARD = ("certificate",)


def below(paths: tuple[str, ...] | None) -> ColumnElement[bool]:
    """The condition that an agency lies below one of the paths; None: wherever it lies."""
    return true() if paths is None else or_(*(Agency.path.like(f"{path}%") for path in paths))


def who(user: User, since: date, until: date, between: Between, paths: tuple[str, ...] | None) -> dict[str, Any]:
    """Names as they are now, and the places and roles that held on any of the days."""
    places = db.session.execute(
        select(Membership, Agency.name)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(
            Membership.user_id == user.id,
            Membership.started_on <= until,
            Membership.ended_on.is_(None) | (Membership.ended_on > since),
            below(paths),
        )
        .order_by(Membership.started_on, Membership.id)
    )
    grants = db.session.execute(
        select(RoleGrant, Agency.name)
        .outerjoin(Agency, Agency.id == RoleGrant.agency_id)
        .where(
            RoleGrant.user_id == user.id,
            RoleGrant.granted_at < between.end,
            RoleGrant.revoked_at.is_(None) | (RoleGrant.revoked_at > between.start),
            RoleGrant.until.is_(None) | (RoleGrant.until > between.start),
            below(paths),
        )
        .order_by(RoleGrant.granted_at, RoleGrant.id)
    )
    return {
        "number": user.id,
        "name": user.name,
        "printed_name": user.printed_name,
        "email": user.email,
        "account_since": moment(user.created_at),
        "places": [
            {
                "agency": agency,
                "discipline": place.discipline,
                "started_on": place.started_on.isoformat(),
                "ended_on": place.ended_on.isoformat() if place.ended_on and place.ended_on <= until else None,
            }
            for place, agency in places
        ],
        "roles": [
            {
                "role": grant.role,
                "over": agency,
                "granted_at": moment(grant.granted_at),
                "until": moment(grant.until),
                "revoked_at": moment(between.told(grant.revoked_at)),
            }
            for grant, agency in grants
        ],
    }


def certificates_in(user_id: int, between: Between, paths: tuple[str, ...] | None) -> list[Certificate]:
    """The certificates that were issued, or stood, at some moment between."""
    query = (
        select(Certificate)
        .outerjoin(Agency, Agency.id == Certificate.agency_id)
        .where(
            Certificate.user_id == user_id,
            Certificate.issued_at < between.end,
            or_(
                Certificate.issued_at >= between.start,
                and_(
                    Certificate.expires_at.is_(None) | (Certificate.expires_at > between.start),
                    Certificate.revoked_at.is_(None) | (Certificate.revoked_at > between.start),
                ),
            ),
            below(paths),
        )
        .order_by(Certificate.issued_at, Certificate.id)
    )
    return list(db.session.scalars(query))


def certificate_line(certificate: Certificate, between: Between) -> dict[str, Any]:
    """A certificate as printed, where it stood after the last day, what was changed when and why, and every PDF's hash.

    A later revocation or replacement is told too, as such: whoever reads the record must not take it for valid.
    """
    facts = CertificateFacts.from_json(certificate.facts)
    successor = None
    if certificate.superseded_by_id is not None:
        successor = db.session.get(Certificate, certificate.superseded_by_id)
    superseded_at = _superseded_at(certificate, successor) if successor is not None else None
    events = db.session.scalars(
        select(AuditEvent)
        .where(AuditEvent.subject_kind == "certificate", AuditEvent.subject_id == certificate.id)
        .order_by(AuditEvent.id)
    ).all()
    hashes = list(
        db.session.scalars(
            select(IssuedDocument.sha256)
            .where(IssuedDocument.certificate_id == certificate.id)
            .order_by(IssuedDocument.id)
        )
    )
    return {
        "code": certificate.code,
        "kind": certificate.kind,
        "cycle": certificate.cycle,
        "issued_at": moment(certificate.issued_at),
        "valid_from": moment(certificate.valid_from),
        "expires_at": moment(certificate.expires_at),
        "printed": facts.to_json(),
        "status_after_last_day": _status_at_end(certificate, superseded_at, between),
        "revoked_at": moment(certificate.revoked_at),
        "revoked_reason": certificate.revoked_reason,
        "superseded_by": successor.code if successor is not None else None,
        "superseded_at": moment(superseded_at),
        "changes": [
            {"at": moment(one.at), "action": one.action, "reason": one.reason}
            for one in events
            if one.action != "certificate.redrawn"
        ],
        "document_hashes": hashes,
    }


def _superseded_at(certificate: Certificate, successor: Certificate) -> datetime:
    """When the other one took its place: with the change that made that one, or when the change that had made this one
    was undone. That other one may well be the older of the two."""
    changes = db.session.scalars(
        select(CertificateChange).where(
            or_(
                and_(
                    CertificateChange.certificate_id == certificate.id,
                    CertificateChange.new_certificate_id == successor.id,
                    CertificateChange.state == "done",
                ),
                and_(
                    CertificateChange.certificate_id == successor.id,
                    CertificateChange.new_certificate_id == certificate.id,
                    CertificateChange.state == "undone",
                ),
            )
        )
    )
    moments = [one.at if one.state == "done" else one.undone_at for one in changes]
    return max((one for one in moments if one is not None), default=successor.issued_at)


def _status_at_end(certificate: Certificate, superseded_at: datetime | None, between: Between) -> str:
    if certificate.revoked_at is not None and between.told(certificate.revoked_at):
        return "revoked"
    if between.told(superseded_at):
        return "superseded"
    plain = Certificate(
        valid_from=certificate.valid_from, expires_at=certificate.expires_at, revoked_at=None, superseded_by_id=None
    )
    return status_of(plain, between.end)


def audit_in(
    user_id: int, between: Between, certificate_ids: Iterable[int], paths: tuple[str, ...] | None
) -> tuple[list[dict[str, Any]], bool]:
    """What the audit says of the person and by the person, the oldest first; and whether that is all.

    Reasons are told where the deed was about this person; of what the person did to others only what it was.
    """
    enrollments = select(Enrollment.id).where(Enrollment.user_id == user_id)
    trainings = select(ExternalTraining.id).where(ExternalTraining.user_id == user_id)
    mine = or_(
        and_(AuditEvent.subject_kind == "user", AuditEvent.subject_id == user_id),
        and_(AuditEvent.subject_kind == "enrollment", AuditEvent.subject_id.in_(enrollments)),
        and_(AuditEvent.subject_kind == "certificate", AuditEvent.subject_id.in_(list(certificate_ids))),
        and_(AuditEvent.subject_kind == "training", AuditEvent.subject_id.in_(trainings)),
    )
    query = (
        select(AuditEvent, User.name, mine.label("is_mine"))
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .where(AuditEvent.at >= between.start, AuditEvent.at < between.end, or_(mine, AuditEvent.actor_id == user_id))
        .order_by(AuditEvent.id)
        .limit(MOST_EVENTS + 1)
    )
    if paths is not None:
        query = query.where(AuditEvent.agency_id.in_(select(Agency.id).where(below(paths))))
    rows = db.session.execute(query).all()
    events = [
        {
            "number": event.id,
            "at": moment(event.at),
            "action": event.action,
            "by": name,
            "by_number": event.actor_id,
            "about": event.subject_kind,
            "about_number": event.subject_id,
            "reason": event.reason if is_mine else None,
        }
        for event, name, is_mine in rows[:MOST_EVENTS]
    ]
    return events, len(rows) <= MOST_EVENTS
