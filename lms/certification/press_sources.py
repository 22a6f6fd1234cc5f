"""What a document may be drawn from: our own files and fonts, never the network or the machine's."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weasyprint.text.ffi import ffi, fontconfig, gobject, pangoft2
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from lms.certification import typefaces
from lms.resources import data_folder

SCHEME = "crosstrain:"
"""The only addresses that a document may name: `crosstrain:font/<file>`, `crosstrain:image/<file>`."""


class VendoredOnly(URLFetcher):  # type: ignore[misc]
    """Answers our own files and inline images; anything else, on the network or on the disk, is a bug and stops."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        kind, _, name = url.removeprefix(SCHEME).partition("/")
        for inline in ("image/png", "image/svg+xml"):
            if url.startswith(f"data:{inline};base64,"):
                return URLFetcherResponse(url, base64.b64decode(url.partition(",")[2]), {"Content-Type": inline})
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


def templates_folder() -> Path:
    return data_folder("templates") / "documents"
