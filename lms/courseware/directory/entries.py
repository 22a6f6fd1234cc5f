"""What the directory holds, as frozen values: telephone lines, needs, organizations. None means: not known to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

Texts = Mapping[str, str]
"""By language; English is always there."""

CONFIDENCES = ("H", "M", "L")
"""Read on the organization's own or an official page; on a secondary or an old one; on one weak page."""

KINDS = ("association", "coalition", "network", "provider", "state-agency", "state-program")
STATEWIDE, NATIONAL = "statewide", "national"
EMERGENCY = "emergency"
"""The line and the need that stand before all others."""


def in_language(texts: Texts, language: str) -> str:
    return texts.get(language) or texts["en"]


@dataclass(frozen=True, slots=True)
class Line:
    """A telephone line of hotlines.yaml. `tel` goes into a link, `number` is what people read."""

    id: str
    name: Texts
    number: str
    tel: str
    text: str
    tty: Texts
    note: Texts
    url: str
    is_in_footer: bool
    source: tuple[str, ...]
    checked_on: date


@dataclass(frozen=True, slots=True)
class Phone:
    number: str
    tel: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Page:
    url: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Served:
    """What is known of how one is served, of a line or an organization. `languages` are BCP 47 codes."""

    needs: tuple[str, ...]
    counties: tuple[str, ...] | None
    """County FIPS codes, or STATEWIDE, or NATIONAL."""
    languages: tuple[str, ...] | None
    deaf_access: Texts | None
    interpreters: Texts | None
    source: tuple[str, ...]
    checked_on: date
    confidence: str

    @property
    def is_everywhere(self) -> bool:
        return self.counties is not None and bool({STATEWIDE, NATIONAL} & set(self.counties))


@dataclass(frozen=True, slots=True)
class ByNeed:
    """For which needs a line is."""

    line: Line
    served: Served


@dataclass(frozen=True, slots=True)
class Organization:
    """`is_direct` False: it funds, connects or trains those who help, and has no door to knock on."""

    id: str
    name: Texts
    kind: str
    is_direct: bool
    served: Served
    area: Texts | None
    what_they_do: Texts
    how_to_reach: Texts
    line: Line | None
    phone: Phone | None
    videophone: Phone | None
    text: Phone | None
    web: Page | None
    guide: Page | None

    @property
    def is_public(self) -> bool:
        """An entry that rests on one weak page is shown only to those who will check it."""
        return self.served.confidence != "L"

    @property
    def weak(self) -> tuple[str, ...]:
        """Its ways to be reached that rest on one weak page: nobody is shown them but those who will check them."""
        named: tuple[tuple[str, Phone | Page], ...] = (
            *((way.number, way) for way in (self.phone, self.videophone, self.text) if way),
            *((page.url, page) for page in (self.web, self.guide) if page),
        )
        return tuple(words for words, way in named if way.confidence == "L")


@dataclass(frozen=True, slots=True)
class Directory:
    """Both files, read. `needs` by id, in the order in which they are shown."""

    needs: Mapping[str, Texts]
    lines: tuple[ByNeed, ...]
    organizations: tuple[Organization, ...]
