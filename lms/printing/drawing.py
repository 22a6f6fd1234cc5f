"""Packet and key as PDF: pieces are laid out one after another, counted first, so that each page says “page 3 of 41”.

Never in a transaction. Each piece takes its own turn at the press, so that a certificate need not wait for a course.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from babel import Locale
from markupsafe import Markup

from lms.certification import typefaces
from lms.certification.press import Sheet, environment, press
from lms.certification.typesetting import Setter
from lms.courseware import names
from lms.errors import N_
from lms.printing.paper import Paper
from lms.printing.pieces import Printed, key_pieces, packet_pieces
from lms.printing.sheets import KEY, PACKET
from lms.resources import catalog

KINDS: Mapping[str, Callable[[Printed], Iterable[Mapping[str, Any]]]] = {PACKET: packet_pieces, KEY: key_pieces}

TITLES = {PACKET: N_("%(title)s: course on paper"), KEY: N_("%(title)s: key")}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the program in the language of the course."""

    language: str

    def __call__(self, text: str, **values: Any) -> str:
        found = str(catalog(self.language).ugettext(text))
        return found % values if values else found

    def discipline(self, code: str) -> str:
        return names.discipline_name(code, self)

    def step_role(self, code: str) -> str:
        return names.step_role_name(code, self)

    def language_name(self) -> str:
        return str(Locale.parse(self.language).get_display_name(self.language) or self.language).capitalize()


def draw(kind: str, printed: Printed, *, provider: str, dated: date) -> bytes:
    """The PDF; the same bytes each time. Raises PressIsBusy."""
    pieces = list(KINDS[kind](printed))
    counts = [press().count_pages(_sheet(kind, printed, piece, 1, 0, provider, dated)) for piece in pieces]
    total, begins = sum(counts), [1 + sum(counts[:place]) for place in range(len(counts))]
    sheets = [
        _sheet(kind, printed, piece, begin, total, provider, dated) for piece, begin in zip(pieces, begins, strict=True)
    ]
    parts = (press().draw_part(sheet, f"part{place}") for place, sheet in enumerate(sheets[1:], 1))
    return press().draw_bound(sheets[0], list(parts))


def _sheet(
    kind: str, printed: Printed, piece: Mapping[str, Any], first_page: int, total: int, provider: str, dated: date
) -> Sheet:
    setter, words = Setter(), Words(printed.language)
    text = printed.course.text(printed.language)
    paper = Paper(setter, printed.files, printed.language, words(N_("Video")), words(N_("What is said in it:")))
    running = [
        printed.course.code,
        words(N_("version %(number)s"), number=printed.version),
        words.language_name(),
        words(N_("form %(number)s"), number=printed.form),
    ]
    values = {
        **piece,
        "_": words,
        "course": printed.course,
        "text": text,
        "language": printed.language,
        "version": printed.version,
        "form_number": printed.form,
        "content_hash": printed.course.content_hash[:12],
        "provider": provider,
        "ready": lambda html, down=1: Markup(paper.ready(html, down)),  # noqa: S704 - it passed safe_html when it was read
        "put": lambda words: Markup(paper.put(str(words))),  # noqa: S704 - escaped there
        "number_of": number_of,
        "discipline": words.discipline,
        "step_role": words.step_role,
        "running": " · ".join(running) + (f" · {words(KEY_MARK)}" if kind == KEY else ""),
        "page_word": words(N_("page")),
        "of_words": words(N_("of %(total)s"), total=total),
        "first_page": first_page,
    }
    # The template is rendered by the press, after the fonts of the sheet are named: so it is rendered once before.
    _render_for_fonts(values)
    return Sheet(
        "print.html",
        "print.css",
        values,
        faces=tuple(sorted(setter.faces)),
        title=typefaces.printable(words(TITLES[kind], title=text.title)),
        author=typefaces.printable(provider),
        language=printed.language,
        dated=dated,
    )


KEY_MARK = N_("KEY: for trainers only")


def _render_for_fonts(values: Mapping[str, Any]) -> None:
    environment().get_template("print.html").render(values)


def number_of(points: Fraction) -> str:
    """Points as people write them: 2, 1.5, or 1/3 where there is no end to it."""
    if points.denominator == 1:
        return str(points.numerator)
    shown = f"{float(points):.2f}".rstrip("0")
    return shown if Fraction(shown) == points else f"{points.numerator}/{points.denominator}"
