"""Signing and checking: compact JWS (RS256, the least that Open Badges 3.0 asks for) with a key that is looked up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from lms import keys
from lms.certification.badges.addresses import key_url, last_part
from lms.keys import NewKey, OpenKey
from lms.settings import Settings

PURPOSE = "badge"
ALGORITHM = "RS256"
KEY_BITS = 2048

LONGEST_TOKEN = 100_000
"""Characters; our own have about 5,000."""


def make_key() -> NewKey:
    """A fresh RSA key; its id is its own thumbprint (RFC 7638)."""
    key = RSAKey.generate_key(KEY_BITS, private=True, auto_kid=False)
    public = key.as_dict(private=False)
    members = {name: public[name] for name in ("kty", "n", "e")}
    return NewKey(key.thumbprint(), json.dumps(members), key.as_pem(private=True))


def badge_key(secret_key: str) -> OpenKey:
    """The key in use, made at its first use. Opens a write transaction of its own then. Raises Conflict."""
    return keys.key_in_use(PURPOSE, secret_key, make_key)


def new_badge_key(purpose: str, settings: Settings) -> list[tuple[str, NewKey]]:
    """The key that takes over when badges' key is rotated; what older ones signed stays good."""
    return [(PURPOSE, make_key())]


def public_jwk(kid: str, public_text: str, site: str) -> dict[str, Any]:
    """A public key as it is shown; its `kid` is its address, as in the header of what it signed."""
    return {**json.loads(public_text), "kid": key_url(site, kid), "alg": ALGORITHM, "use": "sig"}


def sign(claims: Mapping[str, Any], key: OpenKey, site: str) -> str:
    """A credential as VC-JWT: the claims at the top level, nothing in the header but `alg`, `typ` and `kid`.

    The same claims and key make the same text: RS256 takes no random numbers.
    """
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": key_url(site, key.kid)}
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.serialize_compact(header, payload, RSAKey.import_key(key.private), algorithms=[ALGORITHM])


def checked_claims(token: str) -> dict[str, Any] | None:
    """What a text says that a key of ours signed, in use or retired; None for anything else."""
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
        row = keys.find_by_kid(last_part(kid)) if isinstance(kid, str) else None
        if row is None or row.purpose != PURPOSE:
            return None
        found = jws.deserialize_compact(token, RSAKey.import_key(json.loads(row.public_text)), algorithms=[ALGORITHM])
        claims = json.loads(found.payload)
    except (JoseError, ValueError):
        return None
    return claims if isinstance(claims, dict) else None


def claims_of(token: str) -> dict[str, Any]:
    """What a text of our own says, without a check."""
    claims: dict[str, Any] = json.loads(jws.extract_compact(token.encode()).payload)
    return claims
