"""Signing in and out: one place that checks, begins and ends sessions, and says where to go next."""

from __future__ import annotations

import ipaddress
import secrets
from typing import cast
from urllib.parse import urlsplit

from flask import g, request
from flask.globals import request_ctx
from werkzeug.exceptions import NotFound

from lms.access import sight_of
from lms.database import db
from lms.people import accounts, passwords, signins
from lms.wall.sight import NOBODY, SYSTEM, looking_as, see
from lms.web.guards import act, maybe_viewer, settings, today
from lms.web.hosting import is_hosted
from lms.web.sessions import LmsSessionData


def try_sign_in(email: str, password: str) -> int | None:
    """The person's id when e-mail and password are right and the account may be used here. Raises Busy.

    Every refusal costs the same work and answers the same. The password is checked outside of any transaction.
    """
    with looking_as(SYSTEM):  # nobody is signed in yet
        found = accounts.find_credentials(email)
        db.session.rollback()
    if not accounts.check_credentials(found, password, allow_demo=demo_is_allowed()) or found is None:
        return None
    old = found.password_hash
    if old is not None and passwords.needs_new_hash(old):
        new = passwords.hash_password(password)
        act(lambda: accounts.keep_new_hash(found.user_id, old, new))
    return found.user_id


def sign_in(user_id: int) -> None:
    """Begin a new session: a token that nobody had before, a new form token; what a stranger had is dropped."""
    data = current_session()
    before = maybe_viewer()
    fresh = {"csrf_token": secrets.token_hex(20)}
    if "language" in data:
        fresh["language"] = data["language"]

    def begin() -> str:
        if before is not None and before.session_id is not None:
            signins.end_session(before.session_id, before.id)
        return signins.begin_session(
            user_id, hours=settings().session_hours, agent=request.user_agent.string, data=fresh
        )

    data.begin(act(begin), fresh)
    # The rest of this request belongs to the new person: its form tokens and its header.
    g.pop("csrf_token", None)
    with looking_as(SYSTEM):
        g._login_user = data.viewer = signins.load_viewer(user_id, today=today())
    see(sight_of(data.viewer))


def sign_out() -> None:
    """End the session here and in the database; the browser goes on as a stranger."""
    viewer = maybe_viewer()
    if viewer is not None and viewer.session_id is not None:
        session_id, user_id = viewer.session_id, viewer.id
        act(lambda: signins.end_session(session_id, user_id))
    data = current_session()
    data.end()
    see(NOBODY)
    g.pop("csrf_token", None)
    g.pop("_login_user", None)


def current_session() -> LmsSessionData:
    return cast(LmsSessionData, request_ctx.session)


def safe_next(target: str | None, default: str) -> str:
    """Where to go after signing in: a path of this site, else `default`. An address elsewhere is never followed."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return default
    if "\\" in target or any(ord(letter) < 32 or ord(letter) == 127 for letter in target):
        return default
    try:
        parts = urlsplit(target)
    except ValueError:
        return default
    if parts.scheme or parts.netloc:
        return default
    root = request.script_root
    return target if root and target.startswith(f"{root}/") else f"{root}{target}"


def is_loopback() -> bool:
    """Whether this request came from this machine, by an address that only this machine has."""
    host = urlsplit(f"//{request.host}").hostname or ""
    return _is_loopback_name(host) and _is_loopback_name(request.remote_addr or "")


def _is_loopback_name(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def demo_is_allowed() -> bool:
    """Demo accounts have a public password: they count on this machine only."""
    return settings().demo and is_loopback()


def refuse_below_host() -> None:
    """Below a host application signing in, passwords and registration are the host's business. Raises NotFound."""
    if is_hosted(request.environ):
        raise NotFound


def absolute_url(path: str) -> str:
    """The address of a page for a mail: from the setting, never from the request's Host header (fault 47)."""
    return settings().site_url.rstrip("/") + path.removeprefix(request.script_root)
