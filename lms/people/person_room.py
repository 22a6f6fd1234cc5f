"""What becomes of one person's account: two put together, erased; what both have in force is settled here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update

from lms.database import db
from lms.outbox import OutboxMessage
from lms.people.agency_models import JoinRequest
from lms.people.claims import CLAIMS
from lms.people.importing.models import KINDS_WITH_WORDS, Import, ImportChange, ImportRow, StaffRecord
from lms.people.models import Invitation, License, Membership, User, UserSession
from lms.people.person_models import PolicyAcceptance
from lms.people.persons import Erasing, Merging, PersonRoom, erase_claims, move_claims
from lms.people.providers.models import ProvisionedPerson
from lms.people.sealing import blank_reasons_about


def merge_person(merging: Merging) -> None:
    """Places, licenses and policies that both have are kept once in force; the other's row ends, and stays."""
    _end_double_places(merging)
    _end_double_licenses(merging)
    _end_ways_in(merging)
    _move_staff_records(merging)
    _move_requests(merging)
    _move_directories(merging)
    accepted = select(PolicyAcceptance.policy, PolicyAcceptance.version, PolicyAcceptance.text_hash)
    theirs = {tuple(row) for row in db.session.execute(accepted.where(PolicyAcceptance.user_id == merging.kept_id))}
    for one in db.session.scalars(select(PolicyAcceptance).where(PolicyAcceptance.user_id == merging.gone_id)).all():
        if (one.policy, one.version, one.text_hash) not in theirs:
            merging.put("lms_policy_acceptances", one.id, "user_id", merging.kept_id)
    move_claims(merging, CLAIMS)


def _end_double_places(merging: Merging) -> None:
    """Both work at one agency in one discipline: the place of the account that stays goes on, the other's ends today
    (on its first day, where it has not begun)."""
    held = select(Membership).where(Membership.ended_on.is_(None))
    theirs = {
        (one.agency_id, one.discipline) for one in db.session.scalars(held.where(Membership.user_id == merging.kept_id))
    }
    for one in db.session.scalars(held.where(Membership.user_id == merging.gone_id)).all():
        if (one.agency_id, one.discipline) in theirs:
            merging.put("lms_memberships", one.id, "ended_on", max(merging.today, one.started_on))


def _end_double_licenses(merging: Merging) -> None:
    """The same license twice: the one of the account that stays goes on. At most one is printed: that one's, too."""
    held = select(License).where(License.ended_at.is_(None))
    kept = db.session.scalars(held.where(License.user_id == merging.kept_id)).all()
    theirs = {(one.board, one.state, one.number) for one in kept}
    is_printed = any(one.is_printed for one in kept)
    for one in db.session.scalars(held.where(License.user_id == merging.gone_id)).all():
        is_double = (one.board, one.state, one.number) in theirs
        if one.is_printed and (is_printed or is_double):
            merging.put("lms_licenses", one.id, "is_printed", False)
        if is_double:
            merging.put("lms_licenses", one.id, "ended_at", merging.now)


def _move_staff_records(merging: Merging) -> None:
    """The staff ids of both; where both have one of the same employer each keeps its own, which is unique there."""
    theirs = set(db.session.scalars(select(StaffRecord.agency_id).where(StaffRecord.user_id == merging.kept_id)))
    for one in db.session.scalars(select(StaffRecord).where(StaffRecord.user_id == merging.gone_id)).all():
        if one.agency_id not in theirs:
            merging.put("lms_staff_records", one.id, "user_id", merging.kept_id)


def _move_requests(merging: Merging) -> None:
    """Places asked for; where both ask at one agency, the account that stays does."""
    is_open = JoinRequest.decided_at.is_(None)
    theirs = set(
        db.session.scalars(select(JoinRequest.agency_id).where(JoinRequest.user_id == merging.kept_id, is_open))
    )
    for one in db.session.scalars(select(JoinRequest).where(JoinRequest.user_id == merging.gone_id)).all():
        if one.decided_at is not None or one.agency_id not in theirs:
            merging.put("lms_join_requests", one.id, "user_id", merging.kept_id)


def _move_directories(merging: Merging) -> None:
    """What directories know; where one knows both accounts, each keeps its own."""
    known = select(ProvisionedPerson.agency_id).where(ProvisionedPerson.user_id == merging.kept_id)
    theirs = set(db.session.scalars(known))
    for one in db.session.scalars(select(ProvisionedPerson).where(ProvisionedPerson.user_id == merging.gone_id)).all():
        if one.agency_id not in theirs:
            merging.put("lms_provisioned_people", one.id, "user_id", merging.kept_id)


def _end_ways_in(merging: Merging) -> None:
    """Nobody signs in as the account that goes: open sign-ins end for good, undone or not."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.user_id == merging.gone_id, UserSession.ended_at.is_(None))
        .values(ended_at=merging.now)
    )


def erase_person(erasing: Erasing) -> None:
    """The account becomes a number; messages to the person go, places end, and what was typed about them in the audit
    goes. What they typed about others stays."""
    erase_claims(erasing, CLAIMS)
    blank_reasons_about("user", [erasing.user_id])
    user = db.session.get_one(User, erasing.user_id)
    if not erasing.is_final:
        if user.email:
            _forget_address(user.email)
        _forget_messages(user)
        _forget_rows(user)
        day = erasing.now.date()
        for place in db.session.scalars(
            select(Membership).where(
                Membership.user_id == user.id, or_(Membership.ended_on.is_(None), Membership.ended_on > day)
            )
        ).all():
            place.ended_on = max(day, place.started_on)
    user.name, user.email, user.certificate_name, user.password_hash = f"Erased person {user.id}", None, None, None
    user.email_verified_at = user.last_seen_at = None
    user.disabled_at, user.erased_at = user.disabled_at or erasing.now, user.erased_at or erasing.now
    db.session.flush()


def _forget_address(email: str) -> None:
    db.session.execute(update(Invitation).where(Invitation.email == email).values(email="", name=""))


def _forget_rows(user: User) -> None:
    """What is still kept of staff lists tells nothing of the person any more, but for the file itself."""
    is_theirs = or_(ImportRow.user_id == user.id, ImportRow.match_user_id == user.id)
    if user.email:
        is_theirs = or_(is_theirs, ImportRow.email == user.email)
    imports = set(db.session.scalars(select(ImportRow.import_id).where(is_theirs).distinct()))
    for row in db.session.scalars(select(Import).where(Import.removed_at.is_(None))).all():
        sample = row.facts.get("sample", [])
        words = {user.name, user.email}
        if sample and (row.id in imports or any(cell in words for cells in sample for cell in cells)):
            row.facts = {**row.facts, "sample": []}
    blank: dict[str, Any] = {"name": "", "name_key": "", "email": None, "number": None, "cells": None, "reason": {}}
    licensed = ("license_board", "license_state", "license_number", "license_key", "license_expires_on")
    blank |= dict.fromkeys(licensed)
    db.session.execute(update(ImportRow).where(is_theirs).values(blank))
    db.session.execute(
        delete(ImportChange).where(ImportChange.user_id == user.id, ImportChange.kind.in_(KINDS_WITH_WORDS))
    )


def _forget_messages(user: User) -> None:
    """Messages that wait for the person go; of those delivered, the address does."""
    for message in db.session.scalars(select(OutboxMessage).where(_is_to(user))).all():
        if message.delivered_at is None:
            db.session.delete(message)
        else:
            message.payload = {key: value for key, value in message.payload.items() if key not in ("to", "values")}
            message.last_error = None


def _is_to(user: User) -> ColumnElement[bool]:
    to_person: ColumnElement[bool] = OutboxMessage.payload["to_user_id"].as_integer() == user.id
    if not user.email:
        return to_person
    return or_(to_person, OutboxMessage.payload["to"].as_string() == user.email)


ROOM = PersonRoom(
    "people",
    CLAIMS,
    merge_person,
    erase_person,
    untouched={"lms_outbox_messages": "no foreign key; messages to a person go with the account, or lose its address"},
)
