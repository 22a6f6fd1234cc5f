"""An authenticator in software: makes and proves passkeys as a browser and a security key would, or wrongly on purpose."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class SoftPasskey:
    """One passkey in an authenticator: its key, whose it is, and how often it was used."""

    rp_id: str
    user_handle: bytes
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    count: int = 0


class Authenticator:
    """The browser and its authenticator together. Each attribute can be set to what is wrong."""

    def __init__(self, origin: str = "http://localhost") -> None:
        self.origin = origin
        self.rp_id: str | None = None
        """None: the one that the site asks for, as a browser insists."""
        self.flags = PRESENT | VERIFIED
        self.next_id: bytes | None = None
        """The id that the next passkey says it has; a random one when None."""
        self.passkeys: list[SoftPasskey] = []

    def create(self, options: dict[str, Any]) -> str:
        """What `navigator.credentials.create` gives, as our script sends it."""
        rp_id = self.rp_id or options["rp"]["id"]
        passkey = SoftPasskey(rp_id, base64url_to_bytes(options["user"]["id"]))
        passkey.credential_id = self.next_id or passkey.credential_id
        self.passkeys.append(passkey)
        numbers = passkey.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        credential = struct.pack(">16sH", b"", len(passkey.credential_id)) + passkey.credential_id + cbor2.dumps(public)
        data = self._data(passkey, ATTESTED) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {"attestationObject": bytes_to_base64url(attestation), "transports": ["internal"]}
        return self._answer(passkey, "webauthn.create", options, response)

    def get(self, options: dict[str, Any], passkey: SoftPasskey | None = None) -> str:
        """What `navigator.credentials.get` gives."""
        passkey = passkey or self.passkeys[-1]
        passkey.count += 1
        data = self._data(passkey)
        client_data = self._client_data("webauthn.get", options)
        signature = passkey.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        response = {
            "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signature),
            "userHandle": bytes_to_base64url(passkey.user_handle),
        }
        return self._answer(passkey, "webauthn.get", options, response)

    def _data(self, passkey: SoftPasskey, more: int = 0) -> bytes:
        rp_hash = hashlib.sha256((self.rp_id or passkey.rp_id).encode()).digest()
        return rp_hash + struct.pack(">BI", self.flags | more, passkey.count)

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _answer(self, passkey: SoftPasskey, kind: str, options: dict[str, Any], response: dict[str, Any]) -> str:
        number = bytes_to_base64url(passkey.credential_id)
        response["clientDataJSON"] = bytes_to_base64url(self._client_data(kind, options))
        return json.dumps({"id": number, "rawId": number, "type": "public-key", "response": response})
