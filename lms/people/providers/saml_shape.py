"""The one shape that an answer of SAML may have. What is signed and what is read cannot then be two different things.

Signature wrapping (Somorovsky et al., "On Breaking SAML", 2012) needs a second assertion, a second element of the same
id, or a signature elsewhere; comments in names need comments; external entities need a document type.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from lms.clock import utc_now
from lms.errors import N_
from lms.people.providers.problems import ProviderProblem

if TYPE_CHECKING:
    from lms.people.providers.saml import SamlSite

PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
MOST_CHARACTERS = 200_000
SKEW_SECONDS = 60
ALGORITHMS = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{name}"
    for name in ("rsa-sha256", "rsa-sha384", "rsa-sha512", "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512")
)
DIGESTS = frozenset(
    (
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    )
)
DECLARATION = re.compile(
    r"""\s*<\?xml\s+version=(["'])1\.[01]\1(\s+encoding=(["'])utf-8\3)?(\s+standalone=(["'])(yes|no)\5)?\s*\?>""", re.I
)
"""UTF-8 and nothing else: the program that checks signatures believes a declared UTF-7, in which other letters begin
an element, and so would read another text than we do."""

BAD_SHAPE = N_("The answer of the identity provider cannot be trusted: %(reason)s. Nobody is signed in.")


def refuse_active_xml(text: str) -> None:
    """Plain XML in UTF-8 only: no other encoding, no document type, no entities. Raises ProviderProblem."""
    body = text.removeprefix("\ufeff").lstrip()
    declared = DECLARATION.match(body)
    _require(declared is not None or not body.startswith("<?xml"), "encoding")
    body = body[declared.end() :] if declared else body
    if "<!DOCTYPE" in body or "<!ENTITY" in body:
        raise ProviderProblem(BAD_SHAPE, reason="DOCTYPE")


def check_shape(text: str, *, entity_id: str, request_id: str, site: SamlSite) -> str:
    """The id of the one assertion. Raises ProviderProblem for everything that is not the answer that was asked for.

    Signatures are checked by pysaml2, over the same bytes.
    """
    root = _parse(text)
    assertions = list(root.iter(f"{SAML}Assertion"))
    own = root.findall(f"{SAML}Assertion")
    _require(root.tag == f"{PROTOCOL}Response", "Response")
    _require(len(assertions) == 1 and len(own) == 1, "Assertion")
    assertion = own[0]
    for name in (f"{SAML}EncryptedAssertion", f"{SAML}Advice", f"{SAML}EncryptedID", f"{DSIG}Object"):
        _require(next(root.iter(name), None) is None, name.rpartition("}")[2])
    _require(next(assertion.iter(f"{PROTOCOL}Response"), None) is None, "Response")
    _require(len(list(root.iter(f"{PROTOCOL}Response"))) == 1, "Response")
    _check_signatures(root, assertion)
    _check_issuers(root, assertion, entity_id)
    _require(root.get("InResponseTo") == request_id, "InResponseTo")
    _require(root.get("Destination") == site.answers_at, "Destination")
    _check_conditions(assertion, site.entity_id)
    _check_subject(assertion, request_id, site.answers_at)
    return str(assertion.get("ID"))


def request_id_in(text: str) -> str | None:
    """Which request an answer says it answers; nothing of it is believed yet."""
    try:
        found: str | None = _parse(text).get("InResponseTo")
    except ProviderProblem:
        return None
    return found


def _parse(text: str) -> Any:
    _require(len(text) <= MOST_CHARACTERS, "size")
    refuse_active_xml(text)
    body = text.lstrip()
    _require("<!" not in body and "<?" not in body.removeprefix("<?xml"), "comment")
    try:
        return ElementTree.fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise ProviderProblem(BAD_SHAPE, reason="XML") from None


def _check_signatures(root: Any, assertion: Any) -> None:
    """Two signatures: the response's over the response, the assertion's over the assertion, each with SHA-2."""
    ids = Counter(value for one in root.iter() for key, value in one.attrib.items() if key.lower() == "id")
    _require(all(count == 1 for count in ids.values()), "ID")
    _require(len(list(root.iter(f"{DSIG}Signature"))) == 2, "Signature")
    for signed in (root, assertion):
        found = signed.findall(f"{DSIG}Signature")
        _require(len(found) == 1 and bool(signed.get("ID")), "Signature")
        references = list(found[0].iter(f"{DSIG}Reference"))
        _require(len(references) == 1 and references[0].get("URI") == f"#{signed.get('ID')}", "Reference")
        methods = {one.get("Algorithm") for one in found[0].iter(f"{DSIG}SignatureMethod")}
        digests = {one.get("Algorithm") for one in found[0].iter(f"{DSIG}DigestMethod")}
        _require(bool(methods) and methods <= ALGORITHMS and bool(digests) and digests <= DIGESTS, "SignatureMethod")


def _check_issuers(root: Any, assertion: Any, entity_id: str) -> None:
    for one in (root, assertion):
        said = [(found.text or "").strip() for found in one.findall(f"{SAML}Issuer")]
        _require(said == [entity_id], "Issuer")


def _check_conditions(assertion: Any, our_id: str) -> None:
    conditions = assertion.findall(f"{SAML}Conditions")
    _require(len(conditions) == 1, "Conditions")
    _require(_is_ahead(conditions[0].get("NotOnOrAfter")), "NotOnOrAfter")
    restrictions = conditions[0].findall(f"{SAML}AudienceRestriction")
    _require(bool(restrictions), "Audience")
    for one in restrictions:
        _require(our_id in [(found.text or "").strip() for found in one.findall(f"{SAML}Audience")], "Audience")


def _check_subject(assertion: Any, request_id: str, answers_at: str) -> None:
    confirmations = assertion.findall(f"{SAML}Subject/{SAML}SubjectConfirmation")
    _require(bool(confirmations), "SubjectConfirmation")
    for one in confirmations:
        data = one.find(f"{SAML}SubjectConfirmationData")
        _require(one.get("Method") == BEARER and data is not None, "SubjectConfirmation")
        _require(data.get("Recipient") == answers_at, "Recipient")
        _require(data.get("InResponseTo") == request_id, "InResponseTo")
        _require(_is_ahead(data.get("NotOnOrAfter")), "NotOnOrAfter")


def _is_ahead(text: str | None) -> bool:
    try:
        moment = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
        return (moment - utc_now()).total_seconds() > -SKEW_SECONDS
    except (ValueError, TypeError):
        return False


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise ProviderProblem(BAD_SHAPE, reason=reason)
