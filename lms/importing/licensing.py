"""Giving the licenses of a staff list: one is added or changed, never another one removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select

from lms.database import db
from lms.errors import N_
from lms.importing.work import Work
from lms.people.audit import note
from lms.people.importing.license_matching import ADDS, CHANGES, Change, change_of
from lms.people.importing.licensed import Held, Licensed
from lms.people.importing.lookups import license_of
from lms.people.importing.models import ImportRow
from lms.people.models import License

OF_SOMEBODY_ELSE = N_("Somebody else has the license of this row since the check. Everything else was done.")
CHANGED = N_("The person's licenses have changed since the check: that of this row was not given. All else was done.")


def give_licenses(work: Work, rows: Sequence[ImportRow]) -> None:
    """The licenses of rows that were applied, in a fixed number of queries to read. The caller commits."""
    given = [(row, one) for row in rows if row.user_id is not None and (one := license_of(row)) is not None]
    if not given:
        return
    mine = _held({row.user_id for row, _one in given if row.user_id})
    holders = {key: {person.id for person in people} for key, people in work.known.holders.items()}
    new: list[tuple[ImportRow, License]] = []
    for row, said in given:
        user_id = row.user_id or 0
        person = work.known.by_id.get(user_id)
        change = change_of(said, _as_held(mine[user_id]), is_theirs=bool(person and person.has_account))
        if holders.get(said.key, set()) - {user_id}:
            work.problems.append((row.name, OF_SOMEBODY_ELSE))
            continue
        holders.setdefault(said.key, set()).add(user_id)
        if change.is_problem:
            work.problems.append((row.name, CHANGED))
        elif change.kind == ADDS:
            license = _added(work, user_id, said)
            mine[user_id].append(license)
            new.append((row, license))
        elif change.kind == CHANGES:
            _change(work, row, mine[user_id][change.license_id or 0], change)
    db.session.flush()
    for row, license in new:
        work.change("license-added", license.user_id, license.id, **facts_of(license))
        _note(work, row, "license.added", license)


def facts_of(license: License) -> dict[str, Any]:
    """What an import writes of a license, as it is kept for the undo."""
    return {"number": license.number, "expires_on": license.expires_on.isoformat() if license.expires_on else None}


def _held(user_ids: Collection[int]) -> dict[int, list[License]]:
    found: dict[int, list[License]] = defaultdict(list)
    query = select(License).where(License.user_id.in_(user_ids), License.ended_at.is_(None))
    for license in db.session.scalars(query.order_by(License.id).with_for_update()):
        found[license.user_id].append(license)
    return found


def _as_held(licenses: Sequence[License]) -> list[Held]:
    """With their places in the list for ids: those that this piece adds have none yet."""
    return [Held(at, one.board, one.state, one.number, one.expires_on) for at, one in enumerate(licenses)]


def _added(work: Work, user_id: int, said: Licensed) -> License:
    """Which one is printed is for its holder to say."""
    license = License(
        user_id=user_id, board=said.board, state=said.state, number=said.number, expires_on=said.expires_on,
        is_printed=False, added_at=work.now,
    )  # fmt: skip
    db.session.add(license)
    return license


def _change(work: Work, row: ImportRow, license: License, change: Change) -> None:
    is_here = license.id is not None
    before = facts_of(license)
    license.number, license.expires_on = change.number, change.expires_on
    if is_here:
        work.change("license-changed", license.user_id, license.id, before=before, after=facts_of(license))
        _note(work, row, "license.changed", license)


def _note(work: Work, row: ImportRow, action: str, license: License) -> None:
    note(
        action, "user", license.user_id, actor_id=work.row.asked_by_id, agency_id=row.agency_id, license=license.id,
        board=license.board, import_id=work.row.id,
    )  # fmt: skip
