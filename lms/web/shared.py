"""Parts of a page that are the same for many people: drawn once for all of them, with each one's own values put in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Hashable, Mapping

from flask import Flask, current_app, g, request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from lms.access import Viewer
from lms.stores import BoundedStore
from lms.web import navigation
from lms.web.guards import maybe_viewer
from lms.web.hosting import is_hosted
from lms.web.language import Choice, language_choices

MOST_PARTS = 400
"""Two languages, the roles that people have, and the sections of the site; about 3 KB each."""

_PLACE = f"own-{secrets.token_hex(16)}-"
"""Begins each place for a value of one's own; nobody who writes a text can know it."""

_PLACES = re.compile(_PLACE + r"([a-z]+)-")

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
    about = (None if viewer is None else viewer.roles, is_hosted(request.environ), section_of(request.path))
    if viewer is None:
        return shared("header", lambda: header(None, ""), *about)
    nobody = Viewer(id=0, name=place("name"), email=None, language="", grants=viewer.grants)
    own = {"name": viewer.name, "token": generate_csrf()}
    return shared("header", lambda: header(nobody, place("token")), *about, own=own)


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
