"""Who arrives from a provider: the same person as before, an account that is proven to be theirs, or a new one.

An account is never found by an e-mail address that somebody merely says is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select, update

from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, Conflict, Invalid
from lms.people.audit import note
from lms.people.identities import find_person
from lms.people.memberships import holds_on, start_membership
from lms.people.models import Agency, Membership, RoleGrant, User, grant_holds
from lms.people.names import checked_name, clean_email, clean_name
from lms.people.providers.domains import is_own_address
from lms.people.providers.models import ExternalIdentity, IdentityProvider, ProvisionedPerson, identity_issuer
from lms.people.providers.problems import ProviderProblem
from lms.people.providers.sign_ins import Found
from lms.people.second_factors import tell

SWITCHED_OFF = N_("This account is switched off. Ask your agency.")
TAKEN = N_("This sign-in belongs to another account already.")
NO_DOMAIN = N_("This way to sign in is only for people with a confirmed address of the agency. Use your work account.")

LONGEST_KNOWN_AS = 320

SHARED_ISSUERS = (
    "https://accounts.google.com",
    "https://api.id.me/oidc",
    "https://appleid.apple.com",
    "https://clever.com",
    "https://gitlab.com",
    "https://launchpad.classlink.com",
    "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",  # personal accounts of Microsoft
    "https://secure.login.gov",
    "https://secure.login.gov/",
    "https://www.facebook.com",
    "https://www.linkedin.com/oauth",
)
"""Providers where anybody, or every agency, has accounts: there the proven domain alone says who belongs to which."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known now: whose account it is, or what has to be asked: `account` (is there one?) or `discipline`."""

    user_id: int | None
    question: str = ""
    is_known: bool = False
    """Whether this person signed in by this provider before."""


def needs_own_domain(provider: IdentityProvider) -> bool:
    return provider.needs_domain or provider.issuer in SHARED_ISSUERS


def recognize(provider: IdentityProvider, found: Found, day: date) -> Arrival:
    """Whose account this is, as far as it is proven. Raises ProviderProblem for who may not come in."""
    is_own = found.is_email_proven and is_own_address(found.email, provider.agency)
    if needs_own_domain(provider) and not is_own:
        raise ProviderProblem(NO_DOMAIN)
    known = find_person(identity_issuer(provider), found.subject)
    if known is not None:
        _refuse_disabled(known)
        return Arrival(known, is_known=True)
    proven = _provisioned(provider, found) or (_owner_of(found.email, provider) if is_own else None)
    if proven is not None:
        _refuse_disabled(proven)
        lacking = _place_to_give(provider, found, proven, day)
        return Arrival(proven, "discipline" if lacking is not None and lacking[1] is None else "")
    is_new = is_own and _account_of(found.email) is None
    if not is_new:
        return Arrival(None, "account")
    return Arrival(None, "" if _discipline_of(provider, found) and clean_name(found.name) else "discipline")


def take_account(
    provider: IdentityProvider, found: Found, user_id: int, *, discipline: str | None, day: date, is_new: bool = False
) -> int:
    """Let the provider's person be this account from now on, with a place in the agency; the person is told by mail,
    unless the account `is_new`. The caller commits.

    `discipline` is what the person said where nothing else says it. Raises Invalid, Conflict.
    """
    _refuse_disabled(user_id)
    if find_person(identity_issuer(provider), found.subject) not in (None, user_id):
        raise Conflict(TAKEN)
    if find_person(identity_issuer(provider), found.subject) is None:
        _link(provider, found, user_id)
        if not is_new:
            tell(user_id, "provider-linked", provider=provider.name)
    else:
        note_use(provider, found, user_id)
    wanted = _place_to_give(provider, found, user_id, day, discipline)
    if wanted is not None:
        agency_id, known = wanted
        if known is None:
            raise Invalid(N_("Choose a discipline."), "discipline")
        start_membership(user_id, agency_id, known, day=day, actor_id=user_id, at=utc_now())
    return user_id


def make_account(
    provider: IdentityProvider, found: Found, *, name: str, discipline: str | None, language: str, day: date
) -> int:
    """A new account with a place in the agency. Its e-mail is kept only where it is proven. The caller commits.

    Of two first sign-ins at once, the second leads to the account that the first has made. Raises Invalid.
    """
    known = find_person(identity_issuer(provider), found.subject)
    if known is not None:
        _refuse_disabled(known)
        return known
    name = checked_name(name or found.name)
    if not name:
        raise Invalid(N_("Enter your name."), "name")
    chosen = _discipline_of(provider, found) or discipline
    if chosen not in DISCIPLINES:
        raise Invalid(N_("Choose a discipline."), "discipline")
    now = utc_now()
    email = clean_email(found.email) if found.email and is_own_address(found.email, provider.agency) else None
    if email and (not found.is_email_proven or _account_of(email) is not None):
        email = None
    user = User(name=name, email=email, email_verified_at=now if email else None, language=language[:2], created_at=now)
    db.session.add(user)
    db.session.flush()
    note("account.made", "user", user.id, actor_id=user.id, agency_id=provider.agency_id, provider_id=provider.id)
    _link(provider, found, user.id)
    start_membership(user.id, _agency_for(provider, found).id, chosen, day=day, actor_id=user.id, at=utc_now())
    return user.id


def note_use(provider: IdentityProvider, found: Found, user_id: int) -> None:
    """Somebody whose sign-in is linked came with it now, and is called so there. The caller commits."""
    db.session.execute(
        update(ExternalIdentity)
        .where(
            ExternalIdentity.user_id == user_id,
            ExternalIdentity.issuer == identity_issuer(provider),
            ExternalIdentity.subject == found.subject,
        )
        .values(last_used_at=utc_now(), known_as=name_there(found))
    )


def required_provider(user_id: int, day: date) -> IdentityProvider | None:
    """The provider that a person has to use instead of a password: one that their agency, or one above it, requires.

    Who has a role of administration anywhere keeps the password: a provider that fails must not lock out who mends it.
    """
    held = select(RoleGrant.id).where(RoleGrant.user_id == user_id, grant_holds(utc_now()), _ADMINISTERS)
    if db.session.scalar(held.limit(1)):
        return None
    places = select(Agency.path).join(Membership, Membership.agency_id == Agency.id)
    paths = db.session.scalars(places.where(Membership.user_id == user_id, holds_on(day))).all()
    above = {int(part) for path in paths for part in path.strip("/").split("/")}
    return _required_among(above) if above else None


def required_at(agency: Agency) -> IdentityProvider | None:
    """The provider that people of an agency have to use: its own, or one of an agency above it."""
    return _required_among({int(part) for part in agency.path.strip("/").split("/")})


def _required_among(agency_ids: set[int]) -> IdentityProvider | None:
    found: IdentityProvider | None = db.session.scalar(
        select(IdentityProvider)
        .where(
            IdentityProvider.agency_id.in_(agency_ids),
            IdentityProvider.is_required,
            IdentityProvider.enabled_at.is_not(None),
        )
        .order_by(IdentityProvider.id)
        .limit(1)
    )
    return found


_ADMINISTERS = RoleGrant.role.in_(("agency-administrator", "state-administrator"))


def _account_of(email: str | None) -> int | None:
    return db.session.scalar(select(User.id).where(User.email == clean_email(email))) if email else None


def _owner_of(email: str | None, provider: IdentityProvider) -> int | None:
    """The account with that address, unless it has a role beyond the provider's agency: whoever administers a provider
    can be anybody in it, and must not so become more than they are. Such a person shows the password once."""
    user_id = _account_of(email)
    if user_id is None:
        return None
    rows = db.session.execute(
        select(RoleGrant.agency_id, Agency.path)
        .outerjoin(Agency, Agency.id == RoleGrant.agency_id)
        .where(RoleGrant.user_id == user_id, grant_holds(utc_now()))
    ).all()
    own = provider.agency.path
    return None if any(path is None or not path.startswith(own) for _, path in rows) else user_id


def _provisioned(provider: IdentityProvider, found: Found) -> int | None:
    """The account that the agency's own directory made for this person, if nobody has ever signed in with it: by the
    provider's own user name, or by an address that it says is proven, since one that is not may be anybody's."""
    email = found.email if found.is_email_proven else None
    names = {clean_email(name) for name in (found.user_name, email) if name}
    if not names:
        return None
    below = select(Agency.id).where(Agency.path.like(f"{provider.agency.path}%"))
    rows = db.session.scalars(
        select(User.id)
        .join(ProvisionedPerson, ProvisionedPerson.user_id == User.id)
        .where(
            ProvisionedPerson.agency_id.in_(below),
            ProvisionedPerson.user_name.in_(names),
            ProvisionedPerson.made_account,
            User.password_hash.is_(None),
            ~exists().where(ExternalIdentity.user_id == User.id),
            ~exists().where(RoleGrant.user_id == User.id),
        )
    ).all()
    return rows[0] if len(rows) == 1 else None


def _refuse_disabled(user_id: int) -> None:
    if db.session.get_one(User, user_id).disabled_at is not None:
        raise ProviderProblem(SWITCHED_OFF)


def _link(provider: IdentityProvider, found: Found, user_id: int) -> None:
    issuer = identity_issuer(provider)
    now = utc_now()
    db.session.add(
        ExternalIdentity(
            user_id=user_id,
            issuer=issuer,
            subject=found.subject,
            created_at=now,
            known_as=name_there(found),
            last_used_at=now,
        )
    )
    note("identity.linked", "user", user_id, actor_id=user_id, agency_id=provider.agency_id, provider_id=provider.id)


def name_there(found: Found) -> str | None:
    """What the person is called at the provider: by what they sign in with there, else by their name."""
    said = clean_name(found.email or found.user_name or found.name)
    return said[:LONGEST_KNOWN_AS] or None


def _discipline_of(provider: IdentityProvider, found: Found) -> str | None:
    said = (found.discipline or "").strip().lower()
    meant = provider.discipline_words.get(said, said)
    return meant if meant in DISCIPLINES else provider.discipline


def _agency_for(provider: IdentityProvider, found: Found) -> Agency:
    """The agency whose short code the provider says, at or below its own; else its own."""
    if found.agency_code:
        said = db.session.scalars(
            select(Agency).where(
                Agency.code == found.agency_code,
                Agency.path.like(f"{provider.agency.path}%"),
                Agency.archived_at.is_(None),
            )
        ).one_or_none()
        if said is not None:
            return said
    return provider.agency


def _place_to_give(
    provider: IdentityProvider, found: Found, user_id: int, day: date, chosen: str | None = None
) -> tuple[int, str | None] | None:
    """The place at the agency that the person lacks, its discipline None where nothing says it; None where they have a
    place at or below it."""
    places = db.session.execute(
        select(Agency.path, Membership.discipline)
        .join(Membership, Membership.agency_id == Agency.id)
        .where(Membership.user_id == user_id, holds_on(day))
    ).all()
    if any(path.startswith(provider.agency.path) for path, _ in places):
        return None
    discipline = _discipline_of(provider, found) or chosen or (places[0][1] if places else None)
    return _agency_for(provider, found).id, discipline if discipline in DISCIPLINES else None
