"""What was entered on a page whose sign-in had ended: sealed into the sign-in page, and offered again afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from lms.web.guards import settings

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Kept:
    """Entries on their way through a sign-in, and the address they were sent to."""

    address: str
    entries: tuple[tuple[str, str], ...]


def is_from_elsewhere() -> bool:
    """Whether a page of another site sent this form, as far as the browser says. Its entries are never offered again:
    one click on "Send again" would give them our own token."""
    fetched = request.headers.get("Sec-Fetch-Site")
    if fetched is not None:
        return fetched not in ("same-origin", "none")
    sender = request.headers.get("Origin") or request.headers.get("Referer")
    if sender is None:
        return False
    own = (request.host, urlsplit(settings().site_url).netloc)
    return not any(f"{sender}/".partition("://")[2].startswith(f"{host}/") for host in own)


def entries_to_keep() -> tuple[tuple[str, str], ...]:
    """What this request's form carries, without its token and without passwords: those never go back into a page."""
    return tuple(
        (key, value)
        for key, value in request.form.items(multi=True)
        if key != "csrf_token" and "password" not in key.lower()
    )


def this_address() -> str:
    """The path and query of this request as a browser needs them, below the prefix when mounted."""
    path = quote(request.script_root + request.path, safe="/:@-._~!$&'()*+,;=")
    return f"{path}?{request.query_string.decode('ascii', 'replace')}" if request.query_string else path


def seal_entries() -> str:
    """This request's entries, signed, for a hidden field."""
    return _sealer().dumps({"address": this_address(), "entries": entries_to_keep()})


def open_entries(sealed: str | None) -> Kept | None:
    """What `seal_entries` made within the last day; None for anything else."""
    if not sealed:
        return None
    try:
        found = _sealer().loads(sealed, max_age=KEPT_SECONDS)
    except BadData:
        return None
    return Kept(found["address"], tuple((key, value) for key, value in found["entries"]))


def _sealer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="lms-kept")
