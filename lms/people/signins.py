"""Sign-ins: sessions in the database, and who a session's viewer is, in one query."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, String, and_, bindparam, select, update

from lms.clock import utc_now
from lms.database import UtcDateTime, count_changed, db
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership, RoleGrant, User, UserSession, grant_holds
from lms.people.viewer import Grant, Place, Viewer

NOTE_SEEN_AFTER = timedelta(minutes=5)
"""A request notes `last_seen_at` only when the last note is older: one write in five minutes, not one a page."""


@dataclass(frozen=True, slots=True)
class FoundSession:
    data: dict[str, Any]
    viewer: Viewer


def token_hash(token: str) -> str:
    """SHA-256, in hex: tokens are 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin_session(
    user_id: int, *, hours: int, agent: str, data: dict[str, Any] | None = None, is_two_factor: bool = False
) -> str:
    """A new sign-in; returns the token for the cookie, which is not kept. The caller commits."""
    token = secrets.token_urlsafe(32)
    now = utc_now()
    db.session.add(
        UserSession(
            user_id=user_id,
            token_hash=token_hash(token),
            data={"csrf_token": hashlib.sha256(secrets.token_bytes(64)).hexdigest(), **(data or {})},
            created_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(hours=hours),
            agent=agent[:200],
            proven_at=now,
            is_two_factor=is_two_factor,
        )
    )
    db.session.execute(update(User).where(User.id == user_id).values(last_seen_at=now))
    return token


def renew_session(session_id: int, *, is_two_factor: bool | None = None) -> str:
    """The person has proven anew who they are: a new token in the place of the old one. The caller commits.

    `is_two_factor` None leaves what was known of it.
    """
    token = secrets.token_urlsafe(32)
    values: dict[str, Any] = {"token_hash": token_hash(token), "proven_at": utc_now()}
    if is_two_factor is not None:
        values["is_two_factor"] = is_two_factor
    db.session.execute(
        update(UserSession).where(UserSession.id == session_id, UserSession.ended_at.is_(None)).values(**values)
    )
    return token


# Tables instead of classes: rows that need no identity cost half as much.
_sessions, _users, _places = UserSession.__table__, User.__table__, Membership.__table__
_agencies, _grants = Agency.__table__, RoleGrant.__table__
_ruled = _agencies.alias()
_FIND_SESSION = (
    select(
        _sessions.c.id,
        _sessions.c.data,
        _sessions.c.created_at,
        _sessions.c.last_seen_at,
        _users.c.id,
        _users.c.name,
        _users.c.email,
        _users.c.language,
        _users.c.is_demo,
        _places.c.id,
        _places.c.agency_id,
        _agencies.c.name,
        _agencies.c.path,
        _places.c.discipline,
        _grants.c.id,
        _grants.c.role,
        _grants.c.agency_id,
        _ruled.c.path,
        _sessions.c.proven_at,
        _sessions.c.is_two_factor,
    )
    .select_from(_sessions)
    .join(_users, _users.c.id == _sessions.c.user_id)
    .outerjoin(
        _places,
        and_(
            _places.c.user_id == _users.c.id,
            holds_on(bindparam("day", type_=Date())),
        ),
    )
    .outerjoin(_agencies, _agencies.c.id == _places.c.agency_id)
    .outerjoin(
        _grants,
        and_(
            _grants.c.user_id == _users.c.id,
            _grants.c.revoked_at.is_(None),
            _grants.c.until.is_(None) | (_grants.c.until > bindparam("now", type_=UtcDateTime())),
        ),
    )
    .outerjoin(_ruled, _ruled.c.id == _grants.c.agency_id)
    .where(
        _sessions.c.token_hash == bindparam("token_hash", type_=String()),
        _sessions.c.ended_at.is_(None),
        _sessions.c.expires_at > bindparam("now", type_=UtcDateTime()),
        _sessions.c.last_seen_at > bindparam("idle_since", type_=UtcDateTime()),
        _users.c.disabled_at.is_(None),
    )
    .order_by(_places.c.id, _grants.c.id)
)
"""Built once: every request of somebody signed in runs it, and building it cost more than running it."""


def find_session(token: str, *, idle_minutes: int, today: date | None = None) -> FoundSession | None:
    """The session and its viewer with places and grants that hold now, in one query; None when ended, expired, idle
    or disabled. `today` is the local day, for places that begin or end on it."""
    now = utc_now()
    values = {
        "token_hash": token_hash(token),
        "now": now,
        "idle_since": now - timedelta(minutes=idle_minutes),
        "day": today or now.date(),
    }
    rows = db.session.execute(_FIND_SESSION, values).all()
    if not rows:
        return None
    first = rows[0]
    # Places and grants come as their product; each is told apart by its own id.
    places = {row[9]: Place(*row[10:14]) for row in rows if row[9] is not None}
    grants = {row[14]: Grant(*row[15:18]) for row in rows if row[14] is not None}
    viewer = Viewer(
        id=first[4],
        name=first[5],
        email=first[6],
        language=first[7],
        is_demo=first[8],
        places=tuple(places.values()),
        grants=tuple(grants.values()),
        session_id=first[0],
        signed_in_at=first[2],
        last_seen_at=first[3],
        proven_at=first[18],
        is_two_factor=first[19],
    )
    return FoundSession(dict(first[1]), viewer)


def current_grants(user_id: int, now: datetime) -> tuple[Grant, ...]:
    """The roles that a person has at this moment."""
    rows = db.session.execute(
        select(RoleGrant.role, RoleGrant.agency_id, Agency.path)
        .outerjoin(Agency, Agency.id == RoleGrant.agency_id)
        .where(
            RoleGrant.user_id == user_id,
            grant_holds(now),
        )
        .order_by(RoleGrant.id)
    ).all()
    return tuple(Grant(role, agency_id, path) for role, agency_id, path in rows)


def load_viewer(user_id: int, *, today: date | None = None) -> Viewer | None:
    """The viewer of a person without a session (commands, jobs, the plug-in); None when disabled or unknown."""
    user = db.session.get(User, user_id)
    if user is None or user.disabled_at is not None:
        return None
    now = utc_now()
    rows = db.session.execute(
        select(Membership.agency_id, Agency.name, Agency.path, Membership.discipline)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Membership.user_id == user_id, holds_on(today or now.date()))
        .order_by(Membership.id)
    ).all()
    return Viewer(
        id=user.id,
        name=user.name,
        email=user.email,
        language=user.language,
        is_demo=user.is_demo,
        places=tuple(Place(*row) for row in rows),
        grants=current_grants(user_id, now),
    )


def keep_session_data(token: str, data: dict[str, Any]) -> None:
    """Replace what the web keeps in a session. The caller commits."""
    now = utc_now()
    db.session.execute(
        update(UserSession).where(UserSession.token_hash == token_hash(token)).values(data=data, last_seen_at=now)
    )


def is_worth_noting(viewer: Viewer) -> bool:
    return viewer.last_seen_at is not None and utc_now() - viewer.last_seen_at > NOTE_SEEN_AFTER


def note_seen(token: str) -> None:
    """Note that a session was used just now. The caller commits."""
    db.session.execute(
        update(UserSession).where(UserSession.token_hash == token_hash(token)).values(last_seen_at=utc_now())
    )


def end_session(session_id: int, user_id: int) -> bool:
    """End one of a person's own sign-ins; whether there was one. The caller commits."""
    return bool(
        count_changed(
            update(UserSession)
            .where(UserSession.id == session_id, UserSession.user_id == user_id, UserSession.ended_at.is_(None))
            .values(ended_at=utc_now())
        )
    )


def end_all_sessions(user_id: int, *, but: int | None = None) -> None:
    """End a person's sign-ins everywhere, except the one named. The caller commits."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None), UserSession.id != (but or 0))
        .values(ended_at=utc_now())
    )


def list_sessions(user_id: int, *, idle_minutes: int) -> list[UserSession]:
    """The sign-ins of a person that are open now, the latest used first."""
    now = utc_now()
    return list(
        db.session.scalars(
            select(UserSession)
            .where(
                UserSession.user_id == user_id,
                UserSession.ended_at.is_(None),
                UserSession.expires_at > now,
                UserSession.last_seen_at > now - timedelta(minutes=idle_minutes),
            )
            .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
        )
    )
