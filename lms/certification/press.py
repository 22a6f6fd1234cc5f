"""The press: WeasyPrint kept warm, with vendored fonts only, no network, one drawing at a time per process."""

from __future__ import annotations

import base64
import io
import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import segno
from weasyprint import CSS, HTML
from weasyprint.css import ColorProfile
from weasyprint.pdf.metadata import DocumentMetadata
from weasyprint.text.ffi import ffi, fontconfig, gobject, pangoft2
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from lms.certification import typefaces
from lms.errors import N_, LmsError
from lms.resources import data_folder

VARIANT = "pdf/a-3a"
SCHEME = "crosstrain:"
"""The only addresses that a document may name: `crosstrain:font/<file>`, `crosstrain:image/<file>`."""

MOST_WAITING = 8
"""So many requests of a process may wait for the press; the next one is asked to come back."""

LONGEST_WAIT_SECONDS = 20

PDF_UA = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">\
<pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" \
xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag>\
<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">\
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>\
<pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>PDF/UA version identifier</pdfaProperty:description></rdf:li></rdf:Seq>\
</pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""
"""What PDF/A wants to be told before it lets a document also call itself PDF/UA-1 (ISO 14289-1; ISO 19005-3)."""


# Fonts from before 2000 have odd dates in them; nothing that an operator could act upon.
logging.getLogger("fontTools").setLevel(logging.ERROR)


class PressIsBusy(LmsError):
    """Too many documents are being drawn at this moment."""

    status = 503


class ArchivalMetadata(DocumentMetadata):  # type: ignore[misc]
    """Metadata that claims PDF/UA-1 beside PDF/A-3a. Leans on WeasyPrint's own method: the version is pinned."""

    def generate_rdf_metadata(self, *values: Any) -> bytes:
        xml: bytes = super().generate_rdf_metadata(*values)
        return xml.replace(b"</rdf:RDF>", PDF_UA + b"</rdf:RDF>")


class VendoredOnly(URLFetcher):  # type: ignore[misc]
    """Answers our own files and inline images; anything else, on the network or on the disk, is a bug and stops."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        kind, _, name = url.removeprefix(SCHEME).partition("/")
        if url.startswith("data:image/png;base64,"):
            return URLFetcherResponse(url, base64.b64decode(url.partition(",")[2]), {"Content-Type": "image/png"})
        folders = {"font": typefaces.FOLDER, "image": templates_folder()}
        if not url.startswith(SCHEME) or kind not in folders or Path(name).name != name:
            raise FatalURLFetchingError(f"a document may not fetch {url[:80]!r}")
        types = {".svg": "image/svg+xml", ".otf": "font/otf", ".ttf": "font/ttf"}
        content_type = types[Path(name).suffix]
        return URLFetcherResponse(url, (folders[kind] / name).read_bytes(), {"Content-Type": content_type})


class VendoredFonts(FontConfiguration):  # type: ignore[misc]
    """A font configuration without the machine's fonts, so that a document is the same on every machine.

    WeasyPrint's own loads them; ours starts from an empty one (fontconfig's FcConfigCreate).
    """

    def __init__(self) -> None:
        self._folder = None
        self._config = fontconfig.FcConfigCreate()
        self.font_map = ffi.gc(pangoft2.pango_ft2_font_map_new(), gobject.g_object_unref)
        pangoft2.pango_fc_font_map_set_config(ffi.cast("PangoFcFontMap *", self.font_map), self._config)
        fontconfig.FcConfigDestroy(self._config)
        self.strut_layouts: dict[Any, Any] = {}
        self.font_features: dict[Any, Any] = {}


ffi.cdef("FcConfig *FcConfigCreate(void);", override=True)


class SrgbProfile(ColorProfile):  # type: ignore[misc]
    """The color profile that PDF/A asks for, the one that WeasyPrint brings along, byte for byte.

    WeasyPrint's own writes it anew through LittleCMS, which gives other bytes the second time.
    """

    def __init__(self) -> None:
        self._bytes = (files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()
        super().__init__(io.BytesIO(self._bytes), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"]))

    @property
    def content(self) -> bytes:
        return self._bytes


def templates_folder() -> Path:
    return data_folder("templates") / "documents"


@cache
def environment() -> jinja2.Environment:
    """Jinja for documents: our own templates only, everything escaped, a missing value is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(slots=True)
class Press:
    """One process's WeasyPrint: fonts, parsed sheets and images are read once. Pango is not made for two threads on
    one font map, so one document is drawn at a time, and only a few may wait."""

    fonts: VendoredFonts = field(default_factory=VendoredFonts)
    fetcher: VendoredOnly = field(default_factory=VendoredOnly)
    sheets: dict[str, CSS] = field(default_factory=dict)
    images: dict[str, Any] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    colors: SrgbProfile = field(default_factory=SrgbProfile)
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MOST_WAITING))

    def draw(
        self,
        template: str,
        sheet: str,
        values: Mapping[str, Any],
        *,
        faces: Iterable[str],
        title: str,
        author: str,
        language: str,
        dated: date,
    ) -> bytes:
        """The PDF of a template. The same values make the same bytes, in every process. Raises PressIsBusy."""
        html = environment().get_template(template).render(values)
        moment = f"{dated.isoformat()}T12:00:00Z"
        metadata = ArchivalMetadata(title=title, authors=[author], created=moment, modified=moment, lang=language)
        if not self.waiting.acquire(blocking=False):
            raise PressIsBusy(N_("Many documents are being drawn. Try again in a moment."))
        try:
            if not self.lock.acquire(timeout=LONGEST_WAIT_SECONDS):
                raise PressIsBusy(N_("Many documents are being drawn. Try again in a moment."))
            try:
                return self._print(html, sheet, faces, metadata)
            finally:
                self.lock.release()
        finally:
            self.waiting.release()

    def _print(self, html: str, sheet: str, faces: Iterable[str], metadata: ArchivalMetadata) -> bytes:
        for face in (typefaces.SERIF, typefaces.ITALIC, typefaces.SANS, typefaces.BOLD, *faces):
            self._load(face)
        images = dict(self.images)
        document = HTML(string=html, base_url=SCHEME, url_fetcher=self.fetcher).render(
            font_config=self.fonts,
            stylesheets=[self._sheet(sheet)],
            cache=images,
            color_profiles={"srgb": self.colors},
            pdf_variant=VARIANT,
        )
        self.images.update({url: image for url, image in images.items() if url.startswith(SCHEME)})
        document.metadata = metadata
        # The profile is already in the document: without this WeasyPrint opens its file anew and never closes it.
        content: bytes = document.write_pdf(pdf_variant=VARIANT, output_intent="")
        return content

    def _sheet(self, name: str) -> CSS:
        if name not in self.sheets:
            text = (templates_folder() / name).read_text(encoding="utf-8")
            self.sheets[name] = CSS(string=text, font_config=self.fonts, url_fetcher=self.fetcher, base_url=SCHEME)
        return self.sheets[name]

    def _load(self, face: str) -> None:
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


@cache
def press() -> Press:
    """The press of this process, made at first use."""
    return Press()


def qr_image(address: str) -> str:
    """A QR code (level M, quiet zone of 4 modules, always the same mask) as an inline image, a pixel per module."""
    code = segno.make(address, error="m", boost_error=False, micro=False, mask=3)
    inline: str = code.png_data_uri(scale=1, border=4)
    return inline
