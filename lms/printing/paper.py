"""Course HTML made ready for paper: addresses printed, pictures put in, videos by their transcript, no links. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import PurePosixPath
from urllib.parse import unquote

from PIL import Image, UnidentifiedImageError

from lms.certification.typesetting import Setter
from lms.courseware.markdown import render

Files = Callable[[str], bytes | None]
"""A file of the course's media folder by its path; None where there is none."""

WIDEST = 1200
"""Pixels of a picture: seven inches at 170 to the inch."""

_VOID = frozenset({"br", "hr", "img"})
_HEADING = re.compile(r"h([2-6])\Z")
_KEPT = {"ol": ("start",), "li": ("value",), "th": ("scope",)}
_CLASSED = frozenset({"aside", "p", "th", "td", "ol", "figure"})
_CUE = re.compile(r"-->|\A\d+\Z|\AWEBVTT|\A(NOTE|STYLE|REGION)\b")


@dataclass(slots=True)
class Paper:
    """Makes the texts of one piece ready. `video` and `transcript` are the words that stand before those."""

    setter: Setter
    files: Files
    language: str
    video: str
    transcript: str

    def ready(self, html: str, down: int = 1) -> str:
        """The same HTML for paper, its headings `down` levels deeper. It was made safe when it was read."""
        rewriter = _Rewriter(self, down)
        rewriter.feed(html)
        rewriter.close()
        return "".join(rewriter.out)

    def put(self, text: str) -> str:
        """A text in fonts that have its letters, as HTML; white space at its ends stays."""
        if not text.strip():
            return " " if text else ""
        put = self.setter.set(text)
        before, after = " " * text[0].isspace(), " " * text[-1].isspace()
        shown = escape(put.text, quote=False)
        if put.family or put.direction == "rtl":
            style = f' style="font-family: {escape(put.family)}"' if put.family else ""
            shown = f'<span{style} dir="{put.direction}">{shown}</span>'
        return f"{before}{shown}{after}"


@dataclass(slots=True)
class _Video:
    title: str = ""
    files: list[str] = field(default_factory=list)


class _Rewriter(HTMLParser):
    def __init__(self, paper: Paper, down: int) -> None:
        super().__init__(convert_charrefs=True)
        self.paper, self.down = paper, down
        self.out: list[str] = []
        self.links: list[tuple[str, int]] = []
        self.muted = 0
        self.is_verbatim = False
        self.video: _Video | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if self.video is not None and tag in ("video", "source", "track", "figcaption", "a"):
            path = values.get("href") or (values.get("src", "") if tag == "track" else "")
            if path.startswith("asset:"):
                self.video.files.append(path)
            self.muted += tag in ("video", "a")
            return
        if tag == "figure" and values.get("class") == "video":
            self.video = _Video()
        elif tag == "a":
            self.links.append((values.get("href", ""), len(self.out)))
            self.muted += values.get("class") == "footnote-back"
        elif tag == "img":
            self.out.append(self._picture(values))
        else:
            self.is_verbatim = self.is_verbatim or tag == "pre"
            self.out.append(f"<{self._tag(tag)}{_attributes(tag, values)}>")

    def handle_endtag(self, tag: str) -> None:
        if self.video is not None:
            self._end_in_video(tag)
        elif tag == "a":
            self._end_link()
        elif tag not in _VOID:
            self.is_verbatim = self.is_verbatim and tag != "pre"
            self.out.append(f"</{self._tag(tag)}>")

    def handle_data(self, data: str) -> None:
        if self.video is not None and not self.muted:
            self.video.title += data
        elif not self.muted:
            self.out.append(
                "\n".join(map(self.paper.put, data.split("\n"))) if self.is_verbatim else self.paper.put(data)
            )

    def _tag(self, tag: str) -> str:
        found = _HEADING.match(tag)
        return f"h{min(6, int(found[1]) + self.down)}" if found else tag

    def _end_link(self) -> None:
        """The words stay; after them the address, where they are not the address itself."""
        if not self.links:
            return
        href, begin = self.links.pop()
        if self.muted:
            self.muted -= 1
            return
        said = re.sub(r"<[^>]*>", "", "".join(self.out[begin:])).strip()
        if href.startswith(("https:", "http:", "mailto:")) and said != href.removeprefix("mailto:"):
            self.out.append(f' (<span class="address">{self.paper.put(href.removeprefix("mailto:"))}</span>)')

    def _end_in_video(self, tag: str) -> None:
        if tag in ("video", "a") and self.muted:
            self.muted -= 1
        elif tag == "figure" and self.video is not None:
            video, self.video = self.video, None
            title = video.title.strip(" ·\n")
            self.out.append(
                f'<div class="video"><p><strong>{self.paper.put(f"{self.paper.video}: {title}")}</strong></p>'
                f"{self._transcript(video.files)}</div>"
            )

    def _transcript(self, paths: list[str]) -> str:
        """What is said in a video: its transcript, else its captions."""
        for suffixes in ((".md", ".txt"), (".vtt", ".srt")):
            for path in paths:
                content = self._file(path) if PurePosixPath(path).suffix.lower() in suffixes else None
                if content is not None:
                    text = content.decode("utf-8", "replace")
                    html = render(text, self.paper.language) if path.endswith(".md") else _paragraphs(text)
                    html = re.sub(r"<(/?)h[1-6]\b[^>]*>", r"<\1p>", html)  # its headings are none of the course's
                    return f"<p>{self.paper.put(self.paper.transcript)}</p>{self.paper.ready(html)}"
        return ""

    def _file(self, address: str) -> bytes | None:
        return self.paper.files(unquote(address.removeprefix("asset:")))

    def _picture(self, values: dict[str, str]) -> str:
        """The picture; where it cannot be printed, the text in its place."""
        alt = values.get("alt", "")
        content = self._file(values.get("src", ""))
        found = None if content is None else picture_data(values.get("src", ""), content)
        if found is None:
            return f'<span class="no-picture">[{self.paper.put(alt)}]</span>' if alt else ""
        return f'<img src="{found}" alt="{escape(alt)}">'


def _attributes(tag: str, values: dict[str, str]) -> str:
    kept = {name: values[name] for name in _KEPT.get(tag, ()) if name in values}
    if tag in _CLASSED and values.get("class"):
        kept["class"] = values["class"]
    return "".join(f' {name}="{escape(value)}"' for name, value in kept.items())


def _paragraphs(text: str) -> str:
    """Plain text, or the words of captions without their times."""
    lines = ["" if _CUE.search(line.strip()) else line.strip() for line in text.replace("\r", "").split("\n")]
    blocks = re.split(r"\n{2,}", "\n".join(lines).strip())
    return "".join(f"<p>{escape(re.sub(r'<[^>]*>', '', block))}</p>" for block in blocks if block.strip())


def picture_data(path: str, content: bytes) -> str | None:
    """A picture as an address that holds it; None where it cannot be read, or would fetch something else."""
    if path.lower().endswith(".svg"):
        if re.search(
            rb"(?i)<!(?!--)|<\?xml-|<image|<use|<foreignobject|<script|<style|\bhref\s*=\s*[\"'](?!#)|url\(\s*[\"']?(?!#)|@import",
            content,
        ):
            return None
        return f"data:image/svg+xml;base64,{base64.b64encode(content).decode()}"
    try:
        with Image.open(BytesIO(content)) as opened:
            opened.thumbnail((WIDEST, WIDEST))
            layers = opened.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None
    flat = Image.new("RGB", layers.size, "white")
    flat.paste(layers, mask=layers.getchannel("A"))
    stored = BytesIO()
    flat.save(stored, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stored.getvalue()).decode()}"
