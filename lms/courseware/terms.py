"""Words of the glossary in the text of a module: the first time that each is used, it becomes a link to its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from urllib.parse import quote

from markdown_it.token import Token

from lms.courseware.course import GlossaryTerm
from lms.courseware.document import Document
from lms.courseware.parts import Part, split_parts

MOST_WORDS = 12
"""A longer term is explained in the glossary and not looked for in the text."""

_WORD = re.compile(r"\w+")
_ASIDE = re.compile(r"\s*\(([^()]*)\)")
_PLAIN = frozenset({"text", "softbreak"})
_NEVER_IN = frozenset({"pool", "q", "facilitator"})
"""Parts without links: in a quiz a meaning may be the answer, and facilitators see their parts without the page."""


@dataclass(slots=True)
class _Node:
    """What may follow the words so far: gap and word → node. `slug` where a term ends here."""

    following: dict[tuple[str, str], _Node] = field(default_factory=dict)
    slug: str = ""
    capitals: bool = False
    """Set for terms such as FERPA, which only capitals mean."""


def link_terms(document: Document, terms: Sequence[GlossaryTerm]) -> None:
    """Changes the document's tokens. Takes time in proportion to the text, however many terms there are.

    Headings, links, code, sources and the quiz stay as they are. What only one discipline reads does not count for the
    others, so that everybody finds the link in what they read.
    """
    wanted = tuple((term.term, term.slug) for term in terms if term.is_linked)
    if not wanted:
        return
    tree = _tree(wanted, document.language)
    seen: set[str] = set()
    for part in split_parts(document.blocks, 2, 1, len(document.lines) + 1):
        names = set(_names(document, part))
        if not names & _NEVER_IN:
            _link_part(part, tree, set(seen) if "only" in names else seen, document.language)


def _names(document: Document, part: Part) -> Iterator[str]:
    """What the hidden lines of a part are called."""
    blocks = (part.head, *part.blocks) if part.head else part.blocks
    return (comment.name for block in blocks for _, comment in document.comments(block.tokens))


def _link_part(part: Part, tree: _Node, seen: set[str], language: str) -> None:
    for block in part.blocks:
        if block.level:
            continue
        is_title = False
        for token in block.tokens:
            if token.type == "heading_open" or token.attrs.get("class") == "note-title":
                is_title = True
            elif token.nesting == -1:
                is_title = False
            elif token.type == "inline" and token.children and not is_title:
                token.children = _link_line(token.children, tree, seen, language)


def _link_line(children: Sequence[Token], tree: _Node, seen: set[str], language: str) -> list[Token]:
    linked: list[Token] = []
    run: list[Token] = []
    depth = 0
    for child in children:
        if child.type in _PLAIN and depth == 0:
            run.append(child)
            continue
        linked += _link_run(run, tree, seen, language)
        run = []
        depth += child.nesting if child.type in {"link_open", "link_close"} else 0
        linked.append(child)
    return linked + _link_run(run, tree, seen, language)


def _link_run(run: list[Token], tree: _Node, seen: set[str], language: str) -> list[Token]:
    """Plain text, which may go over several lines, with links in it."""
    text = "".join("\n" if token.type == "softbreak" else token.content for token in run)
    linked: list[Token] = []
    end = 0
    for begin, stop, slug in _found(text, tree):
        if slug in seen:
            continue
        seen.add(slug)
        linked += _texts(text[end:begin])
        linked.append(Token("link_open", "a", 1, attrs={"class": "term", "href": f"glossary:{language}#{quote(slug)}"}))
        linked += [*_texts(text[begin:stop]), Token("link_close", "a", -1)]
        end = stop
    return [*linked, *_texts(text[end:])] if linked else run


def _texts(text: str) -> list[Token]:
    tokens: list[Token] = []
    for number, line in enumerate(text.split("\n")):
        if number:
            tokens.append(Token("softbreak", "br", 0))
        if line:
            tokens.append(Token("text", "", 0, content=line))
    return tokens


def _found(text: str, tree: _Node) -> Iterator[tuple[int, int, str]]:
    """Begin, end and slug of each term, the longest where several begin at one word; none inside another."""
    words = list(_WORD.finditer(text))
    index = 0
    while index < len(words):
        last, slug = _longest(text, words, index, tree)
        if slug and _stands_alone(text, words[index].start(), words[last].end()):
            yield words[index].start(), words[last].end(), slug
            index = last
        index += 1


def _longest(text: str, words: Sequence[re.Match[str]], index: int, tree: _Node) -> tuple[int, str]:
    node, gap = tree, ""
    last, slug = index, ""
    for place in range(index, min(index + MOST_WORDS, len(words))):
        if place > index:
            gap = _gap(text[words[place - 1].end() : words[place].start()])
        following = node.following.get((gap, words[place][0].casefold()))
        if following is None:
            break
        node = following
        if node.slug and (not node.capitals or words[place][0][:2].isupper()):
            last, slug = place, node.slug
    return last, slug


def _stands_alone(text: str, begin: int, end: int) -> bool:
    """Not one half of a word with a hyphen, as force is in task-force."""
    before, after = text[max(0, begin - 1) : begin], text[end : end + 2]
    return before != "-" and not (after[:1] == "-" and after[1:].isalnum())


def _gap(text: str) -> str:
    return " ".join(text.replace("’", "'").split(" ")) if not text.isspace() else " "


@lru_cache(maxsize=64)
def _tree(terms: tuple[tuple[str, str], ...], language: str) -> _Node:
    root = _Node()
    for term, slug in terms:
        aside = _ASIDE.search(term)
        for name in filter(None, (_ASIDE.sub("", term).strip(), aside[1].strip() if aside else "")):
            _plant(root, name, slug, language)
    return root


def _plant(root: _Node, name: str, slug: str, language: str) -> None:
    words = list(_WORD.finditer(name))
    if not words or len(words) > MOST_WORDS:
        return
    gaps = ["", *(_gap(name[a.end() : b.start()]) for a, b in pairwise(words))]
    capitals = len(words) == 1 and len(name) > 1 and name.isupper()
    for forms in _forms([word[0].casefold() for word in words], language):
        node = root
        for gap, form in zip(gaps, forms, strict=True):
            node = node.following.setdefault((gap, form), _Node())
        if not node.slug:
            node.slug, node.capitals = slug, capitals


def _forms(words: list[str], language: str) -> Iterator[list[str]]:
    """The term and its plurals: in English the last word has it, in Spanish the first or the first few."""
    yield words
    if language.startswith("es"):
        for count in range(1, len(words) + 1):
            yield [_spanish_plural(word) if len(word) > 3 else word for word in words[:count]] + words[count:]
    elif language.startswith("en"):
        yield [*words[:-1], _english_plural(words[-1])]


def _english_plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")


def _spanish_plural(word: str) -> str:
    if word.endswith("ón"):
        return word[:-2] + "ones"
    if word.endswith("z"):
        return word[:-1] + "ces"
    return word + ("s" if word[-1] in "aeiouáéó" else "es")
