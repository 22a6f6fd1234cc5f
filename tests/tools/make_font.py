"""Makes the site's font smaller: `python -m tests.tools.make_font SOURCE.woff2 lms/static/public-sans-latin-wght-normal.woff2`.

SOURCE is `public-sans-latin-wght-normal.woff2` as Fontsource publishes it (package `@fontsource-variable/public-sans`).
Kept: Latin-1, the letters and punctuation beyond it that English and Spanish are written with, kerning, tabular figures,
and the weights between regular and bold, which are all that the stylesheet names. Left out: thinner and heavier weights,
marks that join to letters (browsers join them themselves), fractions, hinting.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

WEIGHTS = (400, 700)
BEYOND_LATIN_1 = (0x131, 0x152, 0x153, 0x2BC, 0x2C6, 0x2DA, 0x2DC, 0x2044, 0x20AC, 0x2122, 0x2212, 0x2215)
LETTERS = {*range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2000, 0x2070), *BEYOND_LATIN_1}
FEATURES = ["kern", "tnum"]
NOTICES = [0, 1, 2, 3, 4, 5, 6, 13, 14]
"""Names with copyright, version and license: they stay in the file."""


def make_font(source: Path, target: Path) -> int:
    """Write the smaller file; its size in bytes."""
    font = instancer.instantiateVariableFont(TTFont(source), {"wght": WEIGHTS})
    options = subset.Options(hinting=False, glyph_names=False, notdef_outline=True)
    options.layout_features, options.name_IDs = FEATURES, NOTICES
    smaller = subset.Subsetter(options)
    smaller.populate(unicodes=LETTERS)
    smaller.subset(font)
    font.flavor = "woff2"
    font.save(target)
    return target.stat().st_size


def main(arguments: Sequence[str]) -> int:
    size = make_font(Path(arguments[0]), Path(arguments[1]))
    sys.stdout.write(f"{arguments[1]}: {size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
