"""Who is looking: told to PostgreSQL at the beginning of every transaction, for that transaction only.

A transaction of which nobody said who looks sees no people at all. What was said lives on the session, and so ends with
the request; nothing is ever set on a connection for longer than its transaction, so that a pooled one keeps nothing.
SQLite has no such wall: there the query layer (`lms.access`) is the only one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms.database import LmsSession, db

EVERYWHERE = "*"
"""In place of paths: every agency, and whoever belongs to none."""

TELL = (
    "SELECT set_config('lms.mode', %s, true), set_config('lms.viewer', %s, true),"
    " set_config('lms.people', %s, true), set_config('lms.teams', %s, true)"
)
"""The third argument makes each value end with the transaction (SET LOCAL takes no parameters)."""

_SIGHT = "lms_sight"
_TOLD = "lms_sight_told_to"


@dataclass(frozen=True, slots=True)
class Sight:
    """What a transaction may see. `people` and `teams` hold paths of subtrees parted by spaces, or EVERYWHERE."""

    mode: str = ""
    viewer_id: int | None = None
    people: str = ""
    teams: str = ""


NOBODY = Sight()
"""Nothing of anybody: strangers, and whatever forgot to say who looks."""

SYSTEM = Sight("system")
"""Everything: finding out who somebody is, commands, the worker, and every transaction that writes."""

VERIFICATION = Sight("verification")
"""Certificates and the links to them, for whoever brought a code, a file or a link; no people."""

_ambient: ContextVar[Sight] = ContextVar("lms_ambient_sight", default=NOBODY)


def viewer_sight(viewer_id: int, people: tuple[str, ...] | None, teams: tuple[str, ...] | None) -> Sight:
    """What a person sees: themselves, people below the paths, teams below the paths; None means everywhere."""
    return Sight("viewer", viewer_id, _paths(people), _paths(teams))


def _paths(paths: tuple[str, ...] | None) -> str:
    return EVERYWHERE if paths is None else " ".join(paths)


def see(sight: Sight) -> None:
    """From here on, in this request, reading transactions see as `sight`; an open one from its next statement on."""
    session = db.session()
    session.info[_SIGHT] = sight
    _tell_again(session)


@contextmanager
def looking_as(sight: Sight) -> Iterator[None]:
    """Within the block, reading transactions see as `sight`. Few places may; each says why."""
    session = db.session()
    before = session.info.get(_SIGHT)
    session.info[_SIGHT] = sight
    _tell_again(session)
    try:
        yield
    finally:
        if before is None:
            session.info.pop(_SIGHT, None)
        else:
            session.info[_SIGHT] = before
        _tell_again(session)


@contextmanager
def standing_as(sight: Sight) -> Iterator[None]:
    """Outside of requests: what sessions that say nothing of their own see in this thread. For commands."""
    token = _ambient.set(sight)
    try:
        yield
    finally:
        _ambient.reset(token)


def sight_of_session(session: Session) -> Sight:
    """What the next statement of a session may see.

    A transaction that writes sees everything: what follows from a deed (a team's certificate, a mail, the note in the
    audit trail) reaches people whom the one who did it may not see, and its services ask `require_over` themselves.
    """
    if session.info.get("writing"):
        return SYSTEM
    found: Sight | None = session.info.get(_SIGHT)
    return _ambient.get() if found is None else found


@event.listens_for(LmsSession, "after_begin")
def tell(session: Session, transaction: object, connection: Connection) -> None:
    """Tell PostgreSQL who looks, before the first statement of the transaction can ask anything."""
    if connection.dialect.name != "postgresql":
        return
    session.info[_TOLD] = connection
    sight = sight_of_session(session)
    if sight != NOBODY:  # unset is nothing already, and most pages of strangers read no people
        _send(connection, sight)


def _tell_again(session: Session) -> None:
    connection: Any = session.info.get(_TOLD)
    if connection is None or connection.closed or not connection.in_transaction():
        return
    try:
        _send(connection, sight_of_session(session))
    except DBAPIError:
        # A transaction that failed cannot be told; it ends here, and the next one is told as it begins.
        session.rollback()


def _send(connection: Connection, sight: Sight) -> None:
    viewer = "" if sight.viewer_id is None else str(sight.viewer_id)
    connection.exec_driver_sql(TELL, (sight.mode, viewer, sight.people, sight.teams))
