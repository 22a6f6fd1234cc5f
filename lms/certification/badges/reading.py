"""What somebody brings as a badge, a text or a picture with one in it, and whether it was issued here."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from lms.certification.badges.addresses import last_part
from lms.certification.badges.image import KEYWORD, PNG_SIGNATURE
from lms.certification.badges.proof import LONGEST_TOKEN, checked_claims
from lms.certification.codes import normalize_code
from lms.certification.models import Certificate
from lms.certification.verification import find_coded

TOKEN = re.compile(rb"\s*([\w-]+\.[\w-]+\.[\w-]*)\s*")


def is_badge(content: bytes) -> bool:
    """Whether a file says that it is a badge: a picture, or a text of three parts."""
    return content.startswith(PNG_SIGNATURE) or TOKEN.fullmatch(content[:LONGEST_TOKEN]) is not None


def token_in(content: bytes) -> str | None:
    """The signed text in a file: the file itself, or the chunk of a baked PNG."""
    if content.startswith(PNG_SIGNATURE):
        content = next((text for text in _credentials(content)), b"")
    found = TOKEN.fullmatch(content) if len(content) <= LONGEST_TOKEN else None
    return found[1].decode("ascii", "ignore") if found else None


def find_badge(content: bytes) -> Certificate | None:
    """The certificate whose badge this is; None where no key of ours signed it, or a letter of it was changed."""
    token = token_in(content)
    claims = checked_claims(token) if token else None
    if claims is None or "OpenBadgeCredential" not in (claims.get("type") or ()):
        return None
    code = normalize_code(last_part(str(claims.get("id"))))
    return find_coded(code) if code else None


def _credentials(png: bytes) -> Iterator[bytes]:
    """The texts of `openbadgecredential` chunks. A stranger's file: nothing is believed and nothing is drawn."""
    place = len(PNG_SIGNATURE)
    while place + 12 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, place)
        data = png[place + 8 : place + 8 + length]
        place += 12 + length
        keyword, _, rest = data.partition(b"\0")
        if kind != b"iTXt" or keyword != KEYWORD.encode() or len(rest) < 2:
            continue
        is_packed, text = rest[0] == 1, rest[2:].split(b"\0", 2)[-1]
        if is_packed:
            try:
                text = zlib.decompressobj().decompress(text, LONGEST_TOKEN)
            except zlib.error:
                continue
        yield text
