"""Sharing with an agency where one works what was earned before or elsewhere, and taking it back; merged accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, select

from lms.certification.models import Certificate
from lms.certification.share_models import RecordShare
from lms.database import db
from lms.errors import N_, Conflict, NotFound
from lms.people.audit import note
from lms.people.memberships import current_memberships, holds_on
from lms.people.models import Membership
from lms.people.persons import Merging, Unmerging


def share(user_id: int, agency_id: int, certificate_id: int | None, *, day: date, now: datetime) -> RecordShare:
    """Let an agency where one works see one certificate, or all (None). Again is the same. The caller commits.

    Raises NotFound for somebody else's certificate, and for an agency where the person has no place today.
    """
    if agency_id not in {place.agency_id for place in current_memberships(user_id, day)}:
        raise NotFound(N_("There is nothing here that you may see."))
    if certificate_id is not None:
        certificate = db.session.get(Certificate, certificate_id)
        if certificate is None or certificate.user_id != user_id:
            raise NotFound(N_("There is nothing here that you may see."))
    held = db.session.scalars(
        select(RecordShare).where(
            RecordShare.user_id == user_id,
            RecordShare.agency_id == agency_id,
            RecordShare.certificate_id.is_(None)
            if certificate_id is None
            else RecordShare.certificate_id == certificate_id,
            RecordShare.ended_at.is_(None),
        )
    ).one_or_none()
    if held is not None:
        return held
    made = RecordShare(user_id=user_id, agency_id=agency_id, certificate_id=certificate_id, shared_at=now)
    db.session.add(made)
    note("record-share.made", "user", user_id, actor_id=user_id, agency_id=agency_id, certificate_id=certificate_id)
    return made


def take_back(user_id: int, share_id: int, *, now: datetime) -> None:
    """From now on the agency sees it no longer, unless it was earned there. The caller commits. Raises NotFound."""
    share = db.session.get(RecordShare, share_id)
    if share is None or share.user_id != user_id:
        raise NotFound(N_("There is nothing here that you may see."))
    if share.ended_at is not None:
        raise Conflict(N_("This was taken back already."))
    share.ended_at = now
    note("record-share.ended", "user", user_id, actor_id=user_id, agency_id=share.agency_id)


def open_shares(user_id: int) -> Sequence[RecordShare]:
    """What a person shares now, the newest first."""
    return db.session.scalars(
        select(RecordShare)
        .where(RecordShare.user_id == user_id, RecordShare.ended_at.is_(None))
        .order_by(RecordShare.id.desc())
    ).all()


def shares_all(user_id: int, agencies: Select[Any], day: date) -> bool:
    """Whether a person who has a place today in one of these agencies shares everything with it."""
    query = (
        select(RecordShare.id)
        .join(
            Membership,
            and_(Membership.user_id == RecordShare.user_id, Membership.agency_id == RecordShare.agency_id),
        )
        .where(
            RecordShare.user_id == user_id,
            RecordShare.certificate_id.is_(None),
            RecordShare.ended_at.is_(None),
            RecordShare.agency_id.in_(agencies),
            holds_on(day),
        )
        .limit(1)
    )
    return db.session.scalar(query) is not None


def merge_shares(merging: Merging) -> None:
    """What both accounts shared is shared by the one that stays; what both share whole with one agency, once."""
    whole = select(RecordShare).where(RecordShare.certificate_id.is_(None), RecordShare.ended_at.is_(None))
    theirs = {one.agency_id for one in db.session.scalars(whole.where(RecordShare.user_id == merging.kept_id))}
    for one in db.session.scalars(whole.where(RecordShare.user_id == merging.gone_id)).all():
        if one.agency_id in theirs:
            merging.put("lms_record_shares", one.id, "ended_at", merging.now)
    merging.move("lms_record_shares", "user_id")


def undo_shares(undoing: Unmerging, going: set[int]) -> None:
    """What was shared since, of certificates that go back, goes along with them."""
    moved = undoing.moved("lms_record_shares", "user_id")
    since = select(RecordShare.id).where(RecordShare.certificate_id.in_(going), RecordShare.id.not_in(moved))
    for share_id in db.session.scalars(since):
        undoing.following.append(("lms_record_shares", share_id, {"user_id": undoing.gone_id}))
