"""Parts of a page that are the same for many people: drawn once for all of them, with each one's own values put in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Hashable, Mapping

from flask import Flask, current_app, g, request, session
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from lms.access import Viewer
from lms.stores import BoundedStore
from lms.web import navigation
from lms.web.guards import maybe_viewer
from lms.web.hosting import is_hosted
from lms.web.language import Choice, language_choices

MOST_PARTS = 1000
"""Pages of 5 to 30 KB, by language, roles and progress; a header of 3 KB for each section."""

_PLACE = f"own-{secrets.token_hex(16)}-"
"""Begins each place for a value of one's own; nobody who writes a text can know it."""

_PLACES = re.compile(_PLACE + r"([a-z]+)-")

NAME, TOKEN = "name", "token"
"""The two values of a person that a page shared by many may hold."""

Draw = Callable[..., Markup]


def place(name: str) -> str:
    """What stands in a shared part where each person's own value goes."""
    return f"{_PLACE}{name}-"


def shared(name: str, draw: Draw, *about: Hashable, own: Mapping[str, str] | None = None) -> Markup:
    """A part by its name, language, mount and all else that it depends on (`about`); `own` goes into its places."""
    store: BoundedStore[tuple[Hashable, ...], Markup] = current_app.extensions["lms-parts"]
    part = store.get_or_make((name, g.get("language", ""), request.script_root, *about), draw)
    if own is None:
        return part
    return Markup(_PLACES.sub(lambda found: str(escape(own[found[1]])), part))  # noqa: S704 - a template's HTML


def shared_strip(strip: Draw) -> Markup:
    """The strip of a page without a form: only the addresses of the other languages are this page's own."""
    choices = language_choices()
    drawn = [Choice(one.code, one.name, place(one.code), "") for one in choices]
    return shared("strip", lambda: strip(drawn), own={one.code: one.url for one in choices})


def shared_header(header: Draw) -> Markup:
    """The header for everybody with the same roles in the same section; it is drawn for nobody in particular."""
    viewer = maybe_viewer()
    if viewer is None:
        return shared("header", lambda: header(None, ""), *_seen_by(viewer))
    own = {NAME: viewer.name, TOKEN: generate_csrf()} if shown_viewer() is viewer else None
    return shared("header", lambda: header(_nobody(viewer), place(TOKEN)), *_seen_by(viewer), own=own)


def shared_page(draw: Callable[[], str], *about: Hashable) -> str:
    """A whole page, drawn once for everybody who has the same roles and of whom the same is true (`about`).

    While it is drawn, `viewer` is nobody and the form token a place. Whoever calls this vouches that nothing else of
    one person is on the page but what `about` names. Drawn for this request alone where something is said only once,
    or where the address asks for something.
    """
    if request.query_string or "_flashes" in session or "kept_entries" in g:
        return draw()
    viewer = maybe_viewer()

    def drawn() -> Markup:
        g.shown_viewer = None if viewer is None else _nobody(viewer)
        token, g.csrf_token = g.get("csrf_token"), place(TOKEN)
        try:
            return Markup(draw())  # noqa: S704 - a template's HTML
        finally:
            del g.shown_viewer, g.csrf_token
            if token is not None:
                g.csrf_token = token

    own = {NAME: viewer.name if viewer else "", TOKEN: generate_csrf()}
    return shared("page", drawn, request.endpoint, request.path, *_seen_by(viewer), *about, own=own)


def shown_viewer() -> Viewer | None:
    """Whom the page is drawn for: who is signed in, or nobody in particular while a shared page is drawn."""
    viewer: Viewer | None = g.shown_viewer if "shown_viewer" in g else maybe_viewer()
    return viewer


def _seen_by(viewer: Viewer | None) -> tuple[Hashable, ...]:
    return (
        None if viewer is None else (viewer.roles, viewer.must_set_up),
        is_hosted(request.environ),
        section_of(request.path),
    )


def _nobody(viewer: Viewer) -> Viewer:
    """Somebody with the same roles, of whom nothing else is known."""
    return Viewer(id=0, name=place(NAME), email=None, language="", grants=viewer.grants, must_set_up=viewer.must_set_up)


def section_of(path: str) -> tuple[str, int]:
    """What of an address the navigation goes by: the section it lies in, and whether it is that section's own."""
    first, *below = path[1:].split("/", 1)
    known = f"/{first}" in navigation.marked_addresses()
    return (first if known else "", len(below) + any(below))


def install(app: Flask) -> None:
    """Give the layout its parts."""
    app.extensions["lms-parts"] = BoundedStore(MOST_PARTS)
    for function in (shared, shared_strip, shared_header):
        app.add_template_global(function)
