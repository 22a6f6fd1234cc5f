"""Makes parsed tokens final: ids on headings, links resolved, notes named, videos recognized, losses reported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markdown_it.token import Token

from lms.courseware.comments import parse_comment
from lms.courseware.links import OUTSIDE_REL, Place, Target
from lms.courseware.words import Slugs, slug_of, word

if TYPE_CHECKING:
    from lms.courseware.document import Document

_RAW_HTML = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>|<!--|<\?|<!\[CDATA")
_UNDEFINED_SOURCE = re.compile(r"\[\^([^\]\s]{1,80})\]")
_REFUSED_LINK = re.compile(r"(?i)\]\(\s*<?(javascript|vbscript|file|data):")
_VIDEO_TITLE = re.compile(r"(?i)v[ií]deo\s*:\s*")


class Settler:
    """Goes once over the tokens of a document and changes them in place."""

    def __init__(self, document: Document, place: Place) -> None:
        self.document = document
        self.anchors: dict[str, str] = {}
        self.raw = ""
        """The author's Markdown of the line that is being settled."""
        self.place = Place(place.path, place.language, place.module_ids, self.anchors)

    def settle(self, tokens: list[Token]) -> None:
        self._name_headings(tokens)
        for index, token in enumerate(tokens):
            if token.type == "alert_open":
                self._name_note(tokens, index)
            elif token.type == "alert_close":
                token.tag = "aside"
            elif token.type == "tr_open":
                self._check_row(tokens, index)
            elif token.type == "inline" and token.children:
                line = self._line(tokens, index)
                self.raw = token.content
                if not self._is_video(tokens, index, line):
                    token.children = self._settle_line(token.children, line)
        self._check_definitions()

    def _line(self, tokens: Sequence[Token], index: int) -> int:
        return next((t.map[0] + 1 for t in reversed(tokens[max(0, index - 3) : index + 1]) if t.map), 1)

    def _name_headings(self, tokens: Sequence[Token]) -> None:
        from lms.courseware.document import plain_text  # document.py needs this file

        slugs = Slugs()
        is_first = True
        for index, token in enumerate(tokens):
            if token.type != "heading_open":
                continue
            title = plain_text([tokens[index + 1]])
            slug = slugs.take(title)
            token.attrs["id"] = slug
            if token.tag == "h1":
                if not (is_first and token.level == 0):
                    line = token.map[0] + 1 if token.map else 1
                    message = f"“{title}” is a second main title; it is shown as a section (use ##)."
                    self.document.report(line, "A003", message, is_error=False)
                    token.tag = tokens[index + 2].tag = "h2"
                is_first = False

    def _name_note(self, tokens: Sequence[Token], index: int) -> None:
        token = tokens[index]
        kind = str(token.meta["kind"]).lower()
        token.tag = "aside"
        token.attrs = {"class": f"note note-{kind}", "data-kind": kind}
        tokens[index + 1].attrs = {"class": "note-title"}
        title = tokens[index + 2]
        title.content = word(kind, self.place.language)
        title.children = [Token("text", "", 0, content=title.content)]

    def _check_row(self, tokens: Sequence[Token], index: int) -> None:
        """Markdown drops the cells that a row has beyond the header's; so they are reported."""
        token = tokens[index]
        if not token.map:
            return
        row = self.document.lines[token.map[0]].strip(" \t>")
        written = len(re.findall(r"(?<!\\)\|", row.removeprefix("|").removesuffix("|"))) + 1
        cells = 0
        while tokens[index].type != "tr_close":
            cells += tokens[index].type in {"td_open", "th_open"}
            index += 1
        if written > cells:
            message = "This row has more cells than the table has columns; the last ones would be lost."
            self.document.report(token.map[0] + 1, "X001", message)

    def _is_video(self, tokens: list[Token], index: int, line: int) -> bool:
        """Whether a paragraph is `[![Video: …](poster)](clip)`; if so it becomes one."""
        token = tokens[index]
        children = [child for child in token.children or () if child.type != "comment" and child.content != ""] or []
        kinds = [child.type for child in token.children or () if child.type not in {"comment", "softbreak"}]
        if kinds != ["link_open", "image", "link_close"] or tokens[index - 1].type != "paragraph_open":
            return False
        link = next(child for child in token.children or () if child.type == "link_open")
        image = next(child for child in children or token.children or () if child.type == "image")
        title = _VIDEO_TITLE.match(image.content)
        href = str(link.attrs.get("href", ""))
        target = self.place.target(href)
        is_stored = target.kind == "asset" and href.lower().endswith((".mp4", ".webm"))
        if title is None and not is_stored:
            return False
        words = image.content[title.end() if title else 0 :].strip() or "Video"
        if is_stored:
            self._store_video(tokens, index, line, (words, target.url, str(image.attrs.get("src", ""))))
            return True
        tokens[index - 1].attrs["class"] = "video-link"
        token.children = self._settle_line([link, Token("text", "", 0, content=image.content), _close()], line)
        return True

    def _store_video(self, tokens: list[Token], index: int, line: int, video: tuple[str, str, str]) -> None:
        title, source, poster = video
        token = tokens[index]
        meta = {"title": title, "source": source, "poster": self._asset(poster, line).url}
        following = tokens[index + 2] if index + 2 < len(tokens) else None
        inside = [child for child in token.children or () if child.type == "comment"]
        for hidden in [*inside, *([following] if following and following.type == "comment" else [])]:
            comment = parse_comment(hidden.content, line + 1)
            if comment is not None and comment.name == "video":
                self.document.used_comments.add(id(hidden))
                for key in set(comment.values) - {"video"}:
                    if key in {"captions", "transcript", "asl"}:
                        meta[key] = self._asset(comment.values[key], line + 1).url
                    else:
                        message = f"“{key}” is not known for a video (captions, transcript, asl)."
                        self.document.report(line + 1, "X001", message)
        token.type, token.meta, token.children = "video", meta, None
        tokens[index - 1].hidden = tokens[index + 1].hidden = True

    def _asset(self, href: str, line: int) -> Target:
        target = self.place.asset(href)
        if target.kind != "asset":
            self.document.report(line, "X002", f"“{href}” is not a file of this course's media folder.")
            return Target("refused")
        return target

    def _settle_line(self, children: Sequence[Token], line: int) -> list[Token]:
        settled: list[Token] = []
        links = 0
        for child in children:
            if child.type in {"softbreak", "hardbreak"}:
                line += 1
            elif child.type == "link_open":
                links += 1
                self._settle_link(child, line)
            elif child.type == "link_close":
                links -= 1
            elif child.type == "image":
                settled += self._settle_image(child, line, links > 0)
                continue
            elif child.type == "text":
                self._check_text(child.content, line)
            settled.append(child)
        return settled

    def _settle_link(self, token: Token, line: int) -> None:
        href = str(token.attrs.pop("href", ""))
        target = self.place.target(href)
        if target.kind == "here" and slug_of(href[1:]) == "section" and href == "#":
            target = Target("refused")
        if target.kind == "refused" and target.path:
            self.document.report(line, "X004", f"The link “{href}” leads to a page that is not there.")
            return
        if target.kind == "refused":
            self.document.report(line, "X002", f"The link “{href}” leads out of the course.")
            return
        token.attrs["href"] = target.url
        if target.kind == "outside":
            token.attrs["rel"] = OUTSIDE_REL

    def _settle_image(self, token: Token, line: int, is_in_link: bool) -> list[Token]:
        """An image of the course's own; one from elsewhere would tell others who reads this, so it becomes a link."""
        src = str(token.attrs.get("src", ""))
        target = self.place.asset(src)
        if target.kind == "asset":
            token.attrs["src"] = target.url
            return [token]
        self.document.report(line, "X002", f"The image “{src}” is not in this course's media folder; copy it there.")
        words = Token("text", "", 0, content=token.content or src)
        if is_in_link or target.kind != "outside":
            return [words]
        opening = Token("link_open", "a", 1, attrs={"href": target.url, "rel": OUTSIDE_REL})
        return [opening, words, _close()]

    def _check_text(self, text: str, line: int) -> None:
        raw = _RAW_HTML.search(text)
        if raw is not None and self._is_meant(raw[0]):
            message = f"HTML is not used in courses; “{raw[0][:40]}” will be seen as it stands."
            self.document.report(line, "X001", message, is_error=False)
        refused = _REFUSED_LINK.search(text)
        if refused is not None:
            self.document.report(line, "X002", f"Links that begin with “{refused[1]}:” are not taken.")
        for match in _UNDEFINED_SOURCE.finditer(text):
            if not self._is_meant(match[0]):
                continue
            message = f"The source [^{match[1]}] is not defined; add a line “[^{match[1]}]: …” at the end of the file."
            self.document.report(line, "L004", message)

    def _is_meant(self, written: str) -> bool:
        """Whether it stands so in the source: what is escaped there, by a backslash or &lt;, is meant to be seen."""
        return re.search(r"(?<!\\)" + re.escape(written), self.raw) is not None

    def _check_definitions(self) -> None:
        used = {note.get("label") for note in self.document.env.get("footnotes", {}).get("list", {}).values()}
        seen: set[str] = set()
        for label, lines in self.document.env.get("source_definitions", []):
            if label in seen:
                message = f"The source [^{label}] is defined twice; only the last one is shown."
                self.document.report(lines[0] + 1, "L004", message)
            elif label not in used:
                message = f"The source [^{label}] is defined but never used; it is not shown."
                self.document.report(lines[0] + 1, "L004", message, is_error=False)
            seen.add(label)


def _close() -> Token:
    return Token("link_close", "a", -1)
