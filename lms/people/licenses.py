"""Licenses: a person enters the licenses they hold, changes and ends them, and chooses one to print."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import or_, select, update

from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people.audit import note
from lms.people.models import License
from lms.people.names import MOST_LICENSES, checked_name

LONGEST_NUMBER = 64
NOWHERE: Mapping[str, str] = MappingProxyType({})
"""The states of boards that give licenses of one state alone, where the caller knows of none."""

_STATE = re.compile(r"[A-Z]{2}\Z")


def list_licenses(user_id: int) -> Sequence[License]:
    """A person's licenses that were not ended, the oldest first."""
    return db.session.scalars(
        select(License).where(License.user_id == user_id, License.ended_at.is_(None)).order_by(License.id)
    ).all()


def licenses_on(user_id: int, day: date) -> Sequence[License]:
    """Those that have not expired before a day."""
    return db.session.scalars(
        select(License)
        .where(
            License.user_id == user_id,
            License.ended_at.is_(None),
            or_(License.expires_on.is_(None), License.expires_on >= day),
        )
        .order_by(License.id)
    ).all()


def find_license(user_id: int, license_id: int) -> License:
    """A person's own license that was not ended. Raises NotFound."""
    license = db.session.get(License, license_id)
    if license is None or license.user_id != user_id or license.ended_at is not None:
        raise NotFound(N_("There is nothing here that you may see."))
    return license


def add_license(
    user_id: int,
    *,
    board: str,
    state: str,
    number: str,
    expires_on: date | None,
    is_printed: bool,
    boards: Collection[str],
    states: Mapping[str, str] = NOWHERE,
    now: datetime,
) -> License:
    """A further license of a person; `boards` are the ids that exist. The caller commits. Raises Invalid, Conflict."""
    if len(list_licenses(user_id)) >= MOST_LICENSES:
        raise Conflict(N_("You have entered as many licenses as fit. End one first."))
    state, number = _checked(board, state, number, boards, states)
    _refuse_twin(user_id, board, state, number)
    if is_printed:
        _print_none(user_id)
    license = License(
        user_id=user_id,
        board=board,
        state=state,
        number=number,
        expires_on=expires_on,
        is_printed=is_printed,
        added_at=now,
    )
    db.session.add(license)
    db.session.flush()
    note("license.added", "user", user_id, actor_id=user_id, license=license.id, board=board)
    return license


def change_license(
    user_id: int,
    license_id: int,
    *,
    board: str,
    state: str,
    number: str,
    expires_on: date | None,
    is_printed: bool,
    boards: Collection[str],
    states: Mapping[str, str] = NOWHERE,
) -> License:
    """Correct a license. Certificates keep what was printed on them. The caller commits. Raises Invalid, NotFound."""
    license = find_license(user_id, license_id)
    state, number = _checked(board, state, number, boards, states)
    _refuse_twin(user_id, board, state, number, but=license_id)
    if is_printed and not license.is_printed:
        _print_none(user_id)
    license.board, license.state, license.number = board, state, number
    license.expires_on, license.is_printed = expires_on, is_printed
    db.session.flush()
    note("license.changed", "user", user_id, actor_id=user_id, license=license.id, board=board)
    return license


def end_license(user_id: int, license_id: int, now: datetime) -> None:
    """From now on it brings no credit and is not printed. The caller commits. Raises NotFound."""
    license = find_license(user_id, license_id)
    license.ended_at, license.is_printed = now, False
    note("license.ended", "user", user_id, actor_id=user_id, license=license.id, board=license.board)


def _checked(
    board: str, state: str, number: str, boards: Collection[str], states: Mapping[str, str]
) -> tuple[str, str]:
    if board not in boards:
        raise Invalid(N_("Choose a board from the list."), "board")
    state, number = state.strip().upper(), checked_name(number, "number")
    if not _STATE.match(state):
        raise Invalid(N_("Enter the two letters of the state, such as MO."), "state")
    if states.get(board, state) != state:
        raise Invalid(N_("This board gives licenses of %(state)s only."), "state", state=states[board])
    if not number:
        raise Invalid(N_("Enter the number of the license."), "number")
    if len(number) > LONGEST_NUMBER:
        raise Invalid(N_("This number is too long: at most %(most)s characters fit."), "number", most=LONGEST_NUMBER)
    return state, number


def _refuse_twin(user_id: int, board: str, state: str, number: str, but: int | None = None) -> None:
    for one in list_licenses(user_id):
        if (one.board, one.state, one.number) == (board, state, number) and one.id != but:
            raise Invalid(N_("You have entered this license already."), "number")


def _print_none(user_id: int) -> None:
    """One at most is printed. At once, before another one is: an index stands behind it."""
    db.session.execute(update(License).where(License.user_id == user_id, License.is_printed).values(is_printed=False))
