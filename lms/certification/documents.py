"""Certificates as PDF (PDF/A-3a and PDF/UA-1; same facts, same bytes): drawn, given what they carry, then signed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from lms.certification.authority import SigningMaterial
from lms.certification.designs import Design
from lms.certification.facts import CertificateFacts
from lms.certification.pack_drawing import draw_in_child
from lms.certification.press import Attached, press
from lms.certification.sheets import sheet_of
from lms.errors import Invalid

log = logging.getLogger("lms.certification.documents")

TOGETHER = 10
"""So many certificates are drawn in one go: more gain nothing."""


@dataclass(frozen=True, slots=True)
class Order:
    """One certificate to draw: what it says, how it looks, what it carries."""

    facts: CertificateFacts
    design: Design | None = None
    """None: the one that the facts name, or the usual one of their kind."""
    attachments: tuple[Attached, ...] = ()
    signer: SigningMaterial | None = None
    """Who signs it, last of all; None leaves it unsigned."""
    logo: bytes = b""
    """The agency's, as PNG; empty: none."""
    pack: bytes = b""
    """The agency's own design, as it was uploaded; empty: one of the registry."""


def draw(facts: CertificateFacts, design: Design | None = None, attachments: Sequence[Attached] = ()) -> bytes:
    """The PDF of a certificate, out of its facts alone, carrying the attachments. Takes about a twentieth of a second:
    never in a transaction.

    Raises PressIsBusy where too many are being drawn.
    """
    return draw_orders([Order(facts, design, tuple(attachments))])[0]


def draw_many(many: Sequence[CertificateFacts]) -> list[bytes]:
    """The PDFs of many certificates, each the very bytes that `draw` makes of it, in less time. Raises PressIsBusy."""
    return draw_orders([Order(facts) for facts in many])


def draw_orders(orders: Sequence[Order]) -> list[bytes]:
    """The PDFs of orders, those of one look and language drawn together, then each signed. Raises PressIsBusy."""
    drawn = {place: content for place, order in enumerate(orders) if (content := _in_own_design(order))}
    sheets = {
        place: sheet_of(order.facts, order.design, order.attachments, order.logo)
        for place, order in enumerate(orders)
        if place not in drawn
    }
    alike: dict[tuple[str, str, str, str], list[int]] = {}
    for place, sheet in sheets.items():
        alike.setdefault((sheet.folder, sheet.template, sheet.style, sheet.language), []).append(place)
    for places in alike.values():
        for start in range(0, len(places), TOGETHER):
            some = places[start : start + TOGETHER]
            contents = press().draw_together([sheets[place] for place in some])
            drawn.update(zip(some, contents, strict=True))
    return [_signed(drawn[place], order.signer) for place, order in enumerate(orders)]


def _in_own_design(order: Order) -> bytes | None:
    """The drawing in the agency's own design. None where there is none or it fails: a certificate is given in the usual
    design rather than not at all."""
    if not order.pack:
        return None
    try:
        return draw_in_child(order.facts, order.pack, order.attachments)
    except Invalid as problem:
        log.error("certificate %s is drawn in the usual design: %s", order.facts.code, problem.values or problem)
        return None


def _signed(content: bytes, signer: SigningMaterial | None) -> bytes:
    if signer is None:
        return content
    # Here, and not above: what signs is loaded in a third of a second and takes 30 MB.
    from lms.certification.signing import sign

    return sign(content, signer)
