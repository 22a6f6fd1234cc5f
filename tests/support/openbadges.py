"""Badges as others see them: PyPI's openbadgeslib verifies, asking this site alone; and what stands in one."""

from __future__ import annotations

import base64
import json
from typing import Any

from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from openbadgeslib.ob3 import OB3Verifier
from openbadgeslib.ob3.credential import OpenBadgeCredential
from openbadgeslib.ob3.status import decode_encoded_list, set_indices

ORIGIN = "http://localhost"


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, nothing checked."""
    head, body, _ = token.split(".")
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, body))
    return header, claims


def bits_of(status_token: str) -> set[int]:
    """The places that are set in a status list."""
    return set(set_indices(decode_encoded_list(parts_of(status_token)[1]["credentialSubject"]["encodedList"])))


def verify_badge(token: str, client: FlaskClient) -> OpenBadgeCredential:
    """What openbadgeslib makes of a badge with the key at the address in its header, its status list checked too.

    The list's own signature is checked with the key that it names. Raises OB3VerificationError.
    """

    def download(address: str) -> bytes:
        assert address.startswith(f"{ORIGIN}/"), f"nothing else is asked: {address}"
        answer = client.get(address.removeprefix(ORIGIN))
        assert answer.status_code == 200, address
        return bytes(answer.data)

    def verifier(text: str) -> OB3Verifier:
        return OB3Verifier(RSAKey.import_key(json.loads(download(parts_of(text)[0]["kid"]))).as_pem(private=False))

    credential = verifier(token).verify(token)
    for entry in credential.credential_status:
        verifier(download(entry["statusListCredential"]).decode())._decode_payload(
            download(entry["statusListCredential"]).decode()
        )
    verifier(token).check_status(credential, download=download)
    return credential
