"""The last gate before a page: only these tags and attributes of course text ever reach a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import unquote

import nh3

NOTE_KINDS = ("note", "tip", "important", "warning", "caution")

_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_PLAIN = (
    *("p", "ul", "li", "blockquote", "strong", "em", "s", "code", "pre", "sup", "thead", "tbody", "tr", "br", "hr"),
    *("dl", "dt", "dd", "figure", "figcaption", "dfn"),
)
_ATTRIBUTES: dict[str, set[str]] = {
    **{tag: set() for tag in _PLAIN},
    **{tag: {"id"} for tag in _HEADINGS},
    "li": {"id"},
    "ol": {"start"},
    "a": {"href", "id", "rel", "title", "aria-label"},
    "img": {"src", "alt", "title"},
    "video": {"controls", "poster"},
    "source": {"src"},
    "track": {"src", "srclang", "label", "default"},
    "aside": set(),
    "div": set(),
    "table": set(),
    "th": set(),
    "td": set(),
}
_FIXED: dict[str, dict[str, set[str]]] = {
    "aside": {"data-kind": set(NOTE_KINDS)},
    "div": {"tabindex": {"0"}},
    "th": {"scope": {"col", "row"}},
    "video": {"preload": {"none"}},
    "source": {"type": {"video/mp4", "video/webm"}},
    "track": {"kind": {"captions"}},
}
_ALIGNED = {"align-left", "align-center", "align-right"}
_CLASSES: dict[str, set[str]] = {
    "aside": {"note", *(f"note-{kind}" for kind in NOTE_KINDS)},
    "p": {"note-title", "video-link"},
    "div": {"scroll"},
    "figure": {"video"},
    "sup": {"footnote-ref"},
    "ol": {"notes"},
    "a": {"footnote-back", "term"},
    "th": _ALIGNED,
    "td": _ALIGNED,
}
_SCHEMES = {"https", "http", "mailto", "tel", "asset", "module", "glossary"}


def _only_assets(tag: str, attribute: str, value: str) -> str | None:
    """What a page loads by itself comes from the course's own media folder, never from elsewhere."""
    if attribute in {"src", "poster"} and not value.startswith("asset:"):
        return None
    return value


_CLEANER = nh3.Cleaner(
    tags=set(_ATTRIBUTES),
    clean_content_tags={"script", "style"},
    attributes=_ATTRIBUTES,
    attribute_filter=_only_assets,
    tag_attribute_values=_FIXED,
    allowed_classes=_CLASSES,
    url_schemes=_SCHEMES,
    link_rel=None,
)


def clean(html: str) -> str:
    """The same HTML without anything that is not on the list above."""
    return _CLEANER.clean(html)


_TAG = re.compile(r'<(?:img|video|source|track|a)\b(?:[^>"]|"[^"]*")*>')
_ASSET = re.compile(r'\b(src|poster|href)="asset:([^"]*)"')
_GLOSSARY = re.compile(r'\bhref="glossary:([^"#]*)(#[^"]*)?"')
_MODULE = re.compile(r'\bhref="module:([^"#]*)(#[^"]*)?"')


def place_assets(html: str, url_for_asset: Callable[[str], str]) -> str:
    """Puts the final address wherever an `asset:` stands; `url_for_asset` gets the path from the course's folder."""

    def place(match: re.Match[str]) -> str:
        path = unquote(unescape(match[2]))
        return f'{match[1]}="{escape(url_for_asset(path))}"'

    return _TAG.sub(lambda tag: _ASSET.sub(place, tag[0]), html) if "asset:" in html else html


def place_terms(html: str, url_for_glossary: Callable[[str], str]) -> str:
    """Puts the final address wherever a `glossary:` link stands; `url_for_glossary` gets the glossary's language."""

    def place(match: re.Match[str]) -> str:
        return f'href="{escape(url_for_glossary(match[1]))}{match[2] or ""}"'

    return _TAG.sub(lambda tag: _GLOSSARY.sub(place, tag[0]), html) if "glossary:" in html else html


def place_links(html: str, url_for_module: Callable[[str], str]) -> str:
    """Puts the final address wherever a `module:` link stands; `url_for_module` gets the module's id."""

    def place(match: re.Match[str]) -> str:
        return f'href="{escape(url_for_module(unquote(unescape(match[1]))))}{match[2] or ""}"'

    return _TAG.sub(lambda tag: _MODULE.sub(place, tag[0]), html) if "module:" in html else html
