"""Whether everyone can use the text: images, videos, headings, links and tables, for screen readers too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lms.courseware.checks.source import Source, is_delimiter
from lms.courseware.checks.subject import Subject, finding, shown
from lms.courseware.course import Problem

_EMPTY_ALT = re.compile(
    r"(?i)(?:image|picture|photo|graphic|imagen|foto|img|untitled|[\w-]+\.(?:png|jpe?g|gif|svg|webp))?\Z"
)
_VAGUE = re.compile(
    r"(?i)(?:(?:click )?here|this(?: (?:link|page))?|link|more|(?:read|learn|see) more|more information"
    r"|(?:haga )?(?:clic )?aquí|est[ea] (?:enlace|página)|enlace|más|(?:leer|ver) más|más información)\Z"
)
_VIDEO_FILE = re.compile(r"(?i)\.(?:mp4|webm|mov|m4v|ogv)(?:[?#]|\Z)")
_VIDEO_SITE = re.compile(r"(?i)https?://(?:www\.)?(?:youtube\.com/watch|youtu\.be/|vimeo\.com/\d)")
_LINES_TO_METADATA = 6


def check(subject: Subject) -> Iterator[Problem]:
    for source in subject.sources.values():
        yield from _images(source)
        yield from _links(source)
        yield from _headings(source)
        yield from _tables(source)


def _images(source: Source) -> Iterator[Problem]:
    for link in source.links:
        if link.is_image and _EMPTY_ALT.match(link.text):
            message = "Say in the brackets what the image shows: ![A bus stop at dusk](…)."
            yield finding(source.path, link.line, "A001", message)


def _links(source: Source) -> Iterator[Problem]:
    for link in source.links:
        if link.is_image:
            continue
        if _VAGUE.match(link.text.strip(" .:»>→*_")):
            message = f"{shown(link.text)} does not say where the link leads; use the name of the page."
            yield finding(source.path, link.line, "A004", message)
        if _VIDEO_FILE.search(link.href):
            yield from _video(source, link.line)
        elif _VIDEO_SITE.match(link.href):
            message = (
                "Nobody can promise captions for a video elsewhere; store it in media/, with captions and transcript."
            )
            yield finding(source.path, link.line, "A002", message)


def _video(source: Source, line: int) -> Iterator[Problem]:
    for comment in source.comments:
        if comment.name == "video" and line <= comment.line <= line + _LINES_TO_METADATA:
            missing = [key for key in ("captions", "transcript") if not comment.values.get(key)]
            break
    else:
        missing = ["captions", "transcript"]
    if missing:
        message = (
            f"The video has no {' and no '.join(missing)}. Below it write "
            "`<!-- video: captions=media/….vtt; transcript=media/….md -->`."
        )
        yield finding(source.path, line, "A002", message)


def _headings(source: Source) -> Iterator[Problem]:
    before = 0
    for heading in source.headings:
        if heading.level > before + 1 and before:
            message = f"{shown(heading.text)} is of level {heading.level} and follows level {before}; leave none out."
            yield finding(source.path, heading.line, "A003", message)
        if not heading.text:
            yield finding(source.path, heading.line, "A003", "This heading is empty; name it or remove it.")
        before = heading.level
    titles = [heading for heading in source.headings if heading.level == 1]
    for heading in titles[1:]:
        message = f"{shown(heading.text)} is a second title; begin it with ## (one # stands at the top of a file)."
        yield finding(source.path, heading.line, "A003", message)


def _tables(source: Source) -> Iterator[Problem]:
    for block in source.blocks:
        if block.kind != "table":
            continue
        delimiter = next((index for index, line in enumerate(block.lines[:2]) if is_delimiter(line)), None)
        if delimiter != 1:
            message = "This table has no header row: name its columns in the first line, with |---|---| below it."
            yield finding(source.path, block.line, "A005", message)
        elif not block.lines[0].replace("|", "").strip():
            yield finding(source.path, block.line, "A005", "The header row is empty; name the columns.")
