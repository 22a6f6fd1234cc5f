"""Every shipped course shows the same outline on GitHub (cmark-gfm) as here, so that authors can trust what they see."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from lms.courseware.markdown import new_parser

COURSES = Path(__file__).parents[2] / "courses"
FILES = sorted(path for path in COURSES.glob("*/*/*.md") if path.parent.name != "media" and path.name != "glossary.md")
COUNTED = ("ul", "ol", "li", "table", "tr", "blockquote", "pre", "img", "hr")


class Outline(HTMLParser):
    """Headings in order, and how many of each kind of block, without the notes at the end."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.counts: Counter[str] = Counter()
        self.is_in_notes = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_in_notes = self.is_in_notes or (tag == "section" and ("class", "footnotes") in attrs)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        if tag in COUNTED and not self.is_in_notes:
            self.counts[tag] += 1


def on_github(text: str) -> Outline:
    body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    return Outline(cmarkgfm.github_flavored_markdown_to_html(body, Options.CMARK_OPT_FOOTNOTES))


def here(text: str) -> tuple[list[str], Counter[str]]:
    tags = {"alert_open": "blockquote", "fence": "pre", "code_block": "pre"}
    headings: list[str] = []
    counts: Counter[str] = Counter()
    is_in_notes = False
    for token in new_parser().parse(text, {}):
        is_in_notes = is_in_notes or token.type == "footnote_block_open"
        if token.type == "heading_open":
            headings.append(token.tag)
        tag = tags.get(token.type, token.tag)
        if tag in COUNTED and token.nesting >= 0 and not is_in_notes:
            counts[tag] += 1
        counts["img"] += sum(child.type == "image" for child in token.children or ())
    return headings, counts


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(COURSES)))
def test_a_shipped_file_has_the_same_outline_on_github(path: Path):
    text = path.read_text(encoding="utf-8")
    github = on_github(text)

    headings, counts = here(text)

    assert headings == github.headings
    assert +counts == +github.counts


def test_there_are_files_to_compare():
    assert FILES
