"""Where the links, images and videos of a course lead: inside the course, to another module, or to the world."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

OUTSIDE_REL = "noopener noreferrer nofollow"
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_NUMBER = re.compile(r"^\d+[-_]")
_OUTSIDE = frozenset({"http", "https", "mailto", "tel"})


@dataclass(frozen=True, slots=True)
class Target:
    """`kind` is here, module, asset, outside or refused; `url` is what stands in the cached HTML."""

    kind: str
    url: str = ""
    path: str = ""
    """The file in the course's folder, for assets and modules."""


@dataclass(frozen=True, slots=True)
class Place:
    """The file that links are read from. `module_ids` maps the paths of all modules to their ids, where known."""

    path: str = ""
    language: str = "en"
    module_ids: Mapping[str, str] | None = None
    anchors: Mapping[str, str] = field(default_factory=dict)
    """Slug as GitHub makes it → the id that the heading has on our page, where they differ."""

    def target(self, href: str) -> Target:
        """Never raises. Everything that could run, load or lead astray is refused."""
        if href.startswith("#"):
            slug = unquote(href[1:])
            return Target("here", "#" + quote(self.anchors.get(slug, slug)))
        scheme = _SCHEME.match(href)
        if scheme is not None:
            is_known = scheme[1].lower() in _OUTSIDE
            return Target("outside", href) if is_known else Target("refused")
        path = self._inside(href.partition("#")[0].partition("?")[0])
        if path is None:
            return Target("refused")
        if path.endswith(".md") and not path.startswith("media/"):
            return self._module(path, href.partition("#")[2])
        return Target("asset", "asset:" + quote(path), path)

    def asset(self, href: str) -> Target:
        """Like `target`, for what a page shows by itself: only files of the course are taken."""
        target = self.target(href)
        return target if target.kind in {"asset", "outside"} else Target("refused")

    def _inside(self, href: str) -> str | None:
        path = unquote(href)
        if not path or path.startswith("/") or "\\" in path or any(ord(letter) < 32 for letter in path):
            return None
        folder = "" if path.startswith("media/") else posixpath.dirname(self.path)
        path = posixpath.normpath(posixpath.join(folder, path))
        return None if path.startswith("..") else path

    def _module(self, path: str, fragment: str) -> Target:
        stem = posixpath.basename(path).removesuffix(".md")
        module_id = _NUMBER.sub("", stem) if self.module_ids is None else self.module_ids.get(path)
        if module_id is None:
            return Target("refused", path=path)
        url = "module:" + quote(module_id) + (f"#{fragment}" if fragment else "")
        return Target("module", url, path)
