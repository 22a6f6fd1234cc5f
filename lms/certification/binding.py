"""Long documents drawn in parts: each part is laid out alone and kept as finished objects, then bound into one PDF.

Laying out a page takes a thousand times the memory of the page itself. A document of hundreds of pages is therefore
drawn some pages at a time; of each part only what goes into the file stays, renumbered, with its own branch of the
structure tree, so that the whole is one tagged document. What is taken apart here is only what WeasyPrint and pydyf
have just made, whose versions are pinned.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydyf import PDF, Array, Dictionary, Object, Stream, String

from lms.certification.slimming import slim

TOKEN = re.compile(rb"\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]*>|\b(\d+) 0 R\b", re.DOTALL)
"""Texts, which stay as they are, and references, which get their new numbers."""

STREAM = b"\nstream\n"

ABOVE = ("/Catalog", "/Pages", "/StructTreeRoot", "/Metadata")
"""What a whole document has once; a part gives up its own."""

Finisher = Callable[[object, PDF], None]


@dataclass(frozen=True, slots=True)
class Piece:
    """One object of a part as it stands in the file. `is_stream` ones cannot be packed together."""

    number: int
    data: bytes
    is_stream: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Some pages of a document with all that they need."""

    objects: tuple[Piece, ...]
    pages: tuple[int, ...]
    """Numbers of the page objects, in order."""
    elements: tuple[int, ...]
    """Numbers of the topmost elements of the structure."""
    owners: tuple[bytes, ...]
    """For each page: the elements that own its marked content, as references."""
    pages_number: int
    document_number: int
    """What pages and topmost elements call their parent."""

    def to_bytes(self) -> bytes:
        """For the file store."""
        head = {
            "objects": [[one.number, len(one.data), one.is_stream] for one in self.objects],
            "pages": self.pages,
            "elements": self.elements,
            "owners": [one.decode("ascii") for one in self.owners],
            "pages_number": self.pages_number,
            "document_number": self.document_number,
        }
        first = json.dumps(head, separators=(",", ":")).encode()
        return zlib.compress(first + b"\n" + b"".join(one.data for one in self.objects))

    @classmethod
    def from_bytes(cls, stored: bytes) -> Part:
        first, _, rest = zlib.decompress(stored).partition(b"\n")
        head: dict[str, Any] = json.loads(first)
        objects, at = [], 0
        for number, length, is_stream in head["objects"]:
            objects.append(Piece(number, rest[at : at + length], is_stream))
            at += length
        return cls(
            objects=tuple(objects),
            pages=tuple(head["pages"]),
            elements=tuple(head["elements"]),
            owners=tuple(one.encode("ascii") for one in head["owners"]),
            pages_number=head["pages_number"],
            document_number=head["document_number"],
        )


def taking(found: list[Part], label: str) -> Finisher:
    """A finisher that keeps what was drawn as a part. `label` tells its table headers from those of other parts."""

    def finish(document: object, pdf: PDF) -> None:
        give_items_bodies(pdf)
        slim(document, pdf)
        _name_headers(pdf, label)
        found.append(_part_of(pdf))

    return finish


def binding(parts: Iterable[bytes]) -> Finisher:
    """A finisher that puts stored parts behind the pages that were drawn, one after another."""

    def finish(document: object, pdf: PDF) -> None:
        give_items_bodies(pdf)
        slim(document, pdf)
        root = next(one for one in pdf.objects if _is(one, "/StructTreeRoot"))
        top = pdf.objects[int(root["K"][0].split()[0])]
        numbers = pdf.objects[int(root["ParentTree"].split()[0])]["Nums"]
        for stored in parts:
            _append(pdf, top, numbers, Part.from_bytes(stored))

    return finish


def give_items_bodies(pdf: PDF) -> None:
    """Put what stands in an item of a list into the item's body: WeasyPrint leaves paragraphs and inner lists beside
    it, where ISO 14289-1 (7.2) allows a label and a body alone."""
    elements = {one.number: one for one in pdf.objects if _is(one, "/StructElem")}
    for item in [one for one in elements.values() if one["S"] == "/LI"]:
        children = [(kid, elements.get(_number_of(kid))) for kid in item["K"]]
        stray = [(kid, one) for kid, one in children if one is not None and one["S"] not in ("/Lbl", "/LBody")]
        if not stray:
            continue
        body = next((one for _, one in children if one is not None and one["S"] == "/LBody"), None)
        if body is None:
            body = Dictionary({"Type": "/StructElem", "S": "/LBody", "K": Array([]), "P": item.reference})
            pdf.add_object(body)
            item["K"].append(body.reference)
        for kid, one in stray:
            item["K"].remove(kid)
            body["K"].append(kid)
            one["P"] = body.reference


def _number_of(kid: object) -> int:
    """The number of the element that a child is; -1 for content."""
    words = (kid.decode() if isinstance(kid, bytes) else str(kid)).split()
    return int(words[0]) if len(words) == 3 else -1


def _append(pdf: PDF, top: Dictionary, numbers: Any, part: Part) -> None:
    first = len(pdf.objects)
    renamed = {one.number: first + place for place, one in enumerate(part.objects)}
    renamed |= {part.pages_number: pdf.pages.number, part.document_number: top.number}
    count = pdf.pages["Count"]
    page_places = {number: place for place, number in enumerate(part.pages)}
    for one in part.objects:
        data = renumbered(one.data, renamed)
        if one.number in page_places:
            old, new = page_places[one.number], count + page_places[one.number]
            data = data.replace(b"/StructParents %d" % old, b"/StructParents %d" % new)
        pdf.add_object(Finished(data, is_stream=one.is_stream))
    for number in part.pages:
        pdf.pages["Kids"].extend([renamed[number], 0, "R"])
    pdf.pages["Count"] += len(part.pages)
    top["K"].extend(b"%d 0 R" % renamed[number] for number in part.elements)
    for place, owners in enumerate(part.owners):
        numbers.extend([count + place, renumbered(b"[" + owners + b"]", renamed)])


class Finished(Object):  # type: ignore[misc]
    """An object whose bytes are known."""

    def __init__(self, data: bytes, *, is_stream: bool) -> None:
        super().__init__()
        self._data, self._is_stream = data, is_stream

    @property
    def data(self) -> bytes:
        return self._data

    @property
    def compressible(self) -> bool:
        return not self._is_stream


def renumbered(data: bytes, renamed: Mapping[int, int]) -> bytes:
    """The bytes of an object with the numbers that it refers to changed; texts and streams stay. Raises KeyError for a
    reference to something that is not there."""
    head, mark, stream = data.partition(STREAM)

    def change(found: re.Match[bytes]) -> bytes:
        return found[0] if found[1] is None else b"%d 0 R" % renamed[int(found[1])]

    return TOKEN.sub(change, head) + mark + stream


def _part_of(pdf: PDF) -> Part:
    root = next(one for one in pdf.objects if _is(one, "/StructTreeRoot"))
    top = pdf.objects[int(root["K"][0].split()[0])]
    tree = pdf.objects[int(root["ParentTree"].split()[0])]
    left_out = {id(one) for one in (pdf.objects[0], top, tree)}
    kept = [
        Piece(one.number, one.data, isinstance(one, Stream))
        for one in pdf.objects
        if one.free == "n" and id(one) not in left_out and not any(_is(one, kind) for kind in ABOVE)
    ]
    return Part(
        objects=tuple(kept),
        pages=tuple(pdf.pages["Kids"][::3]),
        elements=tuple(int(one.split()[0]) for one in top["K"]),
        owners=tuple(b" ".join(one) for one in tree["Nums"][1::2]),
        pages_number=pdf.pages.number,
        document_number=top.number,
    )


def _is(one: object, kind: str) -> bool:
    values = one.extra if isinstance(one, Stream) else one
    return isinstance(values, dict) and values.get("Type") == kind


def _name_headers(pdf: PDF, label: str) -> None:
    """Table headers are named by their numbers, which another part has too."""
    for one in pdf.objects:
        if not _is(one, "/StructElem") or "A" not in one:
            continue
        if "ID" in one:
            one["ID"] = String(f"{label}-{one['ID'].string}")
        if "Headers" in one["A"]:
            one["A"]["Headers"] = Array([String(f"{label}-{header.string}") for header in one["A"]["Headers"]])
