"""The sources below a module: which of them a page or a sheet keeps, by the places that refer to them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_WAY_BACK = re.compile(r'\s*<a\b[^>]*\bhref="#(?P<place>fnref-[^"]+)"[^>]*>[^<]*</a>')
_NOTE = re.compile(
    r'<li id="(?P<id>fn-[^"]+)"(?: value="(?P<number>\d+)")?>(?P<text>.*?)(?=<li id="fn-|</ol>\s*\Z)', re.DOTALL
)


def keep_notes(notes_html: str, keeps: Callable[[Sequence[str]], bool]) -> str:
    """The notes that are kept, by the ids of the places that refer to each; they keep their numbers. Empty for none."""
    number = 0

    def kept(note: re.Match[str]) -> str:
        nonlocal number
        number = int(note["number"] or number + 1)
        places = [way["place"] for way in _WAY_BACK.finditer(note["text"])]
        return f'<li id="{note["id"]}" value="{number}">{note["text"]}' if keeps(places) else ""

    left = _NOTE.sub(kept, notes_html)
    return left if "<li" in left else ""


def keep_ways_back(notes_html: str, texts: str) -> str:
    """The notes with ways back only to places that are in `texts`."""
    return _WAY_BACK.sub(lambda way: way[0] if is_in(way["place"], texts) else "", notes_html)


def is_in(place: str, texts: str) -> bool:
    """Whether the place, by its id, is in these texts."""
    return f'id="{place}"' in texts
