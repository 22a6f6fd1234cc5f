"""The colour profile of documents: sRGB in the fewest bytes that ICC version 4 and PDF/A allow."""

from __future__ import annotations

import struct
from functools import cache

from weasyprint.css import ColorProfile

D50 = (0.9642, 1.0, 0.8249)
"""The white that ICC profiles are written for."""

PRIMARIES = (("rXYZ", (0.4360, 0.2225, 0.0139)), ("gXYZ", (0.3851, 0.7169, 0.0971)), ("bXYZ", (0.1431, 0.0606, 0.7141)))
"""IEC 61966-2-1's red, green and blue, adapted to D50 (Bradford). They add up to the white."""

ADAPTATION = (1.04791, 0.02293, -0.05020, 0.02960, 0.99048, -0.01707, -0.00925, 0.01506, 0.75179)
"""From D65 to D50 (Bradford)."""

CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""IEC 61966-2-1: linear below the last number, a power above it (ICC.1:2010, 10.16, function type 3)."""


def _fixed(*numbers: float) -> bytes:
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


@cache
def srgb_profile() -> bytes:
    """The profile: a header of 128 bytes, a table of its tags, their data, each piece on a multiple of 4 bytes."""
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _fixed(*CURVE)
    tags = {
        "desc": _text("sRGB"),
        "cprt": _text("CC0"),
        "wtpt": b"XYZ \0\0\0\0" + _fixed(*D50),
        **{tag: b"XYZ \0\0\0\0" + _fixed(*color) for tag, color in PRIMARIES},
        "rTRC": curve,
        "gTRC": curve,
        "bTRC": curve,
        "chad": b"sf32\0\0\0\0" + _fixed(*ADAPTATION),
    }
    position, data, table, written = 132 + 12 * len(tags), b"", b"", {}
    for tag, content in tags.items():
        if content not in written:
            written[content] = position + len(data)
            data += content + bytes(-len(content) % 4)
        table += tag.encode() + struct.pack(">II", written[content], len(content))
    body = struct.pack(">I", len(tags)) + table + data
    head = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI12s4s44s",
        128 + len(body), b"", 0x04200000, b"mntr", b"RGB ", b"XYZ ", 2012, 1, 1, 0, 0, 0,
        b"acsp", b"", 0, b"", b"", 0, 1, _fixed(*D50), b"", b"",
    )  # fmt: skip
    return head + body


class SrgbProfile(ColorProfile):  # type: ignore[misc]
    """Our profile as WeasyPrint wants it, byte for byte: its own reader asks LittleCMS, which writes other bytes the
    second time."""

    def __init__(self) -> None:
        self.components = (["r"], ["g"], ["b"])
        self.pdf_reference = None

    @property
    def name(self) -> str:
        return "sRGB"

    @property
    def content(self) -> bytes:
        return srgb_profile()
