"""Headers on every answer: a strict content policy, no sniffing, no framing, no referrer elsewhere."""

from __future__ import annotations

import re

from flask import Flask, g
from flask.globals import request_ctx
from werkzeug.exceptions import SecurityError
from werkzeug.wrappers import Response

from lms.settings import Settings

POLICY: dict[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "media-src": "'self'",
    "frame-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""No inline script or style anywhere, nothing from another site."""

WIDENABLE = frozenset({"form-action", "frame-ancestors", "frame-src"})
"""What one route may widen: signing in elsewhere, being launched by another LMS, a sandboxed player."""

SOURCE = re.compile(r"'self'|https://[a-z0-9.-]+(:\d+)?|http://(127\.0\.0\.1|localhost)(:\d+)?", re.IGNORECASE)
"""A source is an origin without a path, or 'self'; anything else could end the directive and begin another."""

HEADERS: dict[str, str] = {
    "X-Content-Type-Options": "nosniff",
    # With no-referrer a same-origin POST carries `Origin: null`, and the form token's strict check refuses it.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer",
            "autoplay",
            "browsing-topics",
            "camera",
            "display-capture",
            "geolocation",
            "gyroscope",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "usb",
        )
    ),
}


def widen(directive: str, *sources: str) -> None:
    """Let this one answer use more sources in one directive. Raises ValueError on a directive that may not be widened
    and on a source that is not an origin."""
    if directive not in WIDENABLE:
        raise ValueError(f"{directive} may not be widened")
    for source in sources:
        if SOURCE.fullmatch(source) is None:
            raise ValueError(f"{source!r} is not an origin")
    g.setdefault("widened", {}).setdefault(directive, []).extend(sources)


SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"
"""For files out of courses and evidence: opened on its own, a drawing may style itself, and nothing else."""


def sandbox() -> None:
    """Give this one answer the policy of a file that somebody else made."""
    g.sandboxed = True


def content_policy(widened: dict[str, list[str]] | None = None) -> str:
    """The header's text."""
    directives = dict(POLICY)
    for directive, sources in (widened or {}).items():
        before = [] if directives[directive] == "'none'" else [directives[directive]]
        directives[directive] = " ".join(dict.fromkeys([*before, *sources]))
    return "; ".join(f"{directive} {sources}" for directive, sources in directives.items())


def install(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of the app, and answer only to our own host names."""
    app.config["TRUSTED_HOSTS"] = list(settings.host_list) or None
    usual_policy = content_policy()

    @app.errorhandler(SecurityError)
    def on_strange_host(_: SecurityError) -> tuple[str, int, dict[str, str]]:
        """Plain text: no address can be built for a host that is not ours."""
        return "This host name is not answered here.\n", 400, {"Content-Type": "text/plain; charset=utf-8"}

    @app.after_request
    def add_headers(response: Response) -> Response:
        widened: dict[str, list[str]] | None = g.get("widened")
        headers = response.headers
        headers["Content-Security-Policy"] = content_policy(widened) if widened else usual_policy
        if g.get("sandboxed"):
            headers["Content-Security-Policy"] = SANDBOX
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if not (widened and "frame-ancestors" in widened):
            headers["X-Frame-Options"] = "DENY"
        if settings.is_https:
            headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        if "Cache-Control" not in headers:
            # Pages are per person: nobody else at this computer may find them after signing out.
            is_signed_in = getattr(request_ctx.session, "viewer", None) is not None
            headers["Cache-Control"] = "no-store" if is_signed_in else "private, no-cache"
        return response
