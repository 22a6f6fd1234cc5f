"""Options, items and code answers as Markdown, as an author would write them."""

from __future__ import annotations

import re
from fractions import Fraction

from lms.courseware.course import Option, Question

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&!#])")
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+(?=[.)])|:|---)")


def escape_text(text: str) -> str:
    """Markdown that shows exactly these words."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    match = _LINE_START.match(escaped)
    if match is None:
        return escaped
    return f"{match[2]}\\{escaped[match.end() :]}" if match[2].isdigit() else "\\" + escaped


def source_or_text(option: Option) -> str:
    return option.source or escape_text(option.text)


def indented(text: str, width: int) -> str:
    """All lines but the first stand below the first one's text."""
    return text.replace("\n", "\n" + " " * width).replace(" " * width + "\n", "\n")


def quoted(text: str, title: str = "") -> str:
    """A quote, or an alert where a title is given."""
    lines = [f"[!{title}]", *text.split("\n")] if title else text.split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)


def write_number(number: Fraction) -> str:
    """A small exact number as `read_number` takes it."""
    decimal = f"{float(number):.4f}".rstrip("0").rstrip(".")
    return decimal if Fraction(decimal) == number else f"{number.numerator}/{number.denominator}"


def write_options(question: Question) -> str:
    return "\n".join(
        _item(option, f"- [{'x' if option.is_correct else ' '}] ", position, 2)
        for position, option in enumerate(question.options, 1)
    )


def write_items(question: Question, marker: str) -> str:
    """A list without boxes; `{}` in the marker is the item's number."""
    return "\n".join(
        _item(option, marker.format(position), position, len(marker.format(position)))
        for position, option in enumerate(question.options, 1)
    )


def write_codes(question: Question) -> str:
    return "\n".join(
        _item(option, f"- {_code(option.source)}", position, 2, text="")
        for position, option in enumerate(question.options, 1)
    )


def _item(option: Option, start: str, position: int, width: int, text: str | None = None) -> str:
    lines = [start + indented(source_or_text(option) if text is None else text, width)]
    if option.id != str(position):
        lines.append(" " * width + f"<!-- opt: {option.id} -->")
    if option.credit is not None:
        lines.append(" " * width + f"<!-- credit: {write_number(option.credit)} -->")
    if option.feedback_source:
        lines.append(" " * width + indented(quoted(option.feedback_source), width))
    return "\n".join(line.rstrip() for line in lines)


def _code(code: str) -> str:
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * (longest + 1)
    needs_space = code.startswith("`") or code.endswith("`") or (code.startswith(" ") and code.endswith(" "))
    return f"{fence} {code} {fence}" if needs_space and code.strip() else f"{fence}{code}{fence}"
