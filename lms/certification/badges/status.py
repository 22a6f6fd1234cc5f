"""Bitstring Status Lists (W3C, 2025): which badges do not stand any more, as one compressed row of bits. Pure."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from lms.certification.badges.addresses import issuer_url, status_url

LIST_BITS = 131_072
"""The least that the standard allows: one entry hides among so many."""

LIST_SHARE = LIST_BITS // 2
"""So many certificates share a list: it stays half empty, so that a random free place is found at once."""

FRESH_FOR = timedelta(hours=24)
"""A copy of a list that is older is refused: nobody can show yesterday's to hide a revocation."""

SIGNED_ANEW = timedelta(hours=1)
"""Within it the list has the same bytes unless it has changed, so that caches can ask whether it has."""

TTL_MILLISECONDS = 300_000


def list_number(certificate_id: int) -> int:
    """The list in which a certificate's badge has its place."""
    return certificate_id // LIST_SHARE + 1


def encoded(indices: Iterable[int]) -> str:
    """The bits as the standard writes them: index 0 is the highest bit of the first byte; gzip; multibase base64url."""
    bits = bytearray(LIST_BITS // 8)
    for index in indices:
        bits[index // 8] |= 0x80 >> (index % 8)
    packed = gzip.compress(bytes(bits), mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def status_entry(site: str, number: int, index: int) -> dict[str, Any]:
    """What a credential says of where its status stands."""
    address = status_url(site, number)
    return {
        "id": f"{address}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(index),
        "statusListCredential": address,
    }


def list_claims(site: str, number: int, indices: Iterable[int], now: datetime) -> dict[str, Any]:
    """The list as a credential to be signed."""
    address, issuer = status_url(site, number), issuer_url(site)
    start = datetime.fromtimestamp(now.timestamp() // SIGNED_ANEW.total_seconds() * SIGNED_ANEW.total_seconds(), UTC)
    end = start + FRESH_FOR
    subject = f"{address}#list"
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": moment_text(start),
        "validUntil": moment_text(end),
        "credentialSubject": {
            "id": subject,
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "ttl": TTL_MILLISECONDS,
            "encodedList": encoded(indices),
        },
        "iss": issuer,
        "jti": address,
        "sub": subject,
        "nbf": int(start.timestamp()),
        "exp": int(end.timestamp()),
    }


def moment_text(moment: datetime) -> str:
    """A moment as credentials write it: whole seconds, UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
