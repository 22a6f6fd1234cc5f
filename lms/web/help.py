"""Telephone lines for the footer of every page, out of the one data file, in the language of the request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import yaml
from flask import Flask

from lms.resources import data_folder
from lms.web.guards import language


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One line as the data file has it, in one language. `tel` goes into a tel: link, `number` is what people read."""

    id: str
    name: str
    number: str
    tel: str
    text: str
    tty: str
    note: str
    url: str
    is_in_footer: bool
    checked_on: date


@cache
def read_lines() -> tuple[dict[str, Any], ...]:
    """The data file, read once."""
    content = yaml.safe_load((data_folder("courses") / "resources" / "hotlines.yaml").read_text(encoding="utf-8"))
    return tuple(content["lines"])


@cache
def help_lines_in(code: str) -> tuple[HelpLine, ...]:
    """Every line in one language; English where a text is not translated."""

    def said(text: Any) -> str:
        return str(text.get(code) or text["en"]) if isinstance(text, dict) else str(text or "")

    return tuple(
        HelpLine(
            id=line["id"],
            name=said(line["name"]),
            number=line["number"],
            tel=line["tel"],
            text=said(line.get("text")),
            tty=said(line.get("tty")),
            note=said(line.get("note")),
            url=said(line.get("url")),
            is_in_footer=bool(line.get("footer")),
            checked_on=line["checked_on"],
        )
        for line in read_lines()
    )


def footer_lines() -> tuple[HelpLine, ...]:
    """The lines that stand in the footer, in the language of the request."""
    return tuple(line for line in help_lines_in(language()) if line.is_in_footer)


def install(app: Flask) -> None:
    """Give templates `help_lines()`."""
    app.add_template_global(footer_lines, "help_lines")
