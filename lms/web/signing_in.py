"""Signing in and out: one place that checks, begins and ends sessions, and says where to go next."""

from __future__ import annotations

import ipaddress
import secrets
from contextlib import suppress
from dataclasses import replace
from typing import cast
from urllib.parse import urlsplit

from flask import g, request
from flask.globals import request_ctx
from werkzeug.exceptions import NotFound

from lms.access import Viewer, sight_of
from lms.database import db
from lms.people import accounts, passwords, signins, tickets
from lms.people.passkeys import RelyingParty
from lms.people.providers import arriving, sign_ins
from lms.people.providers.models import IdentityProvider
from lms.wall.sight import NOBODY, SYSTEM, looking_as, see
from lms.web.guards import act, maybe_viewer, settings, today
from lms.web.hosting import is_hosted
from lms.web.sessions import LmsSessionData, in_force

BROWSER, ARRIVAL = "provider_browser", "provider_arrival"
"""In a session: what binds a way to an agency's provider to this browser, and the ticket of one whose questions are
open. Both outlast the sign-in that answers whether somebody has an account here already; neither opens anything."""

INVITATION = "invitation"
"""In a session: the link of an invitation that waits until who followed it comes back from their agency's provider."""


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


HALF = "half"
"""Where a stranger's session keeps the token of a sign-in whose second step is open. It opens nothing else."""

HALF_MINUTES = 10


def begin_half(user_id: int) -> None:
    """The password was right, and a second factor is asked next: until then nobody is signed in here."""
    if maybe_viewer() is not None:
        sign_out()

    def step() -> str:
        mark = {"password": accounts.password_mark(user_id)}
        return tickets.make_ticket("second-step", user_id, minutes=HALF_MINUTES, data=mark)

    token = act(step)
    current_session()[HALF] = token
    if "language" not in current_session():  # nobody chose one here: from now on the person's own, not the browser's
        current_session()["language"] = accounts.language_of(user_id)
    g.pop("half", None)


def half_signed_in() -> tickets.Ticket | None:
    """The sign-in whose second step is open in this browser."""
    if "half" not in g:
        token = current_session().get(HALF) if maybe_viewer() is None else None
        g.half = tickets.find_ticket("second-step", token)
    found: tickets.Ticket | None = g.half
    return found


def end_half() -> tickets.Ticket | None:
    """Take the open second step, once."""
    token = current_session().pop(HALF, None)
    g.pop("half", None)
    return act(lambda: tickets.use_ticket("second-step", token))


def prove_again(person: Viewer, *, is_two_factor: bool) -> None:
    """Somebody has proven again who they are: the session gets a new token, and the moment is noted."""
    session_id = person.session_id
    if session_id is not None:
        renewed = act(lambda: signins.renew_session(session_id, is_two_factor=is_two_factor or None))
        current_session().renew(renewed)


def relying_party() -> RelyingParty | None:
    """Who asks for passkeys, by the site's address; in development also by `localhost`, with whatever port.

    None where the address is a number: browsers bind passkeys to names.
    """
    chosen = settings()
    url = urlsplit(request.host_url if not chosen.is_production and is_loopback() else chosen.site_url)
    host = url.hostname or ""
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return None
    port = f":{url.port}" if url.port not in (None, {"http": 80, "https": 443}.get(url.scheme)) else ""
    return RelyingParty(host, f"{url.scheme}://{host}{port}", chosen.site_name)


def sign_in(user_id: int, *, is_two_factor: bool = False) -> None:
    """Begin a new session: a token that nobody had before, a new form token; what a stranger had is dropped."""
    data = current_session()
    before = maybe_viewer()
    fresh = {"csrf_token": secrets.token_hex(20)}
    fresh.update({name: data[name] for name in ("language", ARRIVAL, BROWSER) if name in data})

    def begin() -> str:
        if before is not None and before.session_id is not None:
            signins.end_session(before.session_id, before.id)
        return signins.begin_session(
            user_id,
            hours=settings().session_hours,
            agent=request.user_agent.string,
            data=fresh,
            is_two_factor=is_two_factor,
        )

    data.begin(act(begin), fresh)
    # The rest of this request belongs to the new person: its form tokens and its header.
    g.pop("csrf_token", None)
    with looking_as(SYSTEM):
        loaded = signins.load_viewer(user_id, today=today())
    shown = None if loaded is None else in_force(replace(loaded, is_two_factor=is_two_factor), settings())
    g._login_user = data.viewer = shown
    see(sight_of(data.viewer))


def must_use(user_id: int) -> IdentityProvider | None:
    """The provider that this person's agency requires instead of a password, unless they are just on the way from it:
    then the password only shows once which account is theirs."""
    data = current_session()
    with looking_as(SYSTEM):
        required = arriving.required_provider(user_id, today())
        if required is None:
            return None
        arrival = sign_ins.find_open(data.get(ARRIVAL), data.get(BROWSER))
        return None if arrival is not None and arrival.provider_id == required.id else required


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
