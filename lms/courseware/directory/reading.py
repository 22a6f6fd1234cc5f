"""The two files of the directory, read; whatever cannot be used is a problem with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lms.counties import counties
from lms.courseware.directory.entries import (
    CONFIDENCES,
    KINDS,
    NATIONAL,
    STATEWIDE,
    ByNeed,
    Directory,
    Line,
    Organization,
    Page,
    Phone,
    Served,
    Texts,
)
from lms.courseware.facts import Facts

HOTLINES, ORGANIZATIONS = "hotlines.yaml", "organizations.yaml"

_TEL = re.compile(r"\+?[0-9]{3,15}\Z")
_BCP47 = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?\Z")
_ADDRESS = re.compile(r"https?://[^\s\"<>]+\Z")
_NO_DAY = date.min
"""Of an entry without the day on which it was checked: `checks/resources.py` reports that."""


def read_lines(facts: Facts) -> dict[str, Line]:
    """hotlines.yaml: the lines by id. Problems are in `facts.problems`."""
    found: dict[str, Line] = {}
    for entry in facts.many("lines", is_required=True):
        line = Line(
            id=_new_id(entry, found),
            name=_texts(entry, "name", is_required=True) or {"en": ""},
            number=entry.text("number", is_required=True),
            tel=_tel(entry),
            text=entry.text("text"),
            tty=_texts(entry, "tty") or {"en": ""},
            note=_texts(entry, "note") or {"en": ""},
            url=_address(entry, "url"),
            is_in_footer=entry.yes("footer", False),
            source=_sources(entry),
            checked_on=_day(entry),
        )
        _known_confidence(entry)
        entry.report_unused("a line")
        found.setdefault(line.id, line)
    facts.report_unused("this file")
    return found


def read_directory(facts: Facts, lines: Mapping[str, Line] | None) -> Directory:
    """organizations.yaml; `lines` None where hotlines.yaml is not at hand. Problems are in `facts.problems`."""
    return _Reader(facts, lines).read()


@dataclass(slots=True)
class _Reader:
    facts: Facts
    lines: Mapping[str, Line] | None

    def read(self) -> Directory:
        needs = self._needs()
        organizations: dict[str, Organization] = {}
        for entry in self.facts.many("organizations", is_required=True):
            one = self._organization(entry, organizations, needs)
            organizations.setdefault(one.id, one)
        by_need = tuple(self._by_need(needs))
        self.facts.report_unused("this file")
        return Directory(needs, by_need, tuple(organizations.values()))

    def _needs(self) -> dict[str, Texts]:
        named = self.facts.facts("needs", is_required=True)
        if named is None:
            return {}
        found = {key: _texts(named, key, is_required=True) or {"en": key} for key in named.values}
        for key in found:
            if not re.fullmatch(r"[a-z0-9-]{3,40}", key):
                named.bad(key, "this is no id; use 3 to 40 small letters, digits and hyphens.")
        return found

    def _organization(self, entry: Facts, known: Mapping[str, Any], needs: Mapping[str, Any]) -> Organization:
        entry.texts("flyer_needs", tuple(needs))
        found = Organization(
            id=_new_id(entry, known),
            name=_texts(entry, "name", is_required=True) or {"en": ""},
            kind=entry.choice("kind", KINDS, KINDS[0], is_required=True),
            is_direct=self._direct(entry),
            served=_served(entry, needs),
            area=_texts(entry, "area"),
            what_they_do=_texts(entry, "what_they_do", is_required=True) or {"en": ""},
            how_to_reach=_texts(entry, "how_to_reach", is_required=True) or {"en": ""},
            line=self._line(entry, is_required=False),
            phone=_phone(entry, "phone"),
            videophone=_phone(entry, "videophone"),
            text=_phone(entry, "text"),
            web=_page(entry, "web"),
            guide=_page(entry, "guide"),
        )
        entry.report_unused("an organization")
        return found

    def _direct(self, entry: Facts) -> bool:
        entry.has("direct", is_required=True)
        return entry.yes("direct", False)

    def _by_need(self, needs: Mapping[str, Any]) -> Iterator[ByNeed]:
        known: dict[str, ByNeed] = {}
        for entry in self.facts.many("lines"):
            name, line, served = _new_id(entry, known), self._line(entry, is_required=True), _served(entry, needs)
            entry.report_unused("a line by need")
            if line is not None:
                known.setdefault(name, ByNeed(line, served))
        yield from known.values()

    def _line(self, entry: Facts, is_required: bool) -> Line | None:
        """Name and number come from hotlines.yaml alone: here stands only which line it is. Whether it is there, is
        checked where that file is at hand (`checks/resources.py`)."""
        return (self.lines or {}).get(entry.slug("line", is_required))


def _served(entry: Facts, needs: Mapping[str, Any]) -> Served:
    return Served(
        needs=entry.texts("needs", tuple(needs), is_required=True),
        counties=_counties(entry),
        languages=_languages(entry),
        deaf_access=_texts(entry, "deaf_access"),
        interpreters=_texts(entry, "interpreters"),
        source=_sources(entry),
        checked_on=_day(entry),
        confidence=_known_confidence(entry),
    )


def _counties(entry: Facts) -> tuple[str, ...] | None:
    """Raises no problem for null: not known."""
    _present(entry, "counties")
    if not entry.has("counties"):
        return None
    found = entry.texts("counties")
    if not found:
        entry.bad("counties", "an empty list says nothing; write null where the area is not known.")
    for one in found:
        if one not in (STATEWIDE, NATIONAL) and one not in counties():
            entry.bad("counties", f"“{one[:40]}” is no county of this state; write its FIPS code in quotes.")
    if len(found) > 1 and {STATEWIDE, NATIONAL} & set(found):
        entry.bad("counties", f"`{STATEWIDE}` and `{NATIONAL}` stand alone.")
    return found or None


def _languages(entry: Facts) -> tuple[str, ...] | None:
    _present(entry, "languages")
    found = entry.texts("languages")
    for one in found:
        if not _BCP47.match(one):
            entry.bad("languages", f"“{one[:40]}” is no language code; write en, es or ase.")
    return found or None


def _present(entry: Facts, key: str) -> None:
    """A key that is left out may have been forgotten; null says that somebody looked and found nothing."""
    if key not in entry.values:
        entry.bad(key, "say what is known, or null where nothing is.")


def _new_id(entry: Facts, known: Mapping[str, Any]) -> str:
    name = entry.slug("id", is_required=True)
    if name in known:
        entry.bad("id", f"“{name}” stands here twice; ids are used once.")
    return name


def _texts(entry: Facts, key: str, is_required: bool = False) -> Texts | None:
    """A text by language, or one text that is the same in all of them."""
    if isinstance(entry.values.get(key), str):
        return {"en": entry.text(key, is_required=is_required)}
    inner = entry.facts(key, is_required)
    if inner is None:
        return None
    found = {code: inner.text(code, is_required=True) for code in inner.values}
    if not found.get("en"):
        entry.bad(key, "there is no English text (en); add one.")
        return {"en": ""}
    for code in found:
        if not _BCP47.match(code):
            inner.bad(code, "this is no language code; write en or es.")
    return found


def _phone(entry: Facts, key: str) -> Phone | None:
    inner = entry.facts(key)
    if inner is None:
        return None
    found = Phone(inner.text("number", is_required=True), _tel(inner), _known_confidence(inner))
    if not _address(inner, "source"):
        inner.bad("source", "give the address of the page that names this number.")
    inner.report_unused(f"`{key}`")
    return found


def _page(entry: Facts, key: str) -> Page | None:
    inner = entry.facts(key)
    if inner is None:
        return None
    inner.has("url", is_required=True)
    found = Page(_address(inner, "url"), _known_confidence(inner))
    inner.report_unused(f"`{key}`")
    return found


def _tel(entry: Facts) -> str:
    value = entry.text("tel", is_required=True)
    if value and not _TEL.match(value):
        entry.bad("tel", f'“{value[:40]}” is no number for a link; write it as "+15735550100".')
        return ""
    return value


def _address(entry: Facts, key: str) -> str:
    value = entry.text(key)
    if value and not _ADDRESS.match(value):
        entry.bad(key, "write a whole address, beginning with https://.")
        return ""
    return value


def _known_confidence(entry: Facts) -> str:
    return entry.choice("confidence", CONFIDENCES, "L", is_required=True)


def _sources(entry: Facts) -> tuple[str, ...]:
    """What is wrong with them, `checks/resources.py` reports, as for every data file."""
    entry.used.update(("source", "source_keys"))
    value = entry.values.get("source")
    listed = value if isinstance(value, list) else [value]
    return tuple(one for one in listed if isinstance(one, str) and _ADDRESS.match(one))


def _day(entry: Facts) -> date:
    entry.used.add("checked_on")
    value = entry.values.get("checked_on")
    return value if isinstance(value, date) and not isinstance(value, datetime) else _NO_DAY
