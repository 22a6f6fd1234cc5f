"""Puts final addresses into everything that was read: `asset:` and `module:` stand for them until a page is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from lms.courseware.safe_html import place_assets, place_links

Read = TypeVar("Read")
Address = Callable[[str], str]


def placed(read: Read, url_for_asset: Address, url_for_module: Address) -> Read:
    """The same Module, Section, Question, CourseText, Summary or Step with the addresses of this page in its HTML.

    `url_for_asset` gets a path from the course's folder (`media/x.png`), `url_for_module` the id of a module.
    """
    return cast(Read, _placed(read, "", url_for_asset, url_for_module))


def _placed(value: Any, name: str, url_for_asset: Address, url_for_module: Address) -> Any:
    if isinstance(value, str):
        if not name.endswith("html"):
            return value
        return place_links(place_assets(value, url_for_asset), url_for_module)
    if isinstance(value, tuple) and value:
        inner = tuple(_placed(item, name, url_for_asset, url_for_module) for item in value)
        return value if all(new is old for new, old in zip(inner, value, strict=True)) else inner
    if is_dataclass(value) and not isinstance(value, type):
        changes = {}
        for field in fields(value):
            old = getattr(value, field.name)
            new = _placed(old, field.name, url_for_asset, url_for_module)
            if new is not old:
                changes[field.name] = new
        return replace(value, **changes) if changes else value
    return value
