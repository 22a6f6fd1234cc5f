"""What stands between a signed-in person and some pages: a recent proof of who they are, or a second factor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import current_app, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Viewer
from lms.clock import utc_now
from lms.web.errors import page, wants_json
from lms.web.guards import BEFORE_FACTOR_ATTRIBUTE, FRESH_ATTRIBUTE, FRESH_MINUTES
from lms.web.hosting import is_hosted
from lms.web.kept import entries_to_keep, this_address
from lms.web.signing_in import safe_next

WANTED = "wanted"
"""In a session: the address that was asked for before a second factor was set up."""


def is_proven(viewer: Viewer) -> bool:
    """Whether the person proved within the last minutes who they are. Below a host its sign-in counts."""
    if is_hosted(request.environ):
        return True
    return viewer.proven_at is not None and utc_now() - viewer.proven_at < timedelta(minutes=FRESH_MINUTES)


def unless_set_up(view: Callable[..., Any] | None, viewer: Viewer | None) -> Response | None:
    """The way to set up a second factor, for whoever has to before anything else; None for all others."""
    if viewer is None or not viewer.must_set_up or getattr(view, BEFORE_FACTOR_ATTRIBUTE, False):
        return None
    if wants_json():
        refused = page(403, _("Set up a second factor first"), _("Your role asks for it."))
        return current_app.make_response(refused)
    if request.method in ("GET", "HEAD"):
        session[WANTED] = request.full_path.rstrip("?")
        return redirect(url_for("account_security.show_security"), code=303)
    body = render_template("accounts/factor_first.html", entries=entries_to_keep(), action=this_address())
    return current_app.make_response((body, 403))


def take_wanted() -> str | None:
    """Where somebody wanted to go when a second factor was asked for first; told once."""
    wanted = session.pop(WANTED, None)
    return safe_next(wanted, "") or None


def unless_proven(view: Callable[..., Any] | None, viewer: Viewer | None) -> Response | None:
    """The page that asks again who somebody is, carrying what was entered; None where that is not needed."""
    asked_for = getattr(view, FRESH_ATTRIBUTE, False)
    if viewer is None or not asked_for or is_proven(viewer):
        return None
    if asked_for == "sent" and request.method in ("GET", "HEAD"):
        return None
    if wants_json():
        refused = page(403, _("Please prove again that it is you"), _("Sign in again, then repeat this."))
        return current_app.make_response(refused)
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("again.prove_again", next=request.full_path.rstrip("?")), code=303)
    again: Response = current_app.extensions["lms"].ask_again()
    return again
