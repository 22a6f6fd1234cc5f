"""An agency's logo: taken only as PNG or JPEG, painted anew, so that nothing of the uploaded file itself is kept."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from lms.errors import N_, Invalid

if TYPE_CHECKING:
    from PIL import Image

MOST_BYTES = 500_000
MOST_PIXELS = 12_000_000
"""A small file may unfold into gigabytes: its size is read from its head before anything is unfolded."""

LARGEST = (1200, 600)
MOST_KEPT = 200_000
"""The logo goes into every certificate: a larger one is made smaller."""

KINDS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}

IS_SVG = N_("An SVG picture can hold programs and links, so it is not taken. Save the logo as PNG and upload that.")
IS_OTHER = N_("This is neither a PNG nor a JPEG picture.")
IS_LARGE = N_("The picture is too large: at most 500 KB, and 12 million dots.")
IS_BROKEN = N_("The picture cannot be read. Save it again as PNG and upload that.")


def clean_logo(content: bytes) -> tuple[bytes, str]:
    """The picture as PNG without anything beside its dots (no position, no camera, no text), and its SHA-256.

    Raises Invalid.
    """
    # Here, and not above: web processes know this file, and few of them ever see a picture.
    from PIL import Image

    if len(content) > MOST_BYTES:
        raise Invalid(IS_LARGE, field="logo")
    kind = next((kind for magic, kind in KINDS.items() if content.startswith(magic)), None)
    if kind is None:
        is_svg = b"<svg" in content[:2000].lower()
        raise Invalid(IS_SVG if is_svg else IS_OTHER, field="logo")
    try:
        picture = _painted(content, kind)
    except Image.DecompressionBombError:
        raise Invalid(IS_LARGE, field="logo") from None
    except Invalid:
        raise
    except Exception:  # a picture made to break a reader may make it raise anything
        raise Invalid(IS_BROKEN, field="logo") from None
    cleaned = _encoded(picture)
    return cleaned, hashlib.sha256(cleaned).hexdigest()


def _painted(content: bytes, kind: str) -> Image.Image:
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content), formats=[kind]) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise Invalid(IS_LARGE, field="logo")
        upright = ImageOps.exif_transpose(opened)
        has_transparency = upright.has_transparency_data
        painted = upright.convert("RGBA" if has_transparency else "RGB")
    clean = Image.new(painted.mode, painted.size)
    clean.paste(painted)  # the dots alone: what was known of the old picture stays behind
    clean.thumbnail(LARGEST)
    return clean


def _encoded(picture: Image.Image) -> bytes:
    while True:
        output = io.BytesIO()
        picture.save(output, "PNG", optimize=True)
        if output.tell() <= MOST_KEPT or max(picture.size) < 100:
            return output.getvalue()
        picture = picture.resize((picture.width * 3 // 4, picture.height * 3 // 4))
