"""The tables of providers: IdentityProvider, EmailDomain, ProviderSignIn, and what provisioning keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.courseware.course import DISCIPLINES
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.models import Agency, User, one_of

KINDS = ("oidc", "saml")
JOINING = ("no", "approval", "at-once")
PROOFS = ("dns", "mail")


class IdentityProvider(Model):
    """Where people of an agency, and of those below it, sign in instead of with a password here."""

    __tablename__ = "lms_identity_providers"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind_is_known"),
        CheckConstraint("NOT is_required OR enabled_at IS NOT NULL", name="required_is_enabled"),
        CheckConstraint("kind <> 'oidc' OR client_id IS NOT NULL", name="oidc_has_client"),
        CheckConstraint("kind <> 'saml' OR metadata_text IS NOT NULL", name="saml_has_metadata"),
        CheckConstraint(f"discipline IS NULL OR {one_of('discipline', DISCIPLINES)}", name="discipline_is_known"),
        Index("ix_lms_identity_providers_agency_id", "agency_id"),
    )

    id: Mapped[primary_key]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(100))
    """What its button says."""
    kind: Mapped[str] = mapped_column(String(8))
    issuer: Mapped[str] = mapped_column(String(200))
    """OpenID Connect: the issuer's address. SAML: the entity id."""
    client_id: Mapped[str | None] = mapped_column(String(200))
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The client secret, encrypted under a key that follows from the secret key."""
    scopes: Mapped[str] = mapped_column(String(200), default="openid profile email")
    subject_claim: Mapped[str] = mapped_column(String(64), default="sub")
    """Which claim (OIDC) or attribute (SAML; `NameID` for the name identifier) names a person for good."""
    agency_claim: Mapped[str | None] = mapped_column(String(64))
    """Which claim holds the short code of an agency at or below this one."""
    discipline_claim: Mapped[str | None] = mapped_column(String(64))
    discipline_words: Mapped[dict[str, Any]]
    """The provider's words for disciplines, in lower case, and ours."""
    discipline: Mapped[str | None] = mapped_column(String(32))
    """The discipline of everybody of whom no claim says it."""
    needs_domain: Mapped[bool] = mapped_column(default=False)
    """Whether only people with a proven address in a proven domain of the agency are let in."""
    metadata_text: Mapped[str | None] = mapped_column(Text)
    discovery: Mapped[dict[str, Any] | None]
    """What the provider says of itself (OpenID Connect Discovery), as last fetched."""
    key_set: Mapped[dict[str, Any] | None]
    fetched_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    enabled_at: Mapped[datetime | None]
    is_required: Mapped[bool] = mapped_column(default=False)
    """Whether passwords are refused to people of the agency who have no role of administration."""
    last_used_at: Mapped[datetime | None]
    last_problem: Mapped[dict[str, Any] | None]
    """Why the latest sign-in that failed did: `message`, `values`, `at`. Nothing of the person."""
    agency: Mapped[Agency] = relationship()


def identity_issuer(provider: IdentityProvider) -> str:
    """The issuer that a person is kept under. Each provider of SAML is one of its own: its entity id is only what its
    metadata say. And a claim that is not `sub` may mean somebody else than the same text as `sub`."""
    if provider.kind == "saml":
        return f"saml:{provider.id}#{provider.subject_claim}"
    return provider.issuer if provider.subject_claim == "sub" else f"{provider.issuer}#{provider.subject_claim}"


class EmailDomain(Model):
    """A mail domain that an agency says is its own; it counts once that is proven, and for one agency at a time."""

    __tablename__ = "lms_email_domains"
    __table_args__ = (
        CheckConstraint(one_of("joining", JOINING), name="joining_is_known"),
        CheckConstraint(f"verified_by IS NULL OR {one_of('verified_by', PROOFS)}", name="proof_is_known"),
        CheckConstraint("(verified_at IS NULL) = (verified_by IS NULL)", name="verified_says_how"),
        Index(
            "uq_lms_email_domains_verified",
            "domain",
            unique=True,
            sqlite_where=text("verified_at IS NOT NULL AND removed_at IS NULL"),
            postgresql_where=text("verified_at IS NOT NULL AND removed_at IS NULL"),
        ),
        Index(
            "uq_lms_email_domains_current",
            "agency_id",
            "domain",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
        UniqueConstraint("mail_token_hash"),
    )

    id: Mapped[primary_key]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    domain: Mapped[str] = mapped_column(String(253))
    dns_text: Mapped[str] = mapped_column(String(64))
    """What a TXT record of the domain has to say."""
    mail_token_hash: Mapped[str | None] = mapped_column(String(64))
    mail_expires_at: Mapped[datetime | None]
    joining: Mapped[str] = mapped_column(String(12), default="no")
    """Whether people who register with an address of the domain join the agency."""
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[str | None] = mapped_column(String(8))
    removed_at: Mapped[datetime | None]
    agency: Mapped[Agency] = relationship()


class ProviderSignIn(Model):
    """One way to a provider and back: begun in one browser, used once, gone within minutes."""

    __tablename__ = "lms_provider_sign_ins"
    __table_args__ = (
        UniqueConstraint("state_hash"),
        UniqueConstraint("ticket_hash"),
        Index("ix_lms_provider_sign_ins_expires_at", "expires_at"),
    )

    id: Mapped[primary_key]
    provider_id: Mapped[int] = mapped_column(ForeignKey("lms_identity_providers.id", ondelete="RESTRICT"))
    state_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of OpenID Connect's `state`, or of the id of SAML's request."""
    browser_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what the browser's own session holds: who brings the answer is who asked."""
    nonce: Mapped[str] = mapped_column(String(64))
    code_verifier: Mapped[str] = mapped_column(String(128))
    target: Mapped[str] = mapped_column(String(2000))
    """The page of ours to go to afterwards."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
    ticket_hash: Mapped[str | None] = mapped_column(String(64))
    found: Mapped[dict[str, Any] | None]
    """Who the provider says it is, until the questions of a first sign-in are answered."""
    used_at: Mapped[datetime | None]
    provider: Mapped[IdentityProvider] = relationship()


class UsedAssertion(Model):
    """An assertion of SAML that was taken once, remembered for as long as it could be taken again."""

    __tablename__ = "lms_used_assertions"
    __table_args__ = (
        UniqueConstraint("provider_id", "assertion_hash"),
        Index("ix_lms_used_assertions_expires_at", "expires_at"),
    )

    id: Mapped[primary_key]
    provider_id: Mapped[int] = mapped_column(ForeignKey("lms_identity_providers.id", ondelete="RESTRICT"))
    assertion_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]


class ProvisioningToken(Model):
    """What an agency's own directory shows when it provisions people (SCIM); only its hash is kept."""

    __tablename__ = "lms_provisioning_tokens"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_lms_provisioning_tokens_agency_id", "agency_id"))

    id: Mapped[primary_key]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64))
    discipline: Mapped[str] = mapped_column(String(32))
    """The discipline of people of whom the directory does not say it."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    agency: Mapped[Agency] = relationship()


class ProvisionedPerson(Model):
    """A person as an agency's directory knows them."""

    __tablename__ = "lms_provisioned_people"
    __table_args__ = (
        UniqueConstraint("agency_id", "user_id"),
        UniqueConstraint("agency_id", "user_name"),
        Index("ix_lms_provisioned_people_user_id", "user_id"),
    )

    id: Mapped[primary_key]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    user_name: Mapped[str] = mapped_column(String(320))
    """In lower case: SCIM compares it so."""
    external_id: Mapped[str | None] = mapped_column(String(200))
    is_active: Mapped[bool]
    made_account: Mapped[bool]
    """Whether the directory made the account; one that was there before is the person's own."""
    disabled_account: Mapped[bool] = mapped_column(default=False)
    """Whether the directory switched it off, so that it may switch it on again."""
    ended_places: Mapped[list[Any]]
    """`[agency id, discipline]` of each place that ended with the latest deactivation, to be brought back."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    """When the directory deleted the person: out of its sight, until it adds them again."""
    user: Mapped[User] = relationship()


class ExternalIdentity(Model):
    """Who a host application or identity provider says a person is: matched by (issuer, subject), never by e-mail."""

    __tablename__ = "lms_external_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"), NUMBERED_ONCE)

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    issuer: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    known_as: Mapped[str | None] = mapped_column(String(320))
    """The address or name that the provider said last; nothing is found by it."""
    last_used_at: Mapped[datetime | None]
    user: Mapped[User] = relationship()
