"""Out of a provider's claims or attributes, who it is; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lms.errors import N_
from lms.people.names import clean_email, clean_name, is_readable
from lms.people.providers.problems import ProviderProblem
from lms.people.providers.sign_ins import Found

LONGEST_SUBJECT = 200
LONGEST = 320
PROOFS = ("email_verified", "xms_edov")

NO_SUBJECT = N_("The provider does not say the claim “%(claim)s”, by which people are known. Nobody is signed in.")


def read_claims(
    claims: Mapping[str, Any], *, subject_claim: str, agency_claim: str | None, discipline_claim: str | None
) -> Found:
    """The person of OpenID Connect's claims. Raises ProviderProblem where the lasting subject is missing."""
    subject = text_of(claims, subject_claim)
    if not subject or len(subject) > LONGEST_SUBJECT:
        raise ProviderProblem(NO_SUBJECT, claim=subject_claim)
    parts = (text_of(claims, "given_name"), text_of(claims, "family_name"))
    email = clean_email(text_of(claims, "email"))
    return Found(
        subject=subject,
        name=(clean_name(text_of(claims, "name")) or clean_name(" ".join(parts)))[:200],
        email=email if "@" in email and len(email) <= LONGEST else None,
        is_email_proven=any(_says_yes(claims.get(name)) for name in PROOFS),
        user_name=text_of(claims, "preferred_username") or text_of(claims, "upn") or None,
        agency_code=text_of(claims, agency_claim) or None,
        discipline=text_of(claims, discipline_claim) or None,
    )


def put_together(token: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of an ID token, and those beside it of the user info. Whether an address is proven is said only by
    what says the address: the other may mean another one."""
    if "email" in token:
        more = {name: value for name, value in more.items() if name not in PROOFS}
    elif "email" in more:
        token = {name: value for name, value in token.items() if name not in PROOFS}
    return {**more, **token}


def text_of(claims: Mapping[str, Any], name: str | None) -> str:
    """A claim as text, the first of a list; empty for what is none, or cannot be kept."""
    value = claims.get(name) if name else None
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value.strip()[:1000] if isinstance(value, str) and is_readable(value) else ""


def _says_yes(value: Any) -> bool:
    """Some providers say it as a text, Microsoft's `xms_edov` also as a number."""
    return value is True or value in ("true", "1", 1)
