"""One's own sign-ins at providers: which there are, when each was used, and removing one that is not needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from lms.database import db
from lms.errors import N_, Conflict, NotFound
from lms.people import passkeys, second_factors, tickets
from lms.people.audit import note
from lms.people.models import Agency, User
from lms.people.providers import arriving
from lms.people.providers.models import ExternalIdentity, IdentityProvider, identity_issuer
from lms.people.signins import end_all_sessions
from lms.people.viewer import Viewer

LAST_WAY = N_(
    "It is the only way to sign in to your account. Set a password with “Forgot your password?”, or add a passkey, "
    "then remove it."
)
REQUIRED = N_("%(agency)s asks you to sign in with %(provider)s, so this stays. Ask your agency if it should end.")


@dataclass(frozen=True, slots=True)
class LinkedSignIn:
    """An account at a provider that leads into somebody's account here. `is_off`: not while the provider is off."""

    id: int
    provider: str
    agency: str
    known_as: str | None
    since: datetime
    last_used_at: datetime | None
    is_off: bool


def sign_ins_of(user_id: int) -> list[LinkedSignIn]:
    """A person's own, in the order in which they came. What a host application hands over is its business."""
    found = []
    providers = _providers()
    for one in _identities(user_id):
        provider = provider_of(one, providers)
        if provider is not None:
            is_off = not _leads_here(one, provider)
            agency = provider.agency.name
            found.append(
                LinkedSignIn(one.id, provider.name, agency, one.known_as, one.created_at, one.last_used_at, is_off)
            )
    return found


def get_sign_in(user_id: int, identity_id: int) -> LinkedSignIn:
    """Raises NotFound for somebody else's and one that is not there alike."""
    for one in sign_ins_of(user_id):
        if one.id == identity_id:
            return one
    raise NotFound(N_("There is nothing here that you may see."))


def remove_sign_in(viewer: Viewer, identity_id: int, *, day: date) -> None:
    """Let a provider's sign-in no longer lead here; the person is told, and signed out everywhere else.

    The caller commits. Raises NotFound, and Conflict where it is the only way to sign in or the agency requires it.
    """
    # The row of the person is held: two that remove the last two at once go one after the other.
    user = db.session.scalars(select(User).where(User.id == viewer.id).with_for_update()).one()
    providers, identities = _providers(), _identities(user.id)
    identity = next((one for one in identities if one.id == identity_id), None)
    provider = provider_of(identity, providers) if identity is not None else None
    if identity is None or provider is None:
        raise NotFound(N_("There is nothing here that you may see."))
    required = arriving.required_provider(user.id, day)
    if required is not None and identity.issuer == identity_issuer(required):
        raise Conflict(REQUIRED, agency=required.agency.name, provider=required.name)
    others = [one for one in identities if one.id != identity.id]
    if not _has_other_way(user, others, providers):
        raise Conflict(LAST_WAY)
    db.session.delete(identity)
    note(
        "identity.removed",
        "user",
        user.id,
        actor_id=user.id,
        agency_id=provider.agency_id,
        provider_id=provider.id,
    )
    end_all_sessions(user.id, but=viewer.session_id)
    tickets.end_tickets(user.id)
    second_factors.tell(user.id, "provider-removed", provider=provider.name)


def provider_of(identity: ExternalIdentity, providers: Iterable[IdentityProvider]) -> IdentityProvider | None:
    """The provider that an identity is of: of several with the same issuer one that leads here now, if there is one."""
    alike = [one for one in providers if _is_of(identity.issuer, one)]
    return next((one for one in alike if _leads_here(identity, one)), alike[0] if alike else None)


def _is_of(issuer: str, provider: IdentityProvider) -> bool:
    """Also where the provider was told since to name people by another claim: then it leads nowhere."""
    if provider.kind == "saml":
        return issuer.startswith(f"saml:{provider.id}#")
    return issuer == provider.issuer or issuer.startswith(f"{provider.issuer}#")


def _leads_here(identity: ExternalIdentity, provider: IdentityProvider) -> bool:
    is_on = provider.enabled_at is not None and provider.agency.archived_at is None
    return is_on and identity_issuer(provider) == identity.issuer


def _has_other_way(user: User, others: Iterable[ExternalIdentity], providers: Iterable[IdentityProvider]) -> bool:
    if user.password_hash is not None or passkeys.passkeys_of(user.id):
        return True
    return any(_leads_here(one, provider) for one in others for provider in providers)


def _providers() -> list[IdentityProvider]:
    return list(
        db.session.scalars(
            select(IdentityProvider).join(Agency, Agency.id == IdentityProvider.agency_id).order_by(IdentityProvider.id)
        )
    )


def _identities(user_id: int) -> list[ExternalIdentity]:
    query = select(ExternalIdentity).where(ExternalIdentity.user_id == user_id).order_by(ExternalIdentity.id)
    return list(db.session.scalars(query))
