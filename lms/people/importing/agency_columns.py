"""What the columns of a list of agencies mean, and the words for their kinds and counties, in two languages; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lms.people.importing.columns import key_of
from lms.people.names import fold

NAME, KIND, PARENT, COUNTY, CODE, ORI = "name", "kind", "parent", "county", "code", "ori"
NCES = "nces"
"""An NCES id of which the kind of the agency says whether it is a district's or a school's."""

WORDS: Mapping[str, tuple[str, ...]] = {
    field: tuple(headers.split(", "))
    for field, headers in (
        (NAME, "name, agency, agency name, nombre, agencia, nombre de la agencia"),
        (KIND, "kind, type, agency kind, agency type, tipo, tipo de agencia, clase"),
        (
            PARENT,
            "parent, parent code, parent name, parent agency, agency above, above, belongs to, below, under, part of, "
            "superior, agencia superior, depende de, pertenece a",
        ),
        (COUNTY, "county, county name, county fips, fips, condado"),
        (CODE, "code, short code, agency code, codigo, codigo corto, codigo de la agencia"),
        (ORI, "ori, ori number, numero ori"),
        (NCES, "nces, nces id, id nces"),
        ("nces-district", "nces district, nces district id, nces lea id, leaid, lea id, id nces del distrito"),
        ("nces-school", "nces school, nces school id, ncessch, id nces de la escuela"),
        ("ccn", "ccn, cms certification number, cms certification number ccn"),
        ("npi", "npi, national provider identifier, national provider identifier npi"),
    )
}
"""For each field headers that mean it, as `key_of` makes them."""

LABELLED = re.compile(r"\s*(state id|other id|id estatal|otro id)\s*[:(\-–]\s*(.+?)\s*\)?\s*\Z", re.IGNORECASE)
"""`State id: MO DESE`: ids of a kind that does not say whose they are; the header does."""

LABEL_KINDS = {"state id": "state", "id estatal": "state", "other id": "other", "otro id": "other"}

KIND_WORDS = {
    word: kind
    for kind, words in (
        ("state", "state, estado"),
        ("district", "district, school district, distrito, distrito escolar"),
        ("school", "school, escuela"),
        ("hospital", "hospital"),
        ("clinic", "clinic, clinica"),
        ("police", "police, police department, policia, departamento de policia"),
        ("sheriff", "sheriff, sheriff's office, sheriffs office, sheriff’s office, oficina del sheriff, alguacil"),
        ("advocacy", "advocacy, advocacy organization, victim services, organizacion de apoyo, apoyo a victimas"),
        ("other", "other, otro, otra"),
    )
    for word in words.split(", ")
}


def field_of(header: str) -> tuple[str, str] | None:
    """The field that a header means, and whose id it is where the header says that; None for any other."""
    labelled = LABELLED.match(header)
    if labelled:
        return LABEL_KINDS[labelled[1].lower()], labelled[2]
    key = key_of(header)
    return next(((field, "") for field, words in WORDS.items() if key in words), None)


def count_known(headers: Sequence[str]) -> int:
    """How many of these texts are headers that we know: by it the row of headers is found below a title."""
    return sum(1 for header in headers if field_of(header) is not None)


def kind_of(text: str) -> str | None:
    """The kind of agency that a word means."""
    return KIND_WORDS.get(fold(text).replace("-", " "))


def county_of(text: str, counties: Mapping[str, str]) -> str | None:
    """The FIPS code of a county by its code or name, with or without `County`; of two that share a name, none."""
    digits = text.strip()
    if digits.isascii() and digits.isdecimal():
        return digits if digits in counties else _by_short(digits, counties)
    wanted = _county_key(text)
    found = [fips for fips, name in counties.items() if _county_key(name) == wanted]
    if not found:  # St. Louis is a county and a city, and means neither by itself
        bare = wanted.removesuffix(" county")
        found = [fips for fips, name in counties.items() if _bare(_county_key(name)) == bare]
    return found[0] if len(found) == 1 else None


def _by_short(digits: str, counties: Mapping[str, str]) -> str | None:
    """Without the digits of the state, as states write it: `019`, or `19` out of a spreadsheet."""
    found = [fips for fips in counties if fips[2:] == digits.zfill(3)]
    return found[0] if len(found) == 1 else None


def _bare(key: str) -> str:
    return key.removesuffix(" county").removesuffix(" city")


def _county_key(text: str) -> str:
    key = fold(text).replace(".", "").removeprefix("condado de ").removesuffix(" co")
    return key.replace("saint ", "st ").replace("sainte ", "ste ")
