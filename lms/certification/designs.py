"""The designs of certificates: ours, and those of installed packages (entry points), under one registry of names."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points

from lms.errors import N_

log = logging.getLogger("lms.certification.designs")

GROUP = "lms.certificate_designs"
"""Each entry point leads to a Design; its name in the registry is the entry point's."""

PACK = "pack:"
"""Begins the name of a design that an agency brought as a template pack; its hash follows."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Where texts must fit, in points: what `fit` needs to know of a sheet. `fixed` is the height of everything on the
    first page whose height never changes, of `page`; `heading` and `signatory` are the largest letters of the heading
    and of the lines under a signature, `cell` what a column of the table takes beside its text. Where 0, `name` is as
    wide as `body`, and `provider` as `statement`."""

    body: float = 7.1 * 72
    name: float = 0
    heading: float = 40
    cell: float = 10
    issuer: float = 2.05 * 72
    signature: float = 3.3 * 72
    signatory: float = 9
    statement: float = 7.1 * 72
    provider: float = 0
    fixed: float = 422.0
    page: float = 8.5 * 72
    issuer_sizes: Mapping[int, tuple[float, ...]] = field(
        default_factory=lambda: {2: (12, 11, 10), 5: (11, 10, 9, 8, 7)}
    )


@dataclass(frozen=True, slots=True)
class Design:
    """How certificates of one look are set: template and style, what may be chosen for it, where its files are.

    `folder` is the folder of a package's own design; empty for ours. Its style names images and fonts of ours as
    `crosstrain:image/<file>` and `crosstrain:font/<file>`.
    """

    template: str
    style: str
    title: str = ""
    kinds: tuple[str, ...] = ("course", "certification", "team")
    folder: str = ""
    measures: Measures = field(default_factory=Measures, hash=False)


MODERN = Design("certificate.html", "certificate.css", N_("Modern: a band with seal and QR code at the left"))
TEAM = Design("certificate.html", "certificate.css", N_("Team: seats, milestones and exercise"), ("team",))
CLASSIC = Design(
    "classic.html",
    "classic.css",
    N_("Classic: framed and centered, safe for office printers"),
    measures=Measures(
        body=8.4 * 72,
        name=7.6 * 72,
        heading=38,
        cell=24,
        issuer=8.4 * 72,
        signature=2.5 * 72,
        signatory=8.5,
        statement=7.6 * 72,
        provider=6.9 * 72,
        fixed=414.0,
        issuer_sizes={1: (12, 11, 10, 9), 2: (9, 8, 7)},
    ),
)

OURS = {"modern": MODERN, "team": TEAM, "classic": CLASSIC}
USUAL = {"team": "team"}


@cache
def registry() -> Mapping[str, Design]:
    """Every design by name. A package's that cannot be loaded is left out and logged: certificates go on."""
    found = dict(OURS)
    for entry in entry_points(group=GROUP):
        try:
            design = entry.load()
        except Exception:
            log.exception("the certificate design %s cannot be loaded", entry.name)
            continue
        if isinstance(design, Design) and entry.name not in found:
            found[entry.name] = design
    return found


def choices() -> dict[str, str]:
    """Names and titles of the designs that an agency may choose for all its certificates."""
    return {name: design.title or name for name, design in registry().items() if "course" in design.kinds}


def design_of(name: str, kind: str) -> Design:
    """The design with a name, for certificates of a kind; the usual one of the kind where there is none (any more)."""
    found = registry().get(name)
    if found is not None and kind in found.kinds:
        return found
    if name:
        log.warning("there is no certificate design %s for %s: the usual one is taken", name, kind)
    return registry()[USUAL.get(kind, "modern")]
