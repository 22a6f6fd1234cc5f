"""Many PDFs as one, to be printed in one go. What is signed or hidden in them does not come along: paper has no use."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

LEFT_OUT = ("/StructParents", "/Annots", "/Tabs", "/B", "/AA")
"""Of each page: what leads out of it, to the structure of the whole or to other pages."""


def merge(contents: Iterable[bytes]) -> bytes:
    """The pages of all of them in order; each file's own tree of pages hangs below a common one."""
    # Here, and not above: a web process that merges nothing need not hold what does.
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import PdfFileWriter

    make: Any = PdfFileWriter  # it has no types
    writer = make(stream_xrefs=True)
    top_reference = writer.root.raw_get("/Pages")
    kids, count = generic.ArrayObject(), 0
    for content in contents:
        tree: Any = PdfFileReader(io.BytesIO(content)).root["/Pages"]
        count += tree["/Count"]
        _loosen(tree)
        copied = writer.import_object(tree)
        reference = writer.add_object(copied)
        copied[generic.NameObject("/Parent")] = top_reference
        _tie(copied, reference, generic.NameObject("/Parent"))
        kids.append(reference)
    number: Any = generic.NumberObject
    top = top_reference.get_object()
    top[generic.NameObject("/Kids")], top[generic.NameObject("/Count")] = kids, number(count)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _loosen(node: Any) -> None:
    """Cut what leads upward and outward, so that copying the node copies its pages and nothing else."""
    node.pop("/Parent", None)
    for at in range(len(node["/Kids"])):
        kid = node["/Kids"][at]
        kid.pop("/Parent", None)
        for key in LEFT_OUT:
            kid.pop(key, None)
        if "/Kids" in kid:
            _loosen(kid)


def _tie(node: Any, reference: Any, parent: Any) -> None:
    """Tell the copied pages where they hang now."""
    kids = node["/Kids"]
    for at in range(len(kids)):
        kid = kids[at]
        kid[parent] = reference
        if "/Kids" in kid:
            _tie(kid, kids.raw_get(at), parent)
