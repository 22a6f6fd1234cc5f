"""Icons as inline SVG, read once: always beside a text that says the same."""

from __future__ import annotations

from functools import cache

from flask import Flask
from markupsafe import Markup

from lms.resources import data_folder


@cache
def icon_svg(name: str) -> Markup:
    """The drawing called `name` (templates/icons). Raises FileNotFoundError for one that is not there."""
    return Markup((data_folder("templates") / "icons" / f"{name}.svg").read_text(encoding="utf-8").strip())  # noqa: S704


def install(app: Flask) -> None:
    app.add_template_global(icon_svg)
