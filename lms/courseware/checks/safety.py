"""Whether a course keeps to itself: no HTML, no way out of its folder, no missing or huge files, nothing invisible."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import unquote

from lms.courseware.checks.source import Link, Source
from lms.courseware.checks.subject import Subject, finding, shown
from lms.courseware.course import Problem

_HTML = re.compile(r"</?[A-Za-z][A-Za-z0-9-]{0,40}(?:\s[^<>]{0,500})?/?>|<\?|<!\[CDATA|<!doctype", re.I)
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,40}):")
_TAKEN = frozenset({"https", "http", "mailto", "tel"})
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
_MEDIA_KEYS = ("captions", "transcript", "asl")

MOST_BYTES = {
    "picture": 1_000_000,
    "film": 60_000_000,
    "other": 2_000_000,
}
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif")
_FILMS = (".mp4", ".webm", ".mov", ".m4v", ".mp3", ".m4a", ".ogg", ".pdf")


def check(subject: Subject) -> Iterator[Problem]:
    sizes = {path: len(content) for path, content in subject.files.items()}
    for source in subject.sources.values():
        yield from _html(source)
        yield from _invisible(source)
        yield from _links(subject, source)
    for path, size in sizes.items():
        yield from _size(path, size)


def _html(source: Source) -> Iterator[Problem]:
    for number, text in source.text_lines():
        if "<" in text and (match := _HTML.search(text)):
            message = f"{shown(match[0], 40)} is HTML, which is shown as it stands; write it in Markdown."
            yield finding(source.path, number, "X001", message)


def _invisible(source: Source) -> Iterator[Problem]:
    for number, text in enumerate(source.lines, 1):
        if match := _INVISIBLE.search(text):
            message = f"There is an invisible character here (U+{ord(match[0]):04X}); delete it and type the text anew."
            yield finding(source.path, number, "X005", message)


def _links(subject: Subject, source: Source) -> Iterator[Problem]:
    for link in source.links:
        yield from _link(subject, source, link)
    for comment in source.comments:
        if comment.name == "video":
            for key in _MEDIA_KEYS:
                if comment.values.get(key):
                    yield from _link(subject, source, Link(key, comment.values[key], comment.line, True))


def _link(subject: Subject, source: Source, link: Link) -> Iterator[Problem]:
    scheme = _SCHEME.match(link.href)
    if scheme:
        if link.is_image:
            message = f"{shown(link.href)} would be loaded from elsewhere; copy the file into media/."
            yield finding(source.path, link.line, "X002", message)
        elif scheme[1].lower() not in _TAKEN:
            message = f"{shown(link.href)} is not an address that a course may use; write one with https://."
            yield finding(source.path, link.line, "X002", message)
        return
    path, _, fragment = link.href.partition("#")
    if not path:
        yield from _fragment(source, source, link, fragment)
        return
    full = _inside(source.path, unquote(path.partition("?")[0]))
    if full is None:
        message = f"{shown(link.href)} leads out of the course's folder; copy what is needed into media/."
        yield finding(source.path, link.line, "X002", message)
    elif full not in subject.files:
        code = "X004" if full.endswith(".md") and not full.startswith("media/") else "X003"
        message = f"{full} is not there; mend the name or add the file."
        yield finding(source.path, link.line, code, message)
    elif full in subject.sources:
        yield from _fragment(source, subject.sources[full], link, fragment)


def _inside(base: str, path: str) -> str | None:
    """The path from the course's folder, or None for one that leads out of it."""
    if path.startswith(("/", "\\")) or "\\" in path:
        return None
    folder = "" if path.startswith("media/") else posixpath.dirname(base)
    full = posixpath.normpath(posixpath.join(folder, path))
    return None if full == ".." or full.startswith("../") else full


def _fragment(source: Source, target: Source, link: Link, fragment: str) -> Iterator[Problem]:
    if fragment and unquote(fragment) not in target.slugs:
        message = f"There is no heading for #{fragment[:60]} in {target.path}; copy the heading's words, with hyphens."
        yield finding(source.path, link.line, "X004", message)


def _size(path: str, size: int) -> Iterator[Problem]:
    kind = "picture" if path.lower().endswith(_PICTURES) else "film" if path.lower().endswith(_FILMS) else "other"
    if size > MOST_BYTES[kind]:
        message = f"This file has {size / 1e6:.1f} MB; at most {MOST_BYTES[kind] / 1e6:.0f} MB load well on a phone."
        yield finding(path, 1, "X003", message)
