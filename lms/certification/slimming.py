"""What WeasyPrint writes into a PDF and no reader needs: taken out before the file is put together."""

from __future__ import annotations

from typing import Any

from pydyf import PDF, Dictionary

SAYS_NOTHING = {"/Span", "/NonStruct"}
"""Elements that hold text together without saying what it is (ISO 32000-1, 14.8.4)."""


def slim(document: object, pdf: PDF) -> None:
    """A finisher for `write_pdf`: the structure without idle elements, each attachment named once."""
    _dissolve_idle_elements(pdf)
    if "AF" in pdf.catalog:
        pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])


def _dissolve_idle_elements(pdf: PDF) -> None:
    """Hang what an idle element holds on its parent. WeasyPrint makes one for each line of text and each line break:
    more than half of the structure, a tenth of the file."""
    elements = {one.reference: one for one in pdf.objects if _is_element(one)}
    root = next(one for one in pdf.objects if isinstance(one, Dictionary) and one.get("Type") == "/StructTreeRoot")
    parents: dict[bytes, bytes] = {}

    def kids_of(element: Dictionary) -> list[Any]:
        kept: list[Any] = []
        for kid in element["K"]:
            child = elements.get(kid) if isinstance(kid, bytes) else None
            if child is None:
                kept.append(kid)
                continue
            inner = kids_of(child)
            if child["S"] in SAYS_NOTHING and child.get("Pg") == element.get("Pg"):
                parents[kid] = element.reference
                kept += inner
            else:
                child["K"][:] = inner
                kept.append(kid)
        return kept

    def heir(reference: bytes) -> bytes:
        while reference in parents:
            reference = parents[reference]
        return reference

    for top in root["K"]:
        elements[top]["K"][:] = kids_of(elements[top])
    for reference, element in elements.items():
        element["P"] = heir(element["P"])
        if reference in parents:
            _free(element)
    numbers = pdf.objects[int(root["ParentTree"].split()[0])]["Nums"]
    for place in range(1, len(numbers), 2):
        owners = numbers[place]
        if isinstance(owners, list):
            owners[:] = [heir(owner) for owner in owners]
        else:
            numbers[place] = heir(owners)


def _is_element(one: object) -> bool:
    return isinstance(one, Dictionary) and one.get("Type") == "/StructElem"


def _free(one: Dictionary) -> None:
    """Leave the number of an object unused, in the way that pydyf writes its own object 0."""
    one.number, one.generation, one.free = 0, 65535, "f"
