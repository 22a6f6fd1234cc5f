"""What somebody brings as a badge, a text, a picture with one in it or JSON, and whether it was issued here."""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterator

from sqlalchemy import select

from lms.certification.badges.addresses import last_part
from lms.certification.badges.image import KEYWORD, PNG_SIGNATURE
from lms.certification.badges.linked_proof import credential_in, is_proven
from lms.certification.badges.models import Badge
from lms.certification.badges.proof import LONGEST_TOKEN, checked_claims, claims_of
from lms.certification.codes import normalize_code
from lms.certification.models import Certificate
from lms.certification.verification import find_coded
from lms.database import db
from lms.wall.sight import VERIFICATION, looking_as

TOKEN = re.compile(rb"\s*([\w-]+\.[\w-]+\.[\w-]*)\s*")


def is_badge(content: bytes) -> bool:
    """Whether a file says that it is a badge: a picture, a text of three parts, or JSON."""
    return (
        content.startswith(PNG_SIGNATURE)
        or content.lstrip()[:1] == b"{"
        or TOKEN.fullmatch(content[:LONGEST_TOKEN]) is not None
    )


def token_in(content: bytes) -> str | None:
    """The signed text in a file: the file itself, or the chunk of a baked PNG."""
    if content.startswith(PNG_SIGNATURE):
        content = next((text for text in _credentials(content)), b"")
    found = TOKEN.fullmatch(content) if len(content) <= LONGEST_TOKEN else None
    return found[1].decode("ascii", "ignore") if found else None


def find_badge(content: bytes) -> Certificate | None:
    """The certificate whose badge this is; None where no key of ours signed it, or a letter of it was changed."""
    if content.lstrip()[:1] == b"{":
        return _find_proven(content)
    token = token_in(content)
    claims = checked_claims(token) if token else None
    if claims is None or "OpenBadgeCredential" not in (claims.get("type") or ()):
        return None
    code = normalize_code(last_part(str(claims.get("id"))))
    return find_coded(code) if code else None


def _find_proven(content: bytes) -> Certificate | None:
    """The certificate of a badge in JSON: word for word one that was signed here, under a proof of a key of ours."""
    try:
        document = json.loads(content) if len(content) <= LONGEST_TOKEN else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    code = normalize_code(last_part(str(document.get("id"))))
    certificate = find_coded(code) if code else None
    if certificate is None:
        return None
    with looking_as(VERIFICATION):
        badge = db.session.scalar(select(Badge).where(Badge.certificate_id == certificate.id))
    tokens = [token for token in (badge.named_token, badge.nameless_token) if token] if badge else []
    proof, credential = document.get("proof"), {name: value for name, value in document.items() if name != "proof"}
    is_ours = any(credential_in(claims_of(token)) == credential for token in tokens)
    return certificate if is_ours and is_proven(credential, proof) else None


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
