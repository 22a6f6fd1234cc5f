"""The tables of people: User, Agency (a tree), dated Membership, RoleGrant, sign-ins, invitations, audit; License."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    event,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.courseware.course import DISCIPLINES
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.license_models import License as License
from lms.people.license_models import mask as mask
from lms.people.names import LONGEST_SORT_KEY, name_key, search_text, sort_key

AGENCY_KINDS = ("state", "district", "school", "hospital", "clinic", "police", "sheriff", "advocacy", "other")
ROLES = ("state-administrator", "agency-administrator", "author", "coordinator")


def one_of(column: str, words: tuple[str, ...]) -> str:
    """The SQL of a check that a column holds one of a few words."""
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


class Agency(Model):
    """The body a person works for, in a tree: state → district, system or department → school, clinic or precinct.

    `path` holds the ids from the root down to this one, as `/1/5/12/`: a subtree is a prefix.
    """

    __tablename__ = "lms_agencies"
    __table_args__ = (
        CheckConstraint(one_of("kind", AGENCY_KINDS), name="kind_is_known"),
        UniqueConstraint("code"),
        Index("ix_lms_agencies_path", "path", postgresql_ops={"path": "varchar_pattern_ops"}),
    )

    id: Mapped[primary_key]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"), index=True)
    path: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    code: Mapped[str | None] = mapped_column(String(64))
    """The deployer's own short name, e.g. KC-GEN; hosts and imports refer to it."""
    county_fips: Mapped[str | None] = mapped_column(String(5), index=True)
    ori: Mapped[str | None] = mapped_column(String(16))
    """The originating agency identifier by which law enforcement knows it; rosters for POST name it."""
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


def _search_text_of_new(context: Any) -> str:
    values = context.get_current_parameters()
    return search_text(values["name"], values.get("email"))


def _name_key_of_new(context: Any) -> str:
    return name_key(context.get_current_parameters()["name"])


def _sort_key_of_new(context: Any) -> str:
    return sort_key(context.get_current_parameters()["name"])


class User(Model):
    """A person. Disabled, merged or erased, never deleted: records hang on the row."""

    __tablename__ = "lms_users"
    __table_args__ = (
        UniqueConstraint("email"),
        Index("ix_lms_users_search_text", "search_text", "id"),
        Index("ix_lms_users_name_key", "name_key"),
        Index("ix_lms_users_sort_key", "sort_key", "id"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(320))
    """In lower case."""
    email_verified_at: Mapped[datetime | None]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    has_short_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the password is shorter than one that may stand alone: allowed beside a second factor only."""
    certificate_name: Mapped[str | None] = mapped_column(String(200))
    """The name to print on certificates, where it differs."""
    language: Mapped[str] = mapped_column(String(8), default="en")
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    """The other account of the same person, where the two were put together: this one leads on to it."""
    erased_at: Mapped[datetime | None]
    """From then on nothing here tells who it was."""
    is_demo: Mapped[bool] = mapped_column(default=False)
    wants_early_reminders: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether mails come 90 and 60 days before something ends; those of 30 and 7 days always come."""
    search_text: Mapped[str] = mapped_column(String(540), default=_search_text_of_new)
    """Name and e-mail without accents and capitals: what lists search and sort by, the same on every database."""
    name_key: Mapped[str] = mapped_column(String(200), default=_name_key_of_new, server_default="")
    """The words of the name in the order of the alphabet: by it people who may be the same are found."""

    sort_key: Mapped[str] = mapped_column(
        String(LONGEST_SORT_KEY).with_variant(String(LONGEST_SORT_KEY, collation="C"), "postgresql"),
        default=_sort_key_of_new,
        server_default="",
    )
    """The last name first (`names.sort_key`), letter by letter in the same order on every database."""

    @property
    def printed_name(self) -> str:
        return self.certificate_name or self.name


@event.listens_for(User, "before_update")
def keep_search_text(mapper: object, connection: object, user: User) -> None:
    """A person is found by the name they have now."""
    user.search_text = search_text(user.name, user.email)
    user.name_key = name_key(user.name)
    user.sort_key = sort_key(user.name)


class Membership(Model):
    """A person's dated place in an agency. `ended_on` is the first day on which it no longer holds."""

    __tablename__ = "lms_memberships"
    __table_args__ = (
        CheckConstraint(one_of("discipline", DISCIPLINES), name="discipline_is_known"),
        CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name="ends_after_it_starts"),
        Index(
            "uq_lms_memberships_current",
            "user_id",
            "agency_id",
            "discipline",
            unique=True,
            sqlite_where=text("ended_on IS NULL"),
            postgresql_where=text("ended_on IS NULL"),
        ),
        Index("ix_lms_memberships_agency_id", "agency_id", "user_id"),
        Index("ix_lms_memberships_user_id", "user_id"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    discipline: Mapped[str] = mapped_column(String(32))
    started_on: Mapped[date]
    began_at: Mapped[datetime | None]
    """The moment, where the place began as somebody came in; nothing where a day was given, which then counts whole."""
    ended_on: Mapped[date | None]
    recorded_on: Mapped[date | None]
    """The day on which a list, or somebody by hand, told of it here, where it may have begun long before: days of an
    assignment are not counted from before."""
    user: Mapped[User] = relationship()
    agency: Mapped[Agency] = relationship()


class RoleGrant(Model):
    """A role of one person over one agency and all below it; `agency_id` None means everywhere."""

    __tablename__ = "lms_role_grants"
    __table_args__ = (
        CheckConstraint(one_of("role", ROLES), name="role_is_known"),
        Index("ix_lms_role_grants_user_id", "user_id"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    role: Mapped[str] = mapped_column(String(32))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"), index=True)
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    granted_at: Mapped[datetime]
    until: Mapped[datetime | None]
    """The moment from which it no longer holds."""
    revoked_at: Mapped[datetime | None]


def grant_holds(now: datetime) -> ColumnElement[bool]:
    """The SQL condition that a role is in force at a moment."""
    return RoleGrant.revoked_at.is_(None) & (RoleGrant.until.is_(None) | (RoleGrant.until > now))


class UserSession(Model):
    """A sign-in. The cookie holds the token; only its SHA-256 is kept."""

    __tablename__ = "lms_user_sessions"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_lms_user_sessions_user_id", "user_id"))

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    token_hash: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]]
    """What the web keeps between requests: the form token, the language."""
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    agent: Mapped[str] = mapped_column(String(200), default="")
    proven_at: Mapped[datetime | None]
    """When the person last proved who they are, at sign-in or when asked again; sensitive pages want it recent."""
    is_two_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a second factor, or a passkey, was part of it."""


class Invitation(Model):
    """An invitation by mail: single use, short lived, only the hash of its token kept."""

    __tablename__ = "lms_invitations"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("ix_lms_invitations_agency_id", "agency_id"),
        # Without these, each person that an undone import takes away costs a look through all invitations.
        Index("ix_lms_invitations_accepted_by_id", "accepted_by_id"),
        Index("ix_lms_invitations_invited_by_id", "invited_by_id"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    token_hash: Mapped[str] = mapped_column(String(64))
    email: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(200), default="")
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    discipline: Mapped[str | None] = mapped_column(String(32))
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    withdrawn_at: Mapped[datetime | None]
    for_user_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    """The person, placed by an import, whose places and courses go to whoever accepts it."""


class AuditEvent(Model):
    """Who did what to whom, when: only ever inserted. `detail` holds ids and values, never names or answers."""

    __tablename__ = "lms_audit_events"
    __table_args__ = (
        Index("ix_lms_audit_events_agency_id", "agency_id", "at"),
        Index("ix_lms_audit_events_subject", "subject_kind", "subject_id"),
        Index("ix_lms_audit_events_actor_id", "actor_id", "at"),
    )

    id: Mapped[primary_key]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    action: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int | None]
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    detail: Mapped[dict[str, Any]]
    reason: Mapped[str | None] = mapped_column(Text)
