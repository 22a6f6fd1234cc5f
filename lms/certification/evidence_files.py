"""Files that people hand in as evidence: known by their first bytes, made harmless, or refused with the reason."""

from __future__ import annotations

import io
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from lms.errors import N_, Invalid

MOST_BYTES = 10_000_000
MOST_PIXELS = 50_000_000
MOST_UNPACKED = 200_000_000
"""Of everything packed inside a PDF together; it is looked through in small pieces, never held whole."""

LONGEST_TITLE = 80
PIECE = 65_536

MOST_STREAMS = 20_000
"""Each is looked at, however short: without a limit a small file of nothing else would keep the server busy."""


def _name(*spellings: str) -> bytes:
    """A pattern for names of a PDF, in which any letter may be spelled by its number: `/#4aS` is `/JS`."""
    letters = (b"".join(b"(?:%c|#%b)" % (ord(one), _number(one)) for one in name) for name in spellings)
    return rb"/(?:" + b"|".join(letters) + rb")"


def _number(letter: str) -> bytes:
    return b"".join(b"[%b%b]" % (one.encode(), one.upper().encode()) for one in f"{ord(letter):02x}")


FORBIDDEN = re.compile(
    _name("JavaScript", "Launch", "Rendition", "RichMedia", "XFA", "SubmitForm", "ImportData") + rb"\b"
)
"""What runs or opens something. Long words, which packed bytes never spell by chance. A file that is only attached, as
to our own certificates, does nothing by itself."""

SCRIPT = re.compile(_name("JS") + rb"[\s(<\[\d]")
"""Short enough to appear among packed bytes: looked for only outside of them."""

ENCRYPTED = re.compile(_name("Encrypt") + rb"\b")
INDEX = re.compile(_name("ObjStm") + rb"\b")
"""Where objects are packed together."""

STREAM = re.compile(rb"(?<!end)stream\r?\n")
OVERLAP = 64
"""A forbidden name, spelled by numbers all through, is shorter."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file as it is stored: what it is, its content, and what to call it when it is fetched."""

    content: bytes
    type: str
    title: str


def examine(name: str, content: bytes) -> Evidence:
    """The file made harmless. Raises Invalid for what is no PDF, PNG or JPEG, too large, or could do something.

    Pictures are written anew, so that nothing hidden in them (a place, another file) comes along.
    """
    if not content:
        raise _refused(N_("This file is empty. Choose another one."))
    if len(content) > MOST_BYTES:
        raise _refused(N_("The file is too large: at most 10 MB are taken."))
    if content.startswith(b"%PDF-"):
        _refuse_active(content)
        return Evidence(content, "application/pdf", neutral_name(name, "pdf"))
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Evidence(_written_anew(content, "PNG"), "image/png", neutral_name(name, "png"))
    if content.startswith(b"\xff\xd8\xff"):
        return Evidence(_written_anew(content, "JPEG"), "image/jpeg", neutral_name(name, "jpg"))
    raise _refused(N_("Only PDF, PNG and JPEG files are taken. Scan the paper, or take a picture of it."))


def neutral_name(name: str, extension: str) -> str:
    """What its owner called it, with letters and their marks, digits, spaces, dots and dashes only, and the ending of
    what it is."""
    stem = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1].rpartition(".")[0] or "evidence"
    kept = "".join(
        one if one.isalnum() or one in " ._-" or unicodedata.category(one)[0] == "M" else "_" for one in stem
    )
    clean = " ".join(kept.split()).strip(" ._-")[:LONGEST_TITLE].strip(" ._-") or "evidence"
    return f"{clean}.{extension}"


def _refuse_active(content: bytes) -> None:
    """Look through a PDF, and through everything packed in it, without a reader that could be fooled by its index."""
    if b"%%EOF" not in content[-2048:]:
        raise _refused(N_("This PDF is not whole. Save it again and choose the new file."))
    if ENCRYPTED.search(content):
        raise _refused(N_("This PDF is locked with a password. Save it without one."))
    if FORBIDDEN.search(content) or SCRIPT.search(_without_streams(content)):
        raise _refused(ACTIVE)
    unpacked, index_streams = 0, 0
    for count, found in enumerate(STREAM.finditer(content)):
        if count == MOST_STREAMS:
            raise _refused(UNREADABLE)
        begin = found.end()
        is_index = INDEX.search(content[max(0, begin - 4096) : begin].rpartition(b" obj")[2]) is not None
        index_streams += is_index
        tail, is_packed = b"", False
        for piece, work in _unpack(content, begin):
            is_packed = True
            unpacked += work
            if unpacked > MOST_UNPACKED:
                raise _refused(N_("This PDF unpacks to far too much. Print it to a new PDF and choose that one."))
            text = tail + piece
            if FORBIDDEN.search(text) or (is_index and SCRIPT.search(text)):
                raise _refused(ACTIVE)
            tail = text[-OVERLAP:]
        if is_index and not is_packed:
            raise _refused(UNREADABLE)
    if index_streams != len(INDEX.findall(content)):
        raise _refused(UNREADABLE)


ACTIVE = N_("This PDF contains a script or an action. Print it to a new PDF and choose that one.")
UNREADABLE = N_("This PDF cannot be checked. Print it to a new PDF and choose that one.")


def _unpack(content: bytes, begin: int) -> Iterator[tuple[bytes, int]]:
    """What a stream unpacks to, piece by piece, each with the work that it was, in bytes; nothing where it is not
    packed by deflate. Input is work too: it may be built to unpack to nothing, for ever."""
    unpacker, at = zlib.decompressobj(), begin
    while not unpacker.eof and at < len(content):
        data = content[at : at + PIECE]
        try:
            piece = unpacker.decompress(data, PIECE)
        except zlib.error:
            return
        used = len(data) - len(unpacker.unconsumed_tail) - len(unpacker.unused_data)
        at += used
        yield piece, max(len(piece), used)


def _without_streams(content: bytes) -> bytes:
    """What stands outside of streams. In one pass: a pattern would begin its search for an end anew at each start."""
    kept, at = [], 0
    while (found := STREAM.search(content, at)) and (end := content.find(b"endstream", found.end())) >= 0:
        kept.append(content[at : found.start()])
        at = end + len(b"endstream")
    return b"".join([*kept, content[at:]])


def _written_anew(content: bytes, kind: str) -> bytes:
    # Here, and not above: a process that takes no pictures need not hold what reads them.
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise _refused(N_("The picture has too many pixels. Make it smaller, or scan with less detail."))
            upright = ImageOps.exif_transpose(picture)
            plain = upright.convert("L" if upright.mode in ("1", "L") else "RGB")
    except Invalid:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise _refused(N_("The picture cannot be read. Take it again and choose the new file.")) from None
    target = io.BytesIO()
    plain.save(target, kind, **({"quality": 88, "optimize": True} if kind == "JPEG" else {"optimize": False}))
    return target.getvalue()


def _refused(message: str) -> Invalid:
    return Invalid(message, "evidence")
