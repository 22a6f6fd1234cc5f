"""Drawing an agency's own design, and looking whether it says what it must. Only in a process with limits."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from jinja2 import TemplateError
from markupsafe import Markup
from weasyprint import CSS, HTML
from weasyprint.document import Document
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from lms.certification import typefaces
from lms.certification.facts import CertificateFacts
from lms.certification.packs import VALUES, Pack, sandbox
from lms.certification.press import VARIANT, Attached, Sheet, environment, finished, press, qr_image
from lms.certification.press_sources import SCHEME
from lms.certification.sheet_details import (
    credit_lines,
    details,
    license_line,
    provider_line,
    shown_address,
    source_line,
)
from lms.certification.sheets import TITLES
from lms.certification.typesetting import Set, Setter
from lms.certification.wording import ENGLISH, WORDS, long_day, word
from lms.errors import N_, Sentence

FORBIDDEN = ("script", "object", "embed", "iframe", "link", "style", "svg", "form", "input", "base", "meta", "video")
REQUIRED = ("name", "title", "completed_on", "provider", "code", "verify_address")
MOST_PAGES = 4
SMALLEST_POINTS = 5.0
OWN_RULES = "img { image-rendering: pixelated !important } @page { size: 11in 8.5in }"
"""A smoothed picture is not allowed in PDF/A; the paper is everybody's."""


class DesignRefused(Exception):
    """Why a pack cannot be drawn or does not say what a certificate must, reason by reason."""

    def __init__(self, *reasons: Sentence) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


class PackOnly(URLFetcher):  # type: ignore[misc]
    """Answers the pack's pictures by their names, and inline ones. Nothing else, on the network or on the disk."""

    def __init__(self, images: Mapping[str, bytes]) -> None:
        super().__init__()
        self._images = images
        self.refused = ""
        """The address that it did not answer."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        name = url.removeprefix(SCHEME)
        if url.startswith("data:image/png;base64,"):
            content = base64.b64decode(url.partition(",")[2])
        elif name in self._images:
            content = self._images[name]
        else:
            self.refused = url[:80]
            raise FatalURLFetchingError("not in the zip file")
        return URLFetcherResponse(url, content, {"Content-Type": "image/png"})


def draw_pack(
    facts: CertificateFacts, pack: Pack, attachments: Sequence[Attached] = (), *, is_lint: bool = False
) -> bytes:
    """The PDF of a certificate in an agency's own design. Raises DesignRefused; with `is_lint` also for what the
    drawing lacks."""
    setter = Setter()
    values = values_of(facts, setter)
    try:
        body = sandbox().from_string(pack.template).render(values)
    except TemplateError as error:
        raise DesignRefused(_reason(N_("The template cannot be filled: %(problem)s"), problem=error)) from None
    problems = look_at_html(body)
    if problems:
        raise DesignRefused(*problems)
    document = _laid_out(body, pack, values, setter)
    if is_lint and (lacking := missing_in(document, values)):
        raise DesignRefused(*lacking)
    return finished(document, _sheet(facts, values, attachments))


def values_of(facts: CertificateFacts, setter: Setter) -> dict[str, Any]:
    """What a template may name, as plain text; the fonts that it needs are noted in the setter."""
    words, language = WORDS.get(facts.language, ENGLISH), facts.language

    def text(written: str) -> str:
        return setter.set(written).text

    second = details(facts, setter)
    rows = {
        key: [{name: one.text if isinstance(one, Set) else one for name, one in row.items()} for row in second[key]]
        for key in ("seats", "milestones", "evidence")
    }
    values = {
        "kind": facts.kind,
        "language": language if language in WORDS else "en",
        "heading": words[TITLES[facts.kind]],
        "lead": words["certifies_team" if facts.team else "certifies"],
        "name": text(facts.printed_name),
        "license": text(license_line(facts)),
        "agency": text(facts.agency_name),
        "second_lead": words["completed_lead" if facts.kind == "course" else "met_lead"],
        "title": text(facts.title),
        "source": source_line(facts),
        "completed_label": words["completed" if facts.kind == "course" else "awarded"],
        "completed_on": long_day(facts.completed_on, language),
        "valid_until_label": words["valid_until"],
        "valid_until": long_day(facts.valid_until, language) if facts.valid_until else words["no_end"],
        "hours_label": words["contact_hours"],
        "hours": facts.contact_hours if facts.contact_minutes is not None else "",
        "credit": [text(line) for line in credit_lines(facts)],
        "statement": text(facts.statement),
        "provider": text(facts.provider_name),
        "provider_line": text(provider_line(facts)),
        "issuer": text(facts.issuer_name),
        "code": facts.code,
        "verify_address": shown_address(facts),
        "verify_url": facts.verify_url,
        "qr": qr_image(facts.verify_url),
        "qr_alt": word(language, "qr_alt", address=facts.verify_url),
        "signatories": [{"name": text(name), "title": text(title)} for name, title in facts.signatories],
        "objectives": [text(one) for one in facts.objectives],
        **rows,
    }
    assert values.keys() == VALUES.keys()
    return values


def _laid_out(body: str, pack: Pack, values: Mapping[str, Any], setter: Setter) -> Document:
    own, fetcher = press(), PackOnly(pack.images)
    own.warm_up()
    for face in sorted(setter.faces):
        own.load(face)
    html = (
        environment()
        .get_template("frame.html")
        .render(
            bodies=[Markup(body)],  # noqa: S704 - the sandbox escaped every value, and the rest was looked through
            language=values["language"],
            title=f"{values['heading']} – {values['name']}",
        )
    )
    try:
        sheets = [
            CSS(string=text, font_config=own.fonts, url_fetcher=fetcher, base_url=SCHEME)
            for text in (pack.style, OWN_RULES)
        ]
        document = HTML(string=html, base_url=SCHEME, url_fetcher=fetcher).render(
            font_config=own.fonts,
            stylesheets=sheets,
            cache={},
            color_profiles={"srgb": own.colors},
            pdf_variant=VARIANT,
        )
    except FatalURLFetchingError:
        refused = N_("A design may not fetch '%(address)s': only pictures in the zip file, by their names.")
        raise DesignRefused(_reason(refused, address=fetcher.refused)) from None
    if len(document.pages) > MOST_PAGES:
        too_many = N_("The design takes %(count)s pages: at most %(most)s.")
        raise DesignRefused(_reason(too_many, count=len(document.pages), most=MOST_PAGES))
    return document


def _sheet(facts: CertificateFacts, values: Mapping[str, Any], attachments: Sequence[Attached]) -> Sheet:
    return Sheet(
        "",
        "",
        {},
        faces=(),
        title=f"{values['heading']} – {values['name']}",
        author=typefaces.printable(facts.provider_name),
        language=values["language"],
        dated=facts.completed_on,
        attachments=tuple(attachments),
    )


class _Looker(HTMLParser):
    """Notes what a screen reader, or the standards, would miss."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[Sentence] = []
        self.level = 0
        self.headless_tables: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag in FORBIDDEN:
            self._note(N_("The template holds <%(tag)s>, which is not allowed."), tag=tag)
        if any(name.startswith("on") for name in names):
            self._note(N_("The template holds an attribute of a program on <%(tag)s>, which is not allowed."), tag=tag)
        if tag == "img" and not (names.get("alt") or "").strip():
            self._note(N_("A picture has no alt: say what it shows."))
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            if int(tag[1]) > self.level + 1:
                self._note(N_("<%(tag)s> skips a level of headings: the first is <h1>."), tag=tag)
            self.level = int(tag[1])
        if tag == "table":
            self.headless_tables.append(True)
        if tag == "th" and self.headless_tables:
            self.headless_tables[-1] = False

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self.headless_tables and self.headless_tables.pop():
            self._note(N_("A table has no <th>: say what its columns are."))

    def _note(self, message: str, **values: object) -> None:
        problem = _reason(message, **values)
        if problem not in self.problems:
            self.problems.append(problem)


def look_at_html(body: str) -> list[Sentence]:
    """What is wrong with a filled template, before it is drawn."""
    looker = _Looker()
    looker.feed(body)
    looker.close()
    if looker.level == 0:
        looker.problems.append(_reason(N_("There is no heading <h1>.")))
    return looker.problems


def missing_in(document: Document, values: Mapping[str, Any]) -> list[Sentence]:
    """What a certificate must say and this drawing does not show: on the paper, large enough to be read."""
    shown, has_code = [], False
    for page in document.pages:
        for box in _boxes(page._page_box):
            text = getattr(box, "text", None)
            if text and _is_on(box, page) and box.style["font_size"] * 0.75 >= SMALLEST_POINTS:
                shown.append(str(text))
            element = getattr(box, "element", None)
            if element is not None and element.get("src") == values["qr"] and hasattr(box, "replacement"):
                has_code = has_code or (_is_on(box, page) and min(box.width, box.height) >= 96)
    everything = _squeezed("".join(shown))
    absent = [key for key in REQUIRED if _squeezed(str(values[key])) not in everything]
    lacking = [_reason(N_("The design does not show “%(value)s”."), value=key) for key in absent]
    if not has_code:
        lacking.append(_reason(N_("The design does not show the QR code (qr) at least one inch wide.")))
    return lacking


def _reason(message: str, **values: object) -> Sentence:
    """One reason; a library's words in it stay as they are, and short."""
    return Sentence(message, {name: str(value)[:200] for name, value in values.items()})


def _boxes(box: Any) -> Iterator[Any]:
    yield box
    for child in getattr(box, "children", ()):
        yield from _boxes(child)


def _is_on(box: Any, page: Any) -> bool:
    is_within = 0 <= box.position_x <= page.width and 0 <= box.position_y <= page.height
    return bool(is_within and box.style["visibility"] == "visible")


def _squeezed(text: str) -> str:
    """Without spaces: a text that is broken over lines is still the text."""
    return "".join(text.split()).casefold()
