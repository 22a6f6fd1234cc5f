"""Holders who correct their printed name: a slip of the pen at once, anything more once somebody has looked at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from lms.certification.change_models import CertificateChange
from lms.certification.change_plans import Plan, plan_rename
from lms.certification.changing import checked_reason, hold, make, note_change
from lms.certification.models import Certificate
from lms.certification.near_names import is_near
from lms.database import db
from lms.errors import N_, Conflict, Overtaken

ALONE_DAYS = 365
"""A holder corrects the spelling alone once in so many days; the same name on further certificates counts as once."""

MOST_WAITING = 200


def may_alone(certificate: Certificate, plan: Plan, now: datetime) -> bool:
    """Whether the holder's correction needs nobody: near to what is printed, and the only one of its year."""
    name = plan.after["name"]
    if not is_near(plan.before["name"], name):
        return False
    earlier = db.session.execute(
        select(CertificateChange.after, CertificateChange.certificate_id, CertificateChange.new_certificate_id).where(
            CertificateChange.kind == "rename",
            CertificateChange.actor_id == certificate.user_id,
            CertificateChange.decided_by_id.is_(None),
            CertificateChange.state.in_(("done", "undone")),
            CertificateChange.at > now - timedelta(days=ALONE_DAYS),
        )
    ).all()
    return all(after["name"] == name and certificate.id not in (old, new) for after, old, new in earlier)


def ask(certificate: Certificate, name: str, reason: str, *, now: datetime) -> CertificateChange:
    """The holder's correction: done, or put before the administrators. The caller commits and holds the row.

    Raises Invalid and Conflict as `plan_rename`, and Conflict where a wish is waiting already.
    """
    assert certificate.user_id is not None
    plan, reason = plan_rename(certificate, name), checked_reason(reason)
    refuse_waiting(certificate.id)
    if may_alone(certificate, plan, now):
        return make(certificate, plan, reason, actor_id=certificate.user_id, now=now)
    change = CertificateChange(
        certificate_id=certificate.id,
        kind="rename",
        state="waiting",
        reason=reason,
        before=dict(plan.before),
        after=dict(plan.after),
        actor_id=certificate.user_id,
        at=now,
    )
    db.session.add(change)
    db.session.flush()
    note_change(change, certificate, "certificate.name-asked", certificate.user_id, reason)
    return change


def decide(change: CertificateChange, *, approve: bool, reason: str, actor_id: int, now: datetime) -> CertificateChange:
    """Approve or refuse a wish. The caller commits. Raises Conflict for one's own and for one that was decided."""
    reason = checked_reason(reason)
    db.session.refresh(change, with_for_update=True)
    if change.state != "waiting":
        raise Overtaken(N_("Somebody has decided this already."))
    certificate = hold(change.certificate_id)
    if certificate.user_id == actor_id:
        raise Conflict(N_("Somebody else has to decide on your own name."))
    if not approve:
        change.state, change.decided_at, change.decided_by_id, change.decided_reason = "refused", now, actor_id, reason
        note_change(change, certificate, "certificate.name-refused", actor_id, reason)
        return change
    plan = plan_rename(certificate, change.after["name"])
    asked_at = change.at
    change.decided_at, change.decided_by_id, change.decided_reason = now, actor_id, reason
    done = make(certificate, plan, change.reason, actor_id=change.actor_id, now=now, request=change)
    note_change(done, certificate, "certificate.name-approved", actor_id, reason, asked_at=asked_at.isoformat())
    return done


def refuse_waiting(certificate_id: int) -> None:
    """Raises Conflict where a wish waits for a certificate already."""
    waiting = select(CertificateChange.id).where(
        CertificateChange.certificate_id == certificate_id, CertificateChange.state == "waiting"
    )
    if db.session.scalar(waiting) is not None:
        raise Conflict(N_("You have asked for another name already. An administrator will look at it."))


def waiting_in(scope: ColumnElement[bool]) -> Sequence[tuple[CertificateChange, Certificate]]:
    """Wishes that wait, of certificates that the condition lets through, the oldest first."""
    rows: Any = db.session.execute(
        select(CertificateChange, Certificate)
        .join(Certificate, Certificate.id == CertificateChange.certificate_id)
        .where(CertificateChange.state == "waiting", scope)
        .order_by(CertificateChange.id)
        .limit(MOST_WAITING)
    )
    return [(change, certificate) for change, certificate in rows]


def count_waiting(scope: ColumnElement[bool], but_of: int) -> int:
    """How many wishes wait of certificates that the condition lets through; one's own are for somebody else."""
    return (
        db.session.scalar(
            select(func.count(CertificateChange.id))
            .join(Certificate, Certificate.id == CertificateChange.certificate_id)
            .where(CertificateChange.state == "waiting", CertificateChange.actor_id != but_of, scope)
        )
        or 0
    )
