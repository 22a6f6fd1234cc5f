"""SAML 2.0 with one provider (pysaml2, the extra `saml`): our metadata, signed requests, and answers checked whole.

Beyond what pysaml2 checks, an answer has to be of the one shape that we ask for (`saml_shape`), and signed twice with
SHA-2. Where the extra is not installed everything else works, and these functions say so.
"""

from __future__ import annotations

import base64
import binascii
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from shutil import which
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lms.clock import utc_now
from lms.errors import N_
from lms.keys import NewKey, OpenKey, key_in_use
from lms.people.providers.problems import ProviderProblem

KEY_PURPOSE = "saml"
SKEW_SECONDS = 60
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"

NOT_INSTALLED = N_(
    "SAML is not installed on this site. Its operator installs the extra “saml” and the program xmlsec1."
)
NO_METADATA = N_("This is no SAML metadata that can be read. Take the XML file that your identity provider gives out.")
NOT_ONE = N_("These metadata do not name exactly one identity provider (IDPSSODescriptor).")
NO_WAY_IN = N_("These metadata name no address for signing in by redirect (SingleSignOnService with HTTP-Redirect).")
NO_KEY = N_("These metadata name no key that the provider signs with (KeyDescriptor for signing).")
NO_ENTITY_ID = N_("These metadata name no entity id (entityID) of at most 200 letters.")
TOO_LARGE = N_("These metadata are too large: at most 500 KB are taken.")
NOT_TEXT = N_("This file is no text in UTF-8.")
BAD_ANSWER = N_("The answer of the identity provider cannot be trusted: %(reason)s. Nobody is signed in.")

logging.getLogger("saml2").disabled = True
for _name in ("response", "sigver", "client_base", "entity", "mdstore", "assertion", "attribute_converter", "client"):
    # Its log holds whole answers with names in them; what went wrong comes to us as an exception.
    logging.getLogger(f"saml2.{_name}").disabled = True


@dataclass(frozen=True, slots=True)
class SamlSite:
    """Our end: its entity id, which is also where our metadata lie, where answers come, and its key."""

    entity_id: str
    answers_at: str
    key: OpenKey


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a checked assertion says."""

    id: str
    claims: dict[str, Any]
    ends_at: datetime


def is_installed() -> bool:
    """Whether pysaml2 and the program that it checks signatures with are here."""
    return find_spec("saml2") is not None and which("xmlsec1") is not None


def saml_key(secret_key: str) -> OpenKey:
    """The key that requests are signed with, made at its first use. Not inside of a transaction."""
    return key_in_use(KEY_PURPOSE, secret_key, new_key)


def new_key() -> NewKey:
    """RSA, since not every provider takes elliptic curves; its certificate says nothing that anybody relies on."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SAML requests")])
    now = utc_now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kid = certificate.fingerprint(hashes.SHA256()).hex()[:32]
    return NewKey(kid, certificate.public_bytes(Encoding.PEM).decode(), private)


def own_metadata(site: SamlSite) -> str:
    """Our metadata, for providers to read. Raises ProviderProblem."""
    _require_installed()
    from saml2.metadata import entity_descriptor  # an extra: not on every site

    with _configured(site, None) as config:
        return str(entity_descriptor(config))


def read_metadata(site: SamlSite, text: str) -> str:
    """The entity id of the one provider in the metadata. Raises ProviderProblem with what is wrong with them."""
    _require_installed()
    from saml2 import BINDING_HTTP_REDIRECT

    from lms.people.providers.saml_shape import refuse_active_xml

    try:
        refuse_active_xml(text)
        with _client(site, text) as client:
            found = list(client.metadata.identity_providers())
            if len(found) != 1:
                raise ProviderProblem(NOT_ONE)
            entity_id = str(found[0])
            if not client.metadata.single_sign_on_service(entity_id, BINDING_HTTP_REDIRECT):
                raise ProviderProblem(NO_WAY_IN)
            if not client.metadata.certs(entity_id, "idpsso", "signing"):
                raise ProviderProblem(NO_KEY)
    except ProviderProblem:
        raise
    except Exception:  # pysaml2 fails in many ways over what is no metadata
        raise ProviderProblem(NO_METADATA) from None
    if not entity_id or len(entity_id) > 200:
        raise ProviderProblem(NO_ENTITY_ID)
    return entity_id


def request_address(site: SamlSite, metadata: str, entity_id: str, request_id: str) -> str:
    """Where the browser goes: a signed AuthnRequest (HTTP-Redirect). Raises ProviderProblem."""
    _require_installed()
    from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT

    try:
        with _client(site, metadata) as client:
            _, _, info = client.prepare_for_negotiated_authenticate(
                entityid=entity_id,
                binding=BINDING_HTTP_REDIRECT,
                response_binding=BINDING_HTTP_POST,
                sign=True,
                sigalg=RSA_SHA256,
                digest_alg=SHA256,
                message_id=request_id,
            )
    except Exception:
        raise ProviderProblem(NO_METADATA) from None
    return str(dict(info["headers"])["Location"])


def check_answer(site: SamlSite, metadata: str, entity_id: str, encoded: str, request_id: str) -> Assertion:
    """What an answer to our request says, if everything about it holds. Raises ProviderProblem.

    Response and assertion are both signed by a key of the provider's metadata; issuer, audience, recipient,
    destination, InResponseTo and times hold; nothing is in it twice.
    """
    _require_installed()
    from saml2 import BINDING_HTTP_POST

    from lms.people.providers.saml_shape import check_shape

    try:
        text = base64.b64decode(encoded, validate=False).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ProviderProblem(BAD_ANSWER, reason="base64") from None
    assertion_id = check_shape(text, entity_id=entity_id, request_id=request_id, site=site)
    try:
        with _client(site, metadata) as client:
            answer = client.parse_authn_request_response(encoded, BINDING_HTTP_POST, {request_id: "/"})
    except Exception as error:
        raise ProviderProblem(BAD_ANSWER, reason=type(error).__name__) from None
    if answer is None or len(answer.assertions) != 1 or answer.assertion.id != assertion_id:
        raise ProviderProblem(BAD_ANSWER, reason="Assertion")
    assertion = answer.assertion
    ends = datetime.fromisoformat(assertion.conditions.not_on_or_after.replace("Z", "+00:00"))
    # Some providers say the year 9999. Our request is open for minutes, so a day of remembering is enough.
    kept_until = min(ends, utc_now() + timedelta(days=1)) + timedelta(seconds=SKEW_SECONDS)
    return Assertion(assertion_id, _claims(assertion), kept_until)


MEANINGS = {
    "email": ("email", "mail", "emailaddress", "urn:oid:0.9.2342.19200300.100.1.3"),
    "name": ("displayname", "urn:oid:2.16.840.1.113730.3.1.241", "name", "cn"),
    "given_name": ("givenname", "firstname", "urn:oid:2.5.4.42"),
    "family_name": ("surname", "sn", "lastname", "urn:oid:2.5.4.4"),
}
"""Names under which well-known providers say these, the last part of an address, in small letters."""


def _claims(assertion: Any) -> dict[str, Any]:
    """Attributes by their whole names, and the well-known ones by those of OpenID Connect."""
    claims: dict[str, Any] = {}
    known: dict[str, str] = {}
    for statement in assertion.attribute_statement:
        for attribute in statement.attribute:
            values = [value.text or "" for value in attribute.attribute_value]
            for name in filter(None, (attribute.name, attribute.friendly_name)):
                claims.setdefault(name, values)
                known.setdefault(name.rpartition("/")[2].lower(), values[0] if values else "")
    for ours, theirs in MEANINGS.items():
        said = next((known[name] for name in theirs if known.get(name)), "")
        if said:
            claims[ours] = said
    name_id = assertion.subject.name_id
    if name_id is not None and name_id.format != TRANSIENT:
        claims["NameID"] = name_id.text or ""
    # SAML has no word for it: that the domain is the agency's decides, and is asked of every address.
    claims["email_verified"] = "email" in claims
    return claims


@contextmanager
def _client(site: SamlSite, metadata: str) -> Iterator[Any]:
    from saml2.client import Saml2Client

    with _configured(site, metadata) as config:
        yield Saml2Client(config=config)


@contextmanager
def _configured(site: SamlSite, metadata: str | None) -> Iterator[Any]:
    """pysaml2's settings. It takes keys as files only: they are there while it works, and readable by us alone."""
    from saml2 import BINDING_HTTP_POST
    from saml2.config import SPConfig

    with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as certificate:
        key.write(site.key.private)
        certificate.write(site.key.public_text.encode())
        key.flush()
        certificate.flush()
        values: dict[str, Any] = {
            "entityid": site.entity_id,
            "key_file": key.name,
            "cert_file": certificate.name,
            "accepted_time_diff": SKEW_SECONDS,
            "only_use_keys_in_metadata": True,
            "allow_unknown_attributes": True,
            "signing_algorithm": RSA_SHA256,
            "digest_algorithm": SHA256,
            "service": {
                "sp": {
                    "endpoints": {"assertion_consumer_service": [(site.answers_at, BINDING_HTTP_POST)]},
                    "authn_requests_signed": True,
                    "want_response_signed": True,
                    "want_assertions_signed": True,
                    "allow_unsolicited": False,
                }
            },
        }
        if metadata is not None:
            values["metadata"] = {"inline": [metadata]}
        yield SPConfig().load(values)


def _require_installed() -> None:
    if not is_installed():
        raise ProviderProblem(NOT_INSTALLED)
