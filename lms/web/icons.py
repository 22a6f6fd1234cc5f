"""Icons (lucide, ISC) for the macro `ui.icon`: read once, drawn inline, always beside words."""

from __future__ import annotations

from functools import cache

from flask import Flask
from markupsafe import Markup

from lms.resources import data_folder


@cache
def icon_svg(name: str) -> Markup:
    """The drawing called `name` in templates/icons. Raises FileNotFoundError where there is none."""
    text = (data_folder("templates") / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    return Markup(text.strip())  # noqa: S704 - a file of ours


def install(app: Flask) -> None:
    """Give the macros `icon_svg`."""
    app.add_template_global(icon_svg)
