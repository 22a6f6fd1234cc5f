"""Which vendored font prints which letter, how wide a text gets, which way it runs: no name prints a box or a "?"."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

FOLDER = Path(__file__).parent / "fonts"

SERIF = "EBGaramond12-Regular.ttf"
ITALIC = "EBGaramond12-Italic.ttf"
SANS = "CrosstrainSans-Regular.ttf"
BOLD = "CrosstrainSans-Bold.ttf"
SECOND = "NotoSerif-Regular.ttf"
"""For the Latin, Greek and Cyrillic letters that the first choice lacks, e.g. Kazakh."""

CHINESE = "DroidSansFallbackFull.ttf"
RARE_HAN = "CrosstrainRareHan-Regular.ttf"
"""Han letters outside the first plane (𠮷, 𨋢): the 2,000 that the standards of Japan and Hong Kong have."""

KOREAN = "CrosstrainHangul-Regular.ttf"

BY_SCRIPT = {
    "CJK": CHINESE,
    "KANGXI": CHINESE,
    "IDEOGRAPHIC": CHINESE,
    "HIRAGANA": CHINESE,
    "KATAKANA": CHINESE,
    "KATAKANA-HIRAGANA": CHINESE,
    "HALFWIDTH": CHINESE,
    "FULLWIDTH": CHINESE,
    "BOPOMOFO": CHINESE,
    "HANGUL": KOREAN,
    "ARABIC": "NotoNaskhArabic-Regular.ttf",
    "HEBREW": "NotoSerifHebrew-Regular.ttf",
    "ARMENIAN": "NotoSerifArmenian-Regular.ttf",
    "BENGALI": "NotoSerifBengali-Regular.ttf",
    "DEVANAGARI": "NotoSerifDevanagari-Regular.ttf",
    "ETHIOPIC": "NotoSerifEthiopic-Regular.ttf",
    "GEORGIAN": "NotoSerifGeorgian-Regular.ttf",
    "GUJARATI": "NotoSerifGujarati-Regular.ttf",
    "GURMUKHI": "NotoSerifGurmukhi-Regular.ttf",
    "KANNADA": "NotoSerifKannada-Regular.ttf",
    "KHMER": "NotoSerifKhmer-Regular.ttf",
    "LAO": "NotoSerifLao-Regular.ttf",
    "MALAYALAM": "NotoSerifMalayalam-Regular.ttf",
    "MYANMAR": "NotoSerifMyanmar-Regular.ttf",
    "SINHALA": "NotoSerifSinhala-Regular.ttf",
    "TAMIL": "NotoSerifTamil-Regular.ttf",
    "TELUGU": "NotoSerifTelugu-Regular.ttf",
    "THAI": "NotoSerifThai-Regular.ttf",
    "TIBETAN": "NotoSerifTibetan-Regular.ttf",
    "ORIYA": "NotoSansOriya-Regular.ttf",
    "CHEROKEE": "NotoSansCherokee-Regular.ttf",
    "SYRIAC": "NotoSansSyriac-Regular.ttf",
    "THAANA": "NotoSansThaana-Regular.ttf",
    "MONGOLIAN": "NotoSansMongolian-Regular.ttf",
    "NKO": "NotoSansNKo-Regular.ttf",
    "ADLAM": "NotoSansAdlam-Regular.ttf",
    "CANADIAN": "NotoSansCanadianAboriginal-Regular.ttf",
    "TIFINAGH": "NotoSansTifinagh-Regular.ttf",
    "YI": "NotoSansYi-Regular.ttf",
    "VAI": "NotoSansVai-Regular.ttf",
    "OL": "NotoSansOlChiki-Regular.ttf",
    "HANIFI": "NotoSansHanifiRohingya-Regular.ttf",
    "MEETEI": "NotoSansMeeteiMayek-Regular.ttf",
    "OSAGE": "NotoSansOsage-Regular.ttf",
}
"""The font of a script, by the first word of its letters' Unicode names."""

MISSING_MARK = "〓"
"""The printers' mark for a letter that no font here has; it stands in `CHINESE`."""

JOINERS = {"\u200c", "\u200d", "\u200e", "\u200f"}
"""Invisible, and they change how Persian and Indic letters join or run: kept, asked of no font."""


@dataclass(frozen=True, slots=True)
class Typeface:
    """What is known of one font file: the letters it has, their widths and the height of a line in letter heights."""

    letters: frozenset[int]
    widths: dict[int, float]
    line_height: float

    def has(self, letter: str) -> bool:
        return letter in JOINERS or ord(letter) in self.letters


@lru_cache(maxsize=64)
def typeface(file: str) -> Typeface:
    """A font of the folder, read once per process."""
    with TTFont(FOLDER / file, lazy=True) as font:
        glyphs: dict[int, str] = font.getBestCmap()
        metrics = font["hmtx"].metrics
        per_em = font["head"].unitsPerEm
        widths = {code: metrics[glyph][0] / per_em for code, glyph in glyphs.items()}
        height = (font["hhea"].ascent - font["hhea"].descent) / per_em
    return Typeface(frozenset(glyphs), widths, height)


def family(file: str) -> str:
    """The CSS name of a font, ours alone, so that no font of the machine can be taken for it."""
    return "crosstrain-" + file.rsplit(".", 1)[0].replace("-Regular", "").removeprefix("Crosstrain").lower()


def face_of(letter: str, first: str) -> str | None:
    """The font that prints a letter where `first` is the design's choice; None where none here has it."""
    if typeface(first).has(letter):
        return first
    script = unicodedata.name(letter, "").split(" ")[0]
    for file in (BY_SCRIPT.get(script), SECOND, CHINESE, RARE_HAN):
        if file is not None and typeface(file).has(letter):
            return file
    return None


@lru_cache(maxsize=4096)
def printable(text: str) -> str:
    """The text as it can be printed: composed, on one line, without pictures; a letter of no font becomes 〓."""
    shown = "".join(_printable(letter) for letter in unicodedata.normalize("NFC", text))
    return " ".join(shown.split())


def _printable(letter: str) -> str:
    if letter in JOINERS:
        return letter
    if letter.isspace():
        return " "
    kind = unicodedata.category(letter)
    if kind[0] == "C" or kind == "So" or 0xFE00 <= ord(letter) <= 0xFE0F or 0x1F3FB <= ord(letter) <= 0x1F3FF:
        return ""
    return letter if face_of(letter, SERIF) is not None else MISSING_MARK


def missing_letters(texts: Iterable[str]) -> str:
    """The letters that print as 〓 because no font here has them, each as U+2A6DF; empty where all are there."""
    letters = {letter for text in texts for letter in unicodedata.normalize("NFC", text)}
    return ", ".join(
        f"U+{ord(letter):04X}" for letter in sorted(letters) if _printable(letter) == MISSING_MARK != letter
    )


@lru_cache(maxsize=4096)
def faces_of(text: str, first: str) -> tuple[str, ...]:
    """The fonts for a printable text, in CSS order: `first` unless a word of its script would be half in another font.

    One font for all of it where one has every letter, so that "Құрманғазы" is not patched together from two.
    """
    faces = list(dict.fromkeys(file for letter in text if (file := face_of(letter, first)) is not None))
    if faces in ([], [first]):
        return (first,)
    for file in faces:
        if file != first and all(typeface(file).has(letter) for letter in text):
            return (file,)
    return (first, *(file for file in faces if file != first))


def width_of(text: str, faces: tuple[str, ...]) -> float:
    """About how wide a text is in one line, in letter heights: the sum of its letters, without kerning or joining."""
    total = 0.0
    for letter in text:
        if letter in JOINERS or unicodedata.combining(letter):
            continue
        total += next((typeface(file).widths[ord(letter)] for file in faces if typeface(file).has(letter)), 1.0)
    return total


def count_lines(text: str, faces: tuple[str, ...], size: float, width: float) -> int:
    """How many lines a text takes at a letter height, broken at spaces, and within a word that is too long."""
    room = width / size
    space = width_of(" ", faces)
    lines, used = 1, 0.0
    for word in text.split(" "):
        wide = width_of(word, faces)
        if used and used + space + wide > room:
            lines, used = lines + 1, 0.0
        used += (space if used else 0.0) + wide
        while used > room:
            lines, used = lines + 1, used - room
    return lines


def fit(text: str, faces: tuple[str, ...], width: float, sizes: Mapping[int, Iterable[float]]) -> float:
    """The largest letter height in points at which a text fits. `sizes` says for each number of lines which may be
    tried, from large to small; the smallest of the last, where none fits."""
    height = 1.0
    for lines, heights in sizes.items():
        for height in heights:
            if count_lines(text, faces, height * SAFETY, width) <= lines:
                return height
    return height


def height_of(text: str, faces: tuple[str, ...], size: float, width: float, spacing: float) -> float:
    """How high a text stands in points; 0 where there is none."""
    return count_lines(text, faces, size * SAFETY, width) * size * spacing if text else 0.0


SAFETY = 1.03
"""Room for what `width_of` does not see: joined and stacked letters."""


def line_height(faces: tuple[str, ...]) -> float:
    """How far apart lines stand: 1.2 letter heights, more where a script stacks its marks (Burmese, Devanagari)."""
    return max(1.2, *(min(typeface(file).line_height, 2.0) for file in faces if file not in (SERIF, SANS)), 0.0)


def direction(text: str) -> str:
    """`rtl` or `ltr`, by the first letter that has a direction (UAX #9, P2 and P3)."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"
