"""Puts final addresses into everything that was read: `asset:` and `module:` stand for them until a page is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from lms.courseware.safe_html import place_assets, place_links, place_terms

Read = TypeVar("Read")
Address = Callable[[str], str]


def placed(read: Read, url_for_asset: Address, url_for_module: Address, url_for_glossary: Address) -> Read:
    """The same Module, Section, Question, CourseText, Summary or Step with the addresses of this page in its HTML.

    `url_for_asset` gets a path from the course's folder (`media/x.png`), `url_for_module` the id of a module,
    `url_for_glossary` a language.
    """

    def place(html: str) -> str:
        return place_terms(place_links(place_assets(html, url_for_asset), url_for_module), url_for_glossary)

    return cast(Read, _placed(read, "", place))


def _placed(value: Any, name: str, place: Address) -> Any:
    if isinstance(value, str):
        return place(value) if name.endswith("html") else value
    if isinstance(value, tuple) and value:
        inner = tuple(_placed(item, name, place) for item in value)
        return value if all(new is old for new, old in zip(inner, value, strict=True)) else inner
    if is_dataclass(value) and not isinstance(value, type):
        changes = {}
        for field in fields(value):
            old = getattr(value, field.name)
            new = _placed(old, field.name, place)
            if new is not old:
                changes[field.name] = new
        return replace(value, **changes) if changes else value
    return value
