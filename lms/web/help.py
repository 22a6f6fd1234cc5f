"""Telephone lines for the footer of every page, out of the one data file, in the language of the request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from flask import Flask

from lms.courseware.directory.entries import Line, in_language
from lms.courseware.directory.opening import open_lines
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
def help_lines_in(code: str) -> tuple[HelpLine, ...]:
    """Every line in one language; English where a text is not translated."""
    lines = open_lines(data_folder("courses") / "resources").values()
    return tuple(help_line(line, code) for line in lines)


def help_line(line: Line, code: str) -> HelpLine:
    return HelpLine(
        id=line.id,
        name=in_language(line.name, code),
        number=line.number,
        tel=line.tel,
        text=line.text,
        tty=in_language(line.tty, code),
        note=in_language(line.note, code),
        url=line.url,
        is_in_footer=line.is_in_footer,
        checked_on=line.checked_on,
    )


def footer_lines() -> tuple[HelpLine, ...]:
    """The lines that stand in the footer, in the language of the request."""
    return tuple(line for line in help_lines_in(language()) if line.is_in_footer)


def install(app: Flask) -> None:
    """Give templates `help_lines()`."""
    app.add_template_global(footer_lines, "help_lines")
