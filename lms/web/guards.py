"""Who is asking, whether they may, and the one place where a view's act step runs in a write transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from flask import current_app, flash, g
from flask_login import current_user

from lms.access import Permission, Viewer, require
from lms.clock import local_day, utc_now
from lms.database import run_transaction
from lms.settings import Settings

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Any])

POLICY_ATTRIBUTE = "lms_policy"
"""Each view carries "public", "signed-in" or a Permission; a view without one fails the build and is refused."""

MOST_BYTES_ATTRIBUTE = "lms_most_bytes"
"""What `takes_files` leaves on a view; `lms.web.routing` reads it before anything reads the request."""


FRESH_ATTRIBUTE = "lms_fresh"
BEFORE_FACTOR_ATTRIBUTE = "lms_before_factor"

FRESH_MINUTES = 15
"""So long a proof of who somebody is counts for what asks for a recent one."""


def public(view: View) -> View:
    """Anybody may call this view, signed in or not."""
    setattr(view, POLICY_ATTRIBUTE, "public")
    return view


def signed_in(view: View) -> View:
    """Anybody who is signed in may call this view; it shows only what is theirs."""
    setattr(view, POLICY_ATTRIBUTE, "signed-in")
    return view


def needs(permission: Permission) -> Callable[[View], View]:
    """Only who has `permission` over something may call this view; the view narrows it to its object."""

    def mark(view: View) -> View:
        setattr(view, POLICY_ATTRIBUTE, permission)
        return view

    return mark


def takes_files(most_bytes: int) -> Callable[[View], View]:
    """This view alone takes requests of so many bytes, where all others take `max_request_bytes`."""

    def mark(view: View) -> View:
        setattr(view, MOST_BYTES_ATTRIBUTE, most_bytes)
        return view

    return mark


def fresh(view: View) -> View:
    """Whoever calls this view has proven within `FRESH_MINUTES` who they are; `lms.web.proving` asks else."""
    setattr(view, FRESH_ATTRIBUTE, True)
    return view


def fresh_to_send(view: View) -> View:
    """As `fresh`, for what is sent only: whoever looks at the page is not asked."""
    setattr(view, FRESH_ATTRIBUTE, "sent")
    return view


def before_factor(view: View) -> View:
    """Open also to whoever still has to set up a second factor that their role asks for."""
    setattr(view, BEFORE_FACTOR_ATTRIBUTE, True)
    return view


def policy_of(view: Callable[..., Any] | None) -> Any:
    return getattr(view, POLICY_ATTRIBUTE, None)


def maybe_viewer() -> Viewer | None:
    """Who is signed in, or None."""
    user = current_user._get_current_object()
    return user if isinstance(user, Viewer) else None


def viewer() -> Viewer:
    """Who is signed in; views behind a sign-in call this."""
    return require(maybe_viewer(), Permission.LEARN)


def settings() -> Settings:
    found: Settings = current_app.extensions["lms"].settings
    return found


def today() -> date:
    """The calendar day of this moment in the site's zone."""
    return local_day(utc_now(), settings().time_zone)


def language() -> str:
    """The language of this request: `en` or `es`."""
    found: str = g.get("language", settings().language_list[0])
    return found


def act(step: Callable[[], T]) -> T:
    """Run the act step of a view in one write transaction, whole, again after a deadlock; it returns plain values
    or rows that stay readable. Everything that is slow (hashing, drawing) comes before or after, never inside."""
    return run_transaction(step)


def flash_done(message: str) -> None:
    """Say on the next page what was done."""
    flash(message, "ok")
