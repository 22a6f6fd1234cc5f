"""Changes to an award that leave it as it was: revoked, or replaced by a new row; each with a reason, each undone once.

A code answers for ever: an award that was replaced names the one that stands in its place, also where that is the older
of the two because the change was undone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from lms.certification import awards, credit
from lms.certification.change_models import WITH_ITS_RECORD, CertificateChange
from lms.certification.change_plans import Plan, has_fallen_evidence, line_of_rows
from lms.certification.codes import new_code
from lms.certification.models import Certificate, Evidence
from lms.certification.standing import stands
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people import audit

UNDO_DAYS = 7
COPIED = (
    "kind", "user_id", "agency_id", "discipline", "course_id", "version_id", "attempt_id", "attempt_passed",
    "certification_id", "certification_version_id", "evidence_certificate_id", "evidence_training_id",
    "team_cohort_id", "cycle", "language", "completed_on", "valid_from", "expires_at", "is_name_hidden",
)  # fmt: skip
"""What a row takes over from the one that it replaces; its code, facts, moment of issue and PDF are its own."""


def make(
    certificate: Certificate,
    plan: Plan,
    reason: str,
    *,
    actor_id: int,
    now: datetime,
    request: CertificateChange | None = None,
) -> CertificateChange:
    """Do what was planned: a new row in the place of the old one. `request` is the wish that it fulfils, if it is one.

    The caller commits, and holds the certificate's row (`hold`) since before it planned.
    """
    change = request or CertificateChange(
        certificate_id=certificate.id, kind=plan.kind, reason=checked_reason(reason), actor_id=actor_id
    )
    new = _put_in_place(certificate, plan, now)
    change.before, change.after = dict(plan.before), dict(plan.after)
    change.state, change.at, change.undo_until = "done", now, now + timedelta(days=UNDO_DAYS)
    change.new_certificate_id = new.id
    db.session.add(change)
    db.session.flush()
    _close_requests(certificate.id, actor_id, now)
    note_change(change, certificate, "certificate.replaced", actor_id, change.reason)
    return change


def revoke(
    certificate: Certificate, reason: str, *, actor_id: int, now: datetime, with_its_record: bool = False
) -> CertificateChange:
    """Revoke an award (see `awards.revoke`), with the row by which that is undone. `with_its_record`: only because a
    record that it rested on was taken back. The caller commits."""
    awards.revoke(certificate, reason, actor_id, now)
    change = CertificateChange(
        certificate_id=certificate.id,
        kind="revoke",
        state="done",
        reason=reason.strip(),
        before={"status": "standing"},
        after={"status": "revoked", **({WITH_ITS_RECORD: True} if with_its_record else {})},
        actor_id=actor_id,
        at=now,
        undo_until=now + timedelta(days=UNDO_DAYS),
    )
    db.session.add(change)
    _close_requests(certificate.id, actor_id, now)
    db.session.flush()
    return change


def undo(change: CertificateChange, reason: str, *, actor_id: int, now: datetime) -> Certificate:
    """Take a change back; the certificate that stands again. The caller commits.

    Raises Invalid without a reason; Conflict where it is too late, was undone, something newer rests on it, or what it
    rests on has fallen; and for one's own award, but for a spelling that its holder corrected alone.
    """
    reason = checked_reason(reason)
    db.session.refresh(change, with_for_update=True)
    # Held before they are looked at: a revocation that is under way must not be undone with it, unseen.
    certificate = hold(change.certificate_id)
    new = hold(change.new_certificate_id) if change.new_certificate_id is not None else None
    if (problem := why_not_undo(change, now)) is not None:
        raise Conflict(problem)
    if certificate.user_id == actor_id and not is_own_spelling(change, actor_id):
        raise Conflict(N_("Somebody else has to change your own certificate."))
    if new is None:
        if has_fallen_evidence(certificate):
            raise Conflict(N_("What this certification rests on does not count any more. Bring that back first."))
        certificate.revoked_at, certificate.revoked_reason = None, None
    else:
        # Two steps: a unique index lets only one row of a cycle stand, at every moment.
        new.superseded_by_id = certificate.id
        db.session.flush()
        certificate.superseded_by_id = None
        _close_requests(new.id, actor_id, now)
    change.state, change.undone_at, change.undone_by_id, change.undone_reason = "undone", now, actor_id, reason
    note_change(change, certificate, "certificate.change-undone", actor_id, reason)
    db.session.flush()
    return certificate


def is_own_spelling(change: CertificateChange, user_id: int) -> bool:
    """Whether a holder corrected the name alone, with nobody to approve it."""
    return change.kind == "rename" and change.actor_id == user_id and change.decided_by_id is None


def why_not_undo(change: CertificateChange, now: datetime) -> str | None:
    """Why a change cannot be undone (now, or any more); None where it can."""
    if change.state != "done" or change.undo_until is None:
        return N_("This change was undone already.") if change.state == "undone" else N_("Nothing was changed yet.")
    if now >= change.undo_until:
        return N_("A change can be undone for 7 days. After that, make a new one.")
    standing_id = change.certificate_id if change.kind == "revoke" else change.new_certificate_id
    standing = db.session.get_one(Certificate, standing_id, populate_existing=True)
    is_last = standing.superseded_by_id is None and (standing.revoked_at is None or change.kind == "revoke")
    if not is_last:
        return N_("The certificate was changed again since. Undo the newer change first.")
    if change.kind == "extend" and _is_renewed_since(standing, change.at):
        return N_("A renewal was counted from this end since. Revoke the renewal first.")
    return None


def _is_renewed_since(certificate: Certificate, moment: datetime | None) -> bool:
    """Whether the next award of the same, whose end goes by this one's, was issued since and stands."""
    later = select(Certificate.id).where(
        Certificate.user_id == certificate.user_id,
        Certificate.kind == certificate.kind,
        Certificate.course_id.is_not_distinct_from(certificate.course_id),
        Certificate.certification_id.is_not_distinct_from(certificate.certification_id),
        Certificate.cycle > certificate.cycle,
        Certificate.issued_at >= moment,
        stands(),
    )
    return db.session.scalar(later.limit(1)) is not None


def hold(certificate_id: int) -> Certificate:
    """The certificate, locked until the end of the transaction, as it is now."""
    found: Certificate = db.session.scalars(
        select(Certificate)
        .where(Certificate.id == certificate_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    return found


def find_change(certificate: Certificate, change_id: int) -> CertificateChange:
    """A change of a certificate, or of one before or after it in its line. Raises NotFound."""
    change = db.session.get(CertificateChange, change_id)
    if change is None or change.certificate_id not in line_of_rows(certificate.id):
        raise NotFound(N_("There is nothing here that you may see."))
    return change


def history_of(certificate_id: int) -> list[CertificateChange]:
    """Every change of a certificate and of those before and after it in its line, the newest first."""
    return list(
        db.session.scalars(
            select(CertificateChange)
            .where(CertificateChange.certificate_id.in_(line_of_rows(certificate_id)))
            .order_by(CertificateChange.id.desc())
        )
    )


def checked_reason(reason: str) -> str:
    """Raises Invalid where there is none."""
    reason = reason.strip()
    if not reason:
        raise Invalid(N_("Say why."), "reason")
    return reason


def _put_in_place(old: Certificate, plan: Plan, now: datetime) -> Certificate:
    """The new row. While both are there each says that the other one stands: a unique index lets only one do so."""
    facts = replace(plan.facts, code=new_code())
    new = Certificate(
        **{**{name: getattr(old, name) for name in COPIED}, **plan.columns},
        code=facts.code,
        facts={**old.facts, **facts.to_json()},
        issued_at=now,
        superseded_by_id=old.id,
    )
    db.session.add(new)
    db.session.flush()
    old.superseded_by_id = new.id
    db.session.flush()
    new.superseded_by_id = None
    credit.copy_lines(old, new, facts)
    credit.write_lines(new, plan.granted)
    for source in db.session.scalars(select(Evidence).where(Evidence.certificate_id == old.id)).all():
        values = {one.name: getattr(source, one.name) for one in Evidence.__table__.columns if one.name != "id"}
        db.session.add(Evidence(**{**values, "certificate_id": new.id}))
    db.session.flush()
    return new


def _close_requests(certificate_id: int, actor_id: int, now: datetime) -> None:
    """A wish for another name cannot wait for a certificate that has changed: it is asked for anew."""
    waiting = db.session.scalars(
        select(CertificateChange).where(
            CertificateChange.certificate_id == certificate_id, CertificateChange.state == "waiting"
        )
    )
    for one in waiting:
        one.state, one.decided_at, one.decided_by_id = "refused", now, actor_id
        one.decided_reason = N_("The certificate was changed meanwhile. Ask again for the one that stands.")


def note_change(
    change: CertificateChange, certificate: Certificate, action: str, actor_id: int, reason: str, **detail: Any
) -> None:
    """Note in the audit what was done with a change, or with the wish for one."""
    db.session.flush()
    audit.note(
        action,
        "certificate",
        certificate.id,
        actor_id=actor_id,
        agency_id=certificate.agency_id,
        reason=reason,
        kind=change.kind,
        change_id=change.id,
        new_certificate_id=change.new_certificate_id,
        **detail,
    )
