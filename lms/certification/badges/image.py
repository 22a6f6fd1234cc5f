"""The picture of a badge, drawn by code: a seal with a star and the title; and a credential baked into it."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

KEYWORD = "openbadgecredential"
"""The chunk in which a baked PNG carries its credential (Open Badges 3.0, 5.3)."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

SIZE, SMALL = 640, 320
"""Pixels of a side, in the end; the small one is for pages, where 160 are shown."""

FINE = 3
"""Drawn so many times larger, then made smaller: smooth edges."""

NAVY, TEAL, GOLD, PALE, PAPER = "#16324f", "#0b5572", "#c39a45", "#e7cf8f", "#fbfaf7"
MUTED = "#45515f"


@dataclass(frozen=True, slots=True)
class Text:
    """A line to draw, and where its middle stands."""

    words: str
    y: float
    size: float
    color: str


@lru_cache(maxsize=64)
def picture(title: str, issuer: str, *, is_team: bool, size: int = SIZE) -> bytes:
    """The badge as PNG, nothing baked into it. The same words make the same bytes."""
    # Here, and not above, so that processes that draw no badge hold neither Pillow nor fonts.
    from PIL import Image, ImageDraw

    side = SIZE * FINE
    image = Image.new("RGB", (side, side), PAPER)
    pen = ImageDraw.Draw(image)
    band = TEAL if is_team else NAVY
    pen.rounded_rectangle((0, 0, side - 1, side - 1), side * 0.06, fill=band)
    inset = side * 0.018
    pen.rounded_rectangle((inset, inset, side - inset, side - inset), side * 0.05, outline=GOLD, width=side // 160)
    pen.rounded_rectangle((side * 0.06, side * 0.55, side * 0.94, side * 0.94), side * 0.03, fill=PAPER)
    _seal(pen, side / 2, side * 0.29, side * 0.19)
    for text in _lines(title, issuer, band):
        _write(pen, text, side)
    smooth = image.resize((size, size), Image.Resampling.LANCZOS)
    # A palette of few colors: seals and letters need no more, and the file is a third of the size.
    return _png(smooth.quantize(64 if size == SIZE else 24, dither=Image.Dither.NONE), None)


def baked(png: bytes, token: str) -> bytes:
    """The picture with the credential in its iTXt chunk, uncompressed as the standard wants it."""
    from PIL import Image, PngImagePlugin

    chunk = PngImagePlugin.PngInfo()
    chunk.add_itxt(KEYWORD, token, zip=False)
    with Image.open(io.BytesIO(png)) as image:
        return _png(image, chunk)


def _png(image: Any, chunks: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True, pnginfo=chunks)
    return content.getvalue()


def _seal(pen: Any, x: float, y: float, radius: float) -> None:
    """The certificate's seal: two rings and a star."""
    for part, width in ((1.0, 0.035), (0.84, 0.018)):
        around = radius * part
        pen.ellipse((x - around, y - around, x + around, y + around), outline=PALE, width=round(radius * width))
    corners = []
    for step in range(10):
        length, angle = radius * (0.6 if step % 2 == 0 else 0.25), math.radians(-90 + 36 * step)
        corners.append((x + length * math.cos(angle), y + length * math.sin(angle)))
    pen.polygon(corners, fill=PALE)


def _lines(title: str, issuer: str, band: str) -> list[Text]:
    """The title in at most four lines, as large as it fits, and below it who issues."""
    from lms.certification import typefaces

    words = typefaces.printable(title)
    faces = typefaces.faces_of(words, typefaces.SERIF)
    for size in (0.075, 0.066, 0.058, 0.05, 0.043, 0.037):
        lines = _broken(words, faces, 0.8 / size)
        if len(lines) * size * 1.18 <= 0.27:
            break
    lines = lines[:6]
    first = 0.715 - (len(lines) - 1) * size * 1.18 / 2
    drawn = [Text(line, first + place * size * 1.18, size, band) for place, line in enumerate(lines)]
    by = typefaces.printable(issuer)
    by_size = min(0.034, 0.8 / max(1.0, typefaces.width_of(by, typefaces.faces_of(by, typefaces.SERIF))))
    return [*drawn, Text(by, 0.895, by_size, MUTED)]


def _broken(words: str, faces: tuple[str, ...], room: float) -> list[str]:
    """The words in lines of at most `room` letter heights."""
    from lms.certification.typefaces import width_of

    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer, faces) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _write(pen: Any, text: Text, side: int) -> None:
    """One line, centered. Each run of letters in the font that has them; a script that joins stays in one run."""
    from PIL import ImageFont

    from lms.certification import typefaces

    faces = typefaces.faces_of(text.words, typefaces.SERIF)
    runs: list[tuple[str, str]] = []
    for letter in text.words:
        face = next((one for one in faces if typefaces.typeface(one).has(letter)), faces[0])
        if runs and runs[-1][1] == face:
            runs[-1] = (runs[-1][0] + letter, face)
        else:
            runs.append((letter, face))
    if typefaces.direction(text.words) == "rtl":
        runs.reverse()
    fonts = [ImageFont.truetype(str(typefaces.FOLDER / face), round(text.size * side)) for _, face in runs]
    widths = [font.getlength(words) for (words, _), font in zip(runs, fonts, strict=True)]
    x = side / 2 - sum(widths) / 2
    for (words, _), font, width in zip(runs, fonts, widths, strict=True):
        pen.text((x, text.y * side), words, font=font, fill=text.color, anchor="lm")
        x += width
