"""An agency's providers as its administrators set them up: added, changed, switched on and off, required."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.keys import seal, unseal
from lms.people.audit import note
from lms.people.models import Agency
from lms.people.names import clean_name
from lms.people.providers.domains import domain_of, find_verified
from lms.people.providers.models import IdentityProvider, identity_issuer
from lms.people.providers.oidc import Client

SEALED_FOR = "client secrets of identity providers"
MOST_WORDS = 200
LONGEST_ISSUER = 200
"""What the row of a person's identity holds."""


@dataclass(frozen=True, slots=True)
class Common:
    """What is said of any provider."""

    name: str
    subject_claim: str
    agency_claim: str = ""
    discipline_claim: str = ""
    discipline_words: str = ""
    discipline: str = ""
    needs_domain: bool = False


@dataclass(frozen=True, slots=True)
class Registration:
    """What is registered with a provider of OpenID Connect; an empty secret keeps the one that is there."""

    issuer: str
    client_id: str
    secret: str
    scopes: str


def read_words(text: str) -> dict[str, str]:
    """`RN = healthcare`, a line each: the provider's words and ours. Raises Invalid."""
    words: dict[str, str] = {}
    for line in filter(None, (one.strip() for one in text.splitlines())):
        theirs, equals, ours = (part.strip() for part in line.rpartition("="))
        if not equals or not theirs or ours not in DISCIPLINES:
            text = N_("“%(line)s” does not end in one of our disciplines: %(known)s.")
            raise Invalid(text, "discipline_words", line=line[:100], known=", ".join(DISCIPLINES))
        words[theirs.lower()] = ours
    if len(words) > MOST_WORDS:
        raise Invalid(N_("At most %(most)s lines fit here."), "discipline_words", most=MOST_WORDS)
    return words


def get_provider(agency_id: int, provider_id: int, *, is_for_change: bool = False) -> IdentityProvider:
    """The agency's provider. Raises NotFound."""
    found = db.session.get(IdentityProvider, provider_id, with_for_update=is_for_change)
    if found is None or found.agency_id != agency_id:
        raise NotFound(N_("There is nothing here that you may see."))
    return found


def list_providers(agency_id: int) -> Sequence[IdentityProvider]:
    return db.session.scalars(
        select(IdentityProvider).where(IdentityProvider.agency_id == agency_id).order_by(IdentityProvider.id)
    ).all()


def save_oidc(
    agency_id: int,
    provider_id: int | None,
    common: Common,
    entered: Registration,
    fetched: tuple[dict[str, Any], dict[str, Any]],
    *,
    secret_key: str,
    actor_id: int | None,
) -> IdentityProvider:
    """Add a provider of OpenID Connect, switched off, or change one. The caller commits. Raises Invalid."""
    if "openid" not in entered.scopes.split():
        raise Invalid(N_("The scopes have to begin with openid."), "scopes")
    provider = _row(agency_id, provider_id, "oidc")
    provider.issuer, provider.client_id, provider.scopes = entered.issuer, entered.client_id, entered.scopes
    if entered.secret:
        provider.sealed_secret = seal(entered.secret.encode(), secret_key, SEALED_FOR)
    provider.discovery, provider.key_set = fetched
    provider.fetched_at = utc_now()
    return _finish(provider, provider_id, common, actor_id)


def save_saml(
    agency_id: int, provider_id: int | None, common: Common, entity_id: str, metadata: str, *, actor_id: int | None
) -> IdentityProvider:
    """Add a provider of SAML by its checked metadata, switched off, or change one. The caller commits."""
    provider = _row(agency_id, provider_id, "saml")
    provider.issuer, provider.metadata_text = entity_id, metadata
    provider.fetched_at = utc_now()
    return _finish(provider, provider_id, common, actor_id)


def keep_fetched(provider_id: int, fetched: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """What the provider says of itself by now. The caller commits."""
    provider = db.session.get_one(IdentityProvider, provider_id)
    provider.discovery, provider.key_set = fetched
    provider.fetched_at = utc_now()


def switch(agency_id: int, provider_id: int, *, is_on: bool, actor_id: int | None) -> IdentityProvider:
    """Let people sign in with it, or no more; off, it is not required either. The caller commits."""
    provider = get_provider(agency_id, provider_id, is_for_change=True)
    if (provider.enabled_at is not None) == is_on:
        return provider
    provider.enabled_at = utc_now() if is_on else None
    provider.is_required = provider.is_required and is_on
    _note(f"provider.{'enabled' if is_on else 'disabled'}", provider, actor_id)
    return provider


def require_it(agency_id: int, provider_id: int, *, is_required: bool, actor_id: int | None) -> IdentityProvider:
    """Refuse passwords to people of the agency, or take them again. The caller commits. Raises Conflict where nobody
    has signed in with it yet: a slip of the pen would lock everybody out."""
    provider = get_provider(agency_id, provider_id, is_for_change=True)
    if is_required:
        refuse_untried(provider)
    if provider.is_required != is_required:
        provider.is_required = is_required
        _note(f"provider.{'required' if is_required else 'not-required'}", provider, actor_id)
    return provider


def refuse_untried(provider: IdentityProvider) -> None:
    """Raises Conflict where a provider cannot be required yet."""
    if provider.enabled_at is None:
        raise Conflict(N_("Switch it on first."))
    if provider.last_used_at is None:
        raise Conflict(N_("Nobody has signed in with it yet. Sign in with it once yourself, then require it."))


def client_of(provider: IdentityProvider, secret_key: str, redirect: str) -> Client:
    """What is registered, with the secret in the clear. Raises Conflict where the site's secret key has changed."""
    secret = None
    if provider.sealed_secret is not None:
        opened = unseal(provider.sealed_secret, secret_key, SEALED_FOR)
        if opened is None:
            raise Conflict(N_("The client secret cannot be opened: the site's secret key has changed. Enter it again."))
        secret = opened.decode()
    return Client(
        provider.issuer, provider.client_id or "", secret, provider.scopes, dict(provider.discovery or {}), redirect
    )


def for_address(email: str) -> Sequence[IdentityProvider]:
    """The providers for people with that address: by its domain, those of the agency that has proven it, else of the
    nearest one above."""
    domain = find_verified(domain_of(email))
    if domain is None:
        return ()
    line = [int(part) for part in domain.agency.path.strip("/").split("/")]
    found = _in_use(IdentityProvider.agency_id.in_(line))
    nearest = max((line.index(one.agency_id) for one in found), default=None)
    return [one for one in found if line.index(one.agency_id) == nearest]


def all_in_use() -> Sequence[IdentityProvider]:
    """What the sign-in page offers by name."""
    return _in_use()


def _in_use(*more: Any) -> Sequence[IdentityProvider]:
    return db.session.scalars(
        select(IdentityProvider)
        .join(Agency, Agency.id == IdentityProvider.agency_id)
        .where(IdentityProvider.enabled_at.is_not(None), Agency.archived_at.is_(None), *more)
        .order_by(Agency.name, IdentityProvider.id)
    ).all()


def _row(agency_id: int, provider_id: int | None, kind: str) -> IdentityProvider:
    if provider_id is None:
        return IdentityProvider(agency_id=agency_id, kind=kind, created_at=utc_now(), scopes="")
    provider = get_provider(agency_id, provider_id, is_for_change=True)
    if provider.kind != kind:
        raise NotFound(N_("There is nothing here that you may see."))
    return provider


def _finish(
    provider: IdentityProvider, provider_id: int | None, common: Common, actor_id: int | None
) -> IdentityProvider:
    name = clean_name(common.name)
    if not name:
        raise Invalid(N_("Give it a name."), "name")
    if common.discipline and common.discipline not in DISCIPLINES:
        raise Invalid(N_("Choose a discipline."), "discipline")
    provider.name = name
    provider.subject_claim = common.subject_claim.strip() or "sub"
    if len(identity_issuer(provider)) > LONGEST_ISSUER:
        raise Invalid(N_("The address of the issuer and the name of the claim are too long together."), "subject_claim")
    provider.agency_claim = common.agency_claim.strip() or None
    provider.discipline_claim = common.discipline_claim.strip() or None
    provider.discipline_words = read_words(common.discipline_words)
    provider.discipline = common.discipline or None
    provider.needs_domain = common.needs_domain
    db.session.add(provider)
    db.session.flush()
    _note("provider.added" if provider_id is None else "provider.changed", provider, actor_id)
    return provider


def _note(action: str, provider: IdentityProvider, actor_id: int | None) -> None:
    agency_id = provider.agency_id
    note(action, "provider", provider.id, actor_id=actor_id, agency_id=agency_id, issuer=provider.issuer)
