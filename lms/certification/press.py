"""The press: WeasyPrint kept warm, with vendored fonts only, no network, one drawing at a time per process."""

from __future__ import annotations

import base64
import gc
import io
import logging
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import segno
from markupsafe import Markup
from weasyprint import CSS, HTML, Attachment
from weasyprint.document import Document, Page

from lms.certification import typefaces
from lms.certification.archival import ArchivalMetadata
from lms.certification.binding import Finisher, Part, binding, taking
from lms.certification.colors import SrgbProfile
from lms.certification.press_sources import SCHEME, VendoredFonts, VendoredOnly, templates_folder
from lms.certification.slimming import slim
from lms.errors import N_, Busy

VARIANT = "pdf/a-3a"
FRONT_PAGE = "front"
"""The CSS name of the page that a document of several in one drawing begins with."""

MOST_WAITING = 8
"""So many requests of a process may have or await the press; the next one is asked to come back."""

LONGEST_WAIT_SECONDS = 5

BUSY = N_("Many documents are being drawn right now. Yours is safe: wait a moment and open it again.")

# Fonts from before 2000 have odd dates in them; nothing that an operator could act upon.
logging.getLogger("fontTools").setLevel(logging.ERROR)


class PressIsBusy(Busy):
    """Too many documents are being drawn at this moment."""


@cache
def environment(folder: str = "") -> jinja2.Environment:
    """Jinja for documents: our own templates, or before them a package's; everything escaped, a missing value is an
    error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, templates_folder()] if folder else templates_folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that a document carries, e.g. its badge. Its dates are the document's."""

    name: str
    description: str
    content: bytes
    relationship: str = "Data"
    """`Source` for what the document was made from (ISO 19005-3)."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a document is drawn from: what fills its template, the fonts that it needs, what it says of itself."""

    template: str
    style: str
    """Style sheets, the later ones before the earlier; separated by spaces."""
    values: Mapping[str, Any]
    faces: tuple[str, ...]
    title: str
    author: str
    language: str
    dated: date
    attachments: tuple[Attached, ...] = ()
    folder: str = ""
    """Where template and style are; empty: among ours."""

    @property
    def moment(self) -> datetime:
        """Noon of its day: dates in a document must not depend on when it was drawn."""
        return datetime(self.dated.year, self.dated.month, self.dated.day, 12, tzinfo=UTC)

    def metadata(self) -> ArchivalMetadata:
        moment = f"{self.moment:%Y-%m-%dT%H:%M:%SZ}"
        attached = [
            Attachment(
                file_obj=io.BytesIO(one.content),
                name=one.name,
                description=one.description,
                created=self.moment,
                modified=self.moment,
                relationship=one.relationship,
            )
            for one in sorted(self.attachments, key=lambda one: one.name)
        ]
        return ArchivalMetadata(
            title=self.title,
            authors=[self.author],
            created=moment,
            modified=moment,
            lang=self.language,
            attachments=attached,
        )


@contextmanager
def garbage_kept() -> Iterator[None]:
    """No search for garbage while a document grows: its hundred thousand boxes would be looked through again and
    again (a sixth of the time)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(slots=True)
class Press:
    """One process's WeasyPrint: fonts, parsed styles and images are read once. Pango is not made for two threads on
    one font map, so one document is drawn at a time, and only a few may wait."""

    fonts: VendoredFonts = field(default_factory=VendoredFonts)
    fetcher: VendoredOnly = field(default_factory=VendoredOnly)
    styles: dict[Path, CSS] = field(default_factory=dict)
    images: dict[str, Any] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    colors: SrgbProfile = field(default_factory=SrgbProfile)
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MOST_WAITING))

    def draw(self, sheet: Sheet) -> bytes:
        """The PDF of a sheet. The same sheet makes the same bytes, in every process. Raises PressIsBusy."""
        return self.draw_together([sheet])[0]

    def draw_together(self, sheets: Sequence[Sheet]) -> list[bytes]:
        """A PDF of each, the bytes that `draw` makes, in less time. All of one template, style and language.

        Raises PressIsBusy.
        """
        with self._turn(), garbage_kept():
            return self._print(sheets)

    def draw_part(self, sheet: Sheet, label: str) -> bytes:
        """Some pages of a long document, to be bound by `draw_bound`. `label` is the part's own. Raises PressIsBusy."""
        found: list[Part] = []
        with self._turn(), garbage_kept():
            finished(self._laid_out([sheet]), sheet, taking(found, label))
        return found[0].to_bytes()

    def count_pages(self, sheet: Sheet) -> int:
        """How many pages a sheet takes. Raises PressIsBusy."""
        with self._turn(), garbage_kept():
            return len(self._laid_out([sheet]).pages)

    def draw_bound(self, sheet: Sheet, parts: Iterable[bytes]) -> bytes:
        """The PDF of a sheet with the pages of parts behind it. Raises PressIsBusy."""
        with self._turn(), garbage_kept():
            return finished(self._laid_out([sheet]), sheet, binding(parts))

    def warm_up(self) -> None:
        """Read the fonts that every document needs."""
        for face in (typefaces.SERIF, typefaces.ITALIC, typefaces.SANS, typefaces.BOLD):
            self.load(face)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One's turn at the press. Raises PressIsBusy at once where many wait, or after waiting long."""
        if not self.waiting.acquire(blocking=False):
            raise PressIsBusy(BUSY)
        try:
            if not self.lock.acquire(timeout=LONGEST_WAIT_SECONDS):
                raise PressIsBusy(BUSY)
            try:
                yield
            finally:
                self.lock.release()
        finally:
            self.waiting.release()

    def _print(self, sheets: Sequence[Sheet]) -> list[bytes]:
        document = self._laid_out(sheets)
        if len(sheets) == 1:
            return [finished(document, sheets[0])]
        return [
            finished(document.copy(pages), sheet) for sheet, pages in zip(sheets, _split(document.pages), strict=True)
        ]

    def _laid_out(self, sheets: Sequence[Sheet]) -> Document:
        self.warm_up()
        for face in sorted({face for sheet in sheets for face in sheet.faces}):
            self.load(face)
        first, images = sheets[0], dict(self.images)
        template = environment(first.folder).get_template(first.template)
        bodies = [Markup(template.render(sheet.values)) for sheet in sheets]  # noqa: S704 (our own template escaped it)
        html = (
            environment().get_template("frame.html").render(bodies=bodies, language=first.language, title=first.title)
        )
        document = HTML(string=html, base_url=SCHEME, url_fetcher=self.fetcher).render(
            font_config=self.fonts,
            stylesheets=[self._style(name, first.folder) for name in first.style.split()],
            cache=images,
            color_profiles={"srgb": self.colors},
            pdf_variant=VARIANT,
        )
        self.images.update({url: image for url, image in images.items() if url.startswith(SCHEME)})
        return document

    def _style(self, name: str, folder: str) -> CSS:
        path = (Path(folder) if folder else templates_folder()) / name
        if path not in self.styles:
            text = path.read_text(encoding="utf-8")
            self.styles[path] = CSS(string=text, font_config=self.fonts, url_fetcher=self.fetcher, base_url=SCHEME)
        return self.styles[path]

    def load(self, face: str) -> None:
        """Make a font known, at its first use: a process that draws no Chinese never reads the Chinese font."""
        if face in self.loaded:
            return
        family, weight = (typefaces.family(typefaces.SANS), 700) if face == typefaces.BOLD else (None, 400)
        CSS(
            string=f"@font-face {{ font-family: {family or typefaces.family(face)}; font-weight: {weight};"
            f" src: url({SCHEME}font/{face}); }}",
            font_config=self.fonts,
            url_fetcher=self.fetcher,
            base_url=SCHEME,
        )
        self.loaded.add(face)


def _split(pages: Sequence[Page]) -> list[list[Page]]:
    """The pages of each of several sheets: a sheet begins where the page that CSS calls `front` is."""
    found: list[list[Page]] = []
    for page in pages:
        if page._page_box.page_type.name == FRONT_PAGE:
            found.append([])
        found[-1].append(page)
    return found


def finished(document: Document, sheet: Sheet, finisher: Finisher = slim) -> bytes:
    document.metadata = sheet.metadata()
    # The profile is already in the document: without this WeasyPrint opens its file anew and never closes it.
    content: bytes = document.write_pdf(pdf_variant=VARIANT, output_intent="", finisher=finisher)
    return content


@cache
def press() -> Press:
    """The press of this process, made at first use."""
    return Press()


def qr_image(address: str) -> str:
    """A QR code (level M, quiet zone of 4 modules, fixed mask) as an inline image, a gray pixel per module."""
    code = segno.make(address, error="m", boost_error=False, micro=False, mask=3)
    rows = [b"\0" + bytes(0 if dark else 255 for dark in row) for row in code.matrix_iter(border=4)]
    header = struct.pack(">IIBBBBB", len(rows), len(rows), 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
