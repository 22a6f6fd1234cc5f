"""Taking back what an import did to licenses; what their holder or a later list has changed since stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from sqlalchemy import select

from lms.certification.credit_models import CreditLine
from lms.database import db
from lms.errors import N_
from lms.importing.licensing import facts_of
from lms.importing.taking_back import CHANGED_SINCE, HAS_JOINED, Facts, Kept, remove, subjects
from lms.people.audit import note
from lms.people.importing.models import ImportChange
from lms.people.models import License

PRINTED = N_("Hours of a certificate go by this license since. It stays.")


def _licenses_added(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    licenses, kept, gone = subjects(License, changes), {}, []
    used = set(db.session.scalars(select(CreditLine.license_id).where(CreditLine.license_id.in_(list(licenses)))))
    for change in changes:
        license = licenses.get(change.subject_id or 0)
        if license is None:
            continue
        if facts.has_joined(change):
            kept[change.id] = HAS_JOINED
        elif license.id in used:
            kept[change.id] = PRINTED
        elif license.is_printed or not _is_as_left(license, change, change.detail):
            kept[change.id] = CHANGED_SINCE
        else:
            gone.append(license.id)
            _note("license.import-undone", license, facts)
    remove(License, gone)
    return kept


def _licenses_changed(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    licenses, kept = subjects(License, changes), {}
    ids = {license.user_id for license in licenses.values()}
    held = db.session.execute(
        select(License.user_id, License.board, License.state, License.number, License.id).where(
            License.user_id.in_(ids), License.ended_at.is_(None)
        )
    )
    taken = {tuple(row[:4]): row[4] for row in held}
    for change in changes:
        license = licenses.get(change.subject_id or 0)
        if license is None:
            continue
        before = change.detail["before"]
        key = (license.user_id, license.board, license.state, before["number"])
        if not _is_as_left(license, change, change.detail["after"]) or taken.get(key, license.id) != license.id:
            kept[change.id] = CHANGED_SINCE
            continue
        day = before["expires_on"]
        license.number, license.expires_on = before["number"], date.fromisoformat(day) if day else None
        taken[key] = license.id
        _note("license.restored", license, facts)
    db.session.flush()
    return kept


def _is_as_left(license: License, change: ImportChange, said: Mapping[str, object]) -> bool:
    """Whether a license is the same person's still, goes on, and says what the import made it say."""
    return license.user_id == change.user_id and license.ended_at is None and facts_of(license) == dict(said)


def _note(action: str, license: License, facts: Facts) -> None:
    note(
        action, "user", license.user_id, actor_id=facts.row.asked_by_id, agency_id=facts.row.agency_id,
        license=license.id, board=license.board, import_id=facts.row.id,
    )  # fmt: skip


UNDO_LICENSES: dict[str, Callable[[Sequence[ImportChange], Facts], Kept]] = {
    "license-added": _licenses_added,
    "license-changed": _licenses_changed,
}
