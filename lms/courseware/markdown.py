"""Markdown to safe HTML, read exactly as the course language says."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from lms.courseware.comments import comment_plugin
from lms.courseware.safe_html import clean, place_assets, place_links, place_terms
from lms.courseware.words import slug_of, word

__all__ = ["new_parser", "place_assets", "place_links", "place_terms", "render", "render_inline", "safe_html"]

Env = MutableMapping[str, Any]


def new_parser() -> MarkdownIt:
    """The one configuration of the course language."""
    md = MarkdownIt("commonmark", {"html": False, "tasklists": True, "alerts": True})
    md.enable(["table", "strikethrough"])
    md.use(front_matter_plugin).use(footnote_plugin, inline=False).use(deflist_plugin).use(comment_plugin)
    md.core.ruler.before("footnote_tail", "source_definitions", _note_definitions)
    for name, rule in _RULES.items():
        md.add_render_rule(name, rule)
    return md


def _note_definitions(state: StateCore) -> None:
    """Keeps where each source is defined: the plug-in moves definitions to the end and drops unused ones."""
    definitions = [t for t in state.tokens if t.type == "footnote_reference_open"]
    state.env["source_definitions"] = [(t.meta["label"], t.map or [0, 0]) for t in definitions]


def note_id(label: str) -> str:
    """The part of an id that names a source: `S5` → `S5`."""
    return slug_of(label) if not re.fullmatch(r"[A-Za-z0-9_-]+", label) else label


def _list_item_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
    return "<li>"


def _table_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
    return '<div class="scroll" tabindex="0"><table>\n'


def _table_close(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
    return "</table></div>\n"


def _cell_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
    token = tokens[index]
    scope = ' scope="col"' if token.tag == "th" else ""
    align = re.search(r"left|center|right", str(token.attrs.get("style", "")))
    return f"<{token.tag}{scope}" + (f' class="align-{align[0]}">' if align else ">")


def _footnote_ref(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
    meta = tokens[index].meta
    name = escape(note_id(meta["label"]))
    return f'<sup class="footnote-ref"><a href="#fn-{name}" id="{_ref_id(meta)}">[{meta["id"] + 1}]</a></sup>'


def _ref_id(meta: dict[str, Any]) -> str:
    name = escape(note_id(meta["label"]))
    return f"fnref-{name}" + (f"--{meta['subId'] + 1}" if meta["subId"] else "")


def _footnote_block_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
    return '<ol class="notes">\n'


def _footnote_block_close(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
    return "</ol>\n"


def _footnote_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
    return f'<li id="fn-{escape(note_id(tokens[index].meta["label"]))}">'


def _footnote_anchor(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
    label = escape(word("back", env.get("language", "en")))
    return f' <a class="footnote-back" href="#{_ref_id(tokens[index].meta)}" aria-label="{label}">\u21a9\ufe0e</a>'


def _video(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
    """A stored video as a figure with poster, captions, transcript and sign language, as far as they are given."""
    video = tokens[index].meta
    language = env.get("language", "en")
    poster = f' poster="{escape(video["poster"])}"' if video.get("poster") else ""
    kind = "video/webm" if video["source"].endswith(".webm") else "video/mp4"
    track = ""
    if video.get("captions"):
        track = (
            f'<track kind="captions" src="{escape(video["captions"])}" srclang="{escape(language)}"'
            f' label="{escape(word("captions", language))}" default>'
        )
    also = "".join(
        f' · <a href="{escape(video[key])}">{escape(word(key, language))}</a>'
        for key in ("transcript", "asl")
        if video.get(key)
    )
    return (
        f'<figure class="video"><video controls preload="none"{poster}>'
        f'<source src="{escape(video["source"])}" type="{kind}">{track}</video>'
        f"<figcaption>{escape(video['title'])}{also}</figcaption></figure>\n"
    )


_RULES = {
    "list_item_open": _list_item_open,
    "table_open": _table_open,
    "table_close": _table_close,
    "th_open": _cell_open,
    "td_open": _cell_open,
    "footnote_ref": _footnote_ref,
    "footnote_block_open": _footnote_block_open,
    "footnote_block_close": _footnote_block_close,
    "footnote_open": _footnote_open,
    "footnote_anchor": _footnote_anchor,
    "video": _video,
}

PARSER = new_parser()


def safe_html(tokens: Sequence[Token], env: Env) -> str:
    """Tokens that `document.py` has settled, as HTML that is safe to put on a page."""
    return clean(PARSER.renderer.render(tokens, PARSER.options, env)).strip()


def render(text: str, language: str = "en") -> str:
    """A short text as safe HTML paragraphs. Never raises; what cannot be read comes out as plain text."""
    from lms.courseware.document import open_document  # the document needs the parser above

    document = open_document("", text, language, has_front_matter=False)
    return document.html([token for block in document.blocks for token in block.tokens])


def render_inline(text: str, language: str = "en") -> str:
    """A text of one line as safe HTML without a paragraph around it."""
    html = render(" ".join(text.split()), language)
    inner = html.removeprefix("<p>").removesuffix("</p>")
    return inner if html == f"<p>{inner}</p>" and "<p>" not in inner else html
