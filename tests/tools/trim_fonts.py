"""Makes the fonts of lms/certification/fonts out of the Debian packages' files: same letters, without what no page uses.

    python tests/tools/trim_fonts.py <folder of the original files> <folder to write to>

Kept is every letter that can be printed and every feature by which scripts join, stack and place their letters. Gone are
hints (PDF readers draw outlines), names of glyphs (WeasyPrint would embed a third of a font file of them in each
document), private letters, small capitals and other choices that no sheet asks for. The letters of western names get the
lowest numbers, so that an embedded subset has no long row of empty glyphs before them.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.reorderGlyphs import reorderGlyphs

RENAMED = {
    "Lato-Regular.ttf": "CrosstrainSans-Regular.ttf",
    "Lato-Bold.ttf": "CrosstrainSans-Bold.ttf",
    "NanumSquareR.ttf": "CrosstrainHangul-Regular.ttf",
    "HanaMinB.ttf": "CrosstrainRareHan-Regular.ttf",
}
"""A changed font may not bear a name that its authors reserved (OFL-1.1, condition 3)."""

ENGLISH = [*range(0x20, 0x7F), 0xB7, 0x2013, 0x2019]
WESTERN = [*ENGLISH, *range(0xA0, 0x180), 0x2014, 0x2018, 0x201C, 0x201D, 0x2026]
"""What most certificates are made of: English; then Latin-1 and Latin Extended-A, dashes and quotation marks."""

RARE_HAN_STANDARDS = ("euc_jis_2004", "big5hkscs")
"""Of the font of rare Han letters only those are kept that Japan's JIS X 0213 or Hong Kong's HKSCS has, 2,000 of 60,000."""


def options() -> Options:
    chosen = Options()
    chosen.layout_features = [*chosen.layout_features, "lnum", "tnum"]
    chosen.hinting = False
    chosen.glyph_names = False
    chosen.notdef_outline = True
    chosen.recommended_glyphs = False
    chosen.name_IDs = []  # whose they are and what one may do with them stands in NOTICE.md and OFL.txt beside them
    chosen.drop_tables = [
        *chosen.drop_tables,
        "FFTM",
        "DSIG",
        "meta",
        "STAT",
        "MVAR",
        "BASE",
        "gasp",
        "VORG",
        "vhea",
        "vmtx",
    ]
    chosen.ignore_missing_unicodes = True
    return chosen


def keeps(code: int) -> bool:
    """Whether a letter can reach a page: `typefaces.printable` takes out controls, private letters and pictures."""
    return unicodedata.category(chr(code)) not in ("Cc", "Co", "Cn") or code == 0x25CC


def subset(font: TTFont, codes: list[int]) -> None:
    subsetter = Subsetter(options=options())
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)


JAPANESE_SURNAMES = "𠮷𡈽𣘺"
"""Letters of common surnames that neither standard has: variants of yoshi, tsuchi and "bridge"."""


def in_standard(code: int) -> bool:
    if code <= 0xFFFF:  # another font has those; Pango sets the space after a letter in that letter's font
        return code == 0x20
    if chr(code) in JAPANESE_SURNAMES:
        return True
    for codec in RARE_HAN_STANDARDS:
        try:
            chr(code).encode(codec)
        except UnicodeEncodeError:
            continue
        return True
    return False


def glyphs_for(path: Path, codes: list[int]) -> list[str]:
    """The glyphs of some letters with what features make of them, in the order of the font."""
    with TTFont(path) as font:
        cmap = font.getBestCmap()
        subset(font, [code for code in codes if code in cmap])
        return list(font.getGlyphOrder())


def put_first(font: TTFont, first: list[str]) -> None:
    present = font.getGlyphOrder()
    for name in present if "glyf" in font else ():
        font["glyf"][name].expand(font["glyf"])  # composed glyphs name their parts by number until they are read
    ahead = [name for name in first if name in set(present)]
    reorderGlyphs(font, ahead + [name for name in present if name not in set(ahead)])


def to_truetype(font: TTFont) -> None:
    """Cubic outlines as quadratic ones, nowhere off by more than a thousandth of the letter height: they pack to two
    thirds, and a subset of them needs neither names nor numbers for the glyphs that it leaves out."""
    glyphs, order, drawn = font.getGlyphSet(), font.getGlyphOrder(), {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, font["head"].unitsPerEm / 1000, reverse_direction=True))
        drawn[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, drawn
    for name, glyph in drawn.items():
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (font["hmtx"][name][0], getattr(glyph, "xMin", 0))
    old, font["maxp"] = font["maxp"], newTable("maxp")
    font["maxp"].tableVersion, font["maxp"].numGlyphs = 0x00010000, old.numGlyphs
    for zero in ("maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements"):
        setattr(font["maxp"], zero, 0)
    font["maxp"].maxZones, font["maxp"].maxSizeOfInstructions = 1, 0
    font["maxp"].maxComponentElements = font["maxp"].maxComponentDepth = 0
    font["post"].formatType, font["post"].extraNames, font["post"].mapping = 3.0, [], {}
    del font["CFF "]
    font.sfntVersion = "\x00\x01\x00\x00"


def trim(source: Path, target: Path, taken_over: set[int]) -> None:
    """Write one font; `taken_over` are letters that another font prints anyway."""
    first = list(dict.fromkeys([*glyphs_for(source, ENGLISH), *glyphs_for(source, WESTERN)]))
    font = TTFont(source)
    kept = [code for code in font.getBestCmap() if keeps(code) and code not in taken_over]
    subset(font, [code for code in kept if in_standard(code)] if source.name == "HanaMinB.ttf" else kept)
    if "CFF " in font:
        to_truetype(font)
    put_first(font, first)
    family = target.stem.partition("-")[0]
    for number, text in ((1, family), (2, "Regular"), (4, target.stem), (6, target.stem)):
        font["name"].setName(text, number, 3, 1, 0x409)
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(target)
    font.close()


def main(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    with TTFont(source / "NanumSquareR.ttf") as korean:
        hangul = {code for code in korean.getBestCmap() if unicodedata.name(chr(code), "").startswith("HANGUL")}
    for file in sorted(source.glob("*.[ot]tf")):
        written = target / RENAMED.get(file.name, f"{file.stem}.ttf")
        trim(file, written, hangul if file.name.startswith("DroidSansFallback") else set())
        print(f"{written.name}: {file.stat().st_size} -> {written.stat().st_size}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
