"""The proof inside a badge's JSON: Data Integrity with `eddsa-rdfc-2022` (W3C, 2025), beside the VC-JWT.

What is signed is the badge as linked data, so that its JSON may be formatted anew and still verifies. Contexts are the
copies of `contexts/`; nothing is ever fetched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lms import keys
from lms.certification.badges.addresses import issuer_url, key_url, last_part
from lms.certification.badges.status import moment_text
from lms.keys import NewKey, OpenKey
from lms.settings import Settings

PURPOSE = "badge-proof"
CRYPTOSUITE = "eddsa-rdfc-2022"
MULTIKEY_CONTEXT = "https://w3id.org/security/multikey/v1"
CONTEXT_FILES = {
    "https://www.w3.org/ns/credentials/v2": "credentials-v2.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": "ob-v3p0-context-3.0.3.json",
}
ASSERTION_CONTEXT = {
    "assertionMethod": {"@id": "https://w3id.org/security#assertionMethod", "@type": "@id", "@container": "@set"}
}
"""What the issuer's page adds to its contexts, so that the list of these keys is linked data too."""
REGISTERED_CLAIMS = ("iss", "jti", "sub", "nbf", "exp")
"""What a VC-JWT says beside the credential."""

ED25519_PREFIX = bytes.fromhex("ed01")
"""Multicodec's mark of an Ed25519 public key."""

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
SIGNATURE_BYTES, PUBLIC_BYTES = 64, 32

PROOF_KEYS = {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}
LONGEST_FACT = 1000
"""Characters of one fact of a proof."""


def make_key() -> NewKey:
    """A fresh Ed25519 key; its id is its public part, as a Multikey writes it."""
    private = Ed25519PrivateKey.generate()
    public = multibase(ED25519_PREFIX + private.public_key().public_bytes_raw())
    return NewKey(public, json.dumps({"publicKeyMultibase": public}), private.private_bytes_raw())


def proof_key(secret_key: str) -> OpenKey:
    """The key in use, made at its first use. Opens a write transaction of its own then. Raises Conflict."""
    return keys.key_in_use(PURPOSE, secret_key, make_key)


def new_proof_key(purpose: str, settings: Settings) -> list[tuple[str, NewKey]]:
    """The key that takes over when this proof's key is rotated; what older ones signed stays good."""
    return [(PURPOSE, make_key())]


def public_multikey(kid: str, public_text: str, site: str) -> dict[str, Any]:
    """A public key as its address answers."""
    named = {"@context": MULTIKEY_CONTEXT, "id": key_url(site, kid), "type": "Multikey", "controller": issuer_url(site)}
    return {**named, **json.loads(public_text)}


def credential_in(claims: Mapping[str, Any]) -> dict[str, Any]:
    """The credential alone, out of a VC-JWT's claims."""
    return {name: value for name, value in claims.items() if name not in REGISTERED_CLAIMS}


def with_proof(credential: Mapping[str, Any], key: OpenKey, site: str, now: datetime) -> dict[str, Any]:
    """A credential with a proof of its own. `now` is the moment that the proof names."""
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": moment_text(now),
        "verificationMethod": key_url(site, key.kid),
        "proofPurpose": "assertionMethod",
    }
    signature = Ed25519PrivateKey.from_private_bytes(key.private).sign(_signed_bytes(credential, proof))
    return {**credential, "proof": {**proof, "proofValue": multibase(signature)}}


def is_proven(credential: Mapping[str, Any], proof: object) -> bool:
    """Whether a key of ours, in use or retired, made this proof of a credential of ours.

    The credential has to be one that we know: a stranger's could be made to take for ever to be put in order.
    """
    if not isinstance(proof, dict) or set(proof) != PROOF_KEYS:
        return False
    if not all(isinstance(value, str) and len(value) <= LONGEST_FACT for value in proof.values()):
        return False
    row = keys.find_by_kid(last_part(proof["verificationMethod"]))
    signature = bytes_of(proof["proofValue"], SIGNATURE_BYTES)
    if proof["cryptosuite"] != CRYPTOSUITE or row is None or row.purpose != PURPOSE or signature is None:
        return False
    public = bytes_of(row.kid, len(ED25519_PREFIX) + PUBLIC_BYTES)
    assert public is not None
    facts = {name: value for name, value in proof.items() if name != "proofValue"}
    try:
        signed = _signed_bytes(credential, facts)
        Ed25519PublicKey.from_public_bytes(public[len(ED25519_PREFIX) :]).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def multibase(content: bytes) -> str:
    """Bytes in base58 as Bitcoin writes it, with multibase's mark."""
    number, digits = int.from_bytes(content), ""
    while number:
        number, digit = divmod(number, 58)
        digits = BASE58[digit] + digits
    return "z" + BASE58[0] * (len(content) - len(content.lstrip(b"\0"))) + digits


def bytes_of(text: str, length: int) -> bytes | None:
    """So many bytes out of such a text; None where it says anything else."""
    digits = text[1:]
    if text[:1] != "z" or not digits or len(digits) > 2 * length or set(digits) - set(BASE58):
        return None
    number = 0
    for digit in digits:
        number = number * 58 + BASE58.index(digit)
    return number.to_bytes(length) if number.bit_length() <= 8 * length else None


def _signed_bytes(credential: Mapping[str, Any], proof: Mapping[str, Any]) -> bytes:
    """The hashes of the proof's own facts and of the document, each as sorted quads. Raises ValueError."""
    facts = {"@context": credential["@context"], **proof}
    return _hash(facts) + _hash(credential)


def _hash(document: Mapping[str, Any]) -> bytes:
    # Here, since it takes memory that only this file needs.
    from pyld import jsonld

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": _given_context}
    try:
        quads = jsonld.normalize(dict(document), options)
    except jsonld.JsonLdError as error:
        raise ValueError("not readable as linked data") from error
    return hashlib.sha256(quads.encode()).digest()


def _given_context(url: str, options: object) -> dict[str, Any]:
    """The copy of a context; any other address is refused."""
    if url not in CONTEXT_FILES:
        raise ValueError(f"nothing is fetched: {url}")
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": _context(url)}


@cache
def _context(url: str) -> dict[str, Any]:
    path = Path(__file__).with_name("contexts") / CONTEXT_FILES[url]
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
