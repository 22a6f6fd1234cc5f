"""What is kept of documents: every PDF that was ever issued, and how an agency's certificates look."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.certification.models import Certificate  # noqa: F401 - the foreign key below needs the table
from lms.database import Model, primary_key


class IssuedDocument(Model):
    """A PDF that was once issued for a certificate. Signed bytes cannot be made again, so each is known for ever."""

    __tablename__ = "lms_issued_documents"
    __table_args__ = (UniqueConstraint("certificate_id", "sha256"), Index("ix_lms_issued_documents_sha256", "sha256"))

    id: Mapped[primary_key]
    certificate_id: Mapped[int] = mapped_column(ForeignKey("lms_certificates.id", ondelete="RESTRICT"))
    sha256: Mapped[str] = mapped_column(String(64))
    stored_name: Mapped[str] = mapped_column(String(120))
    signed_with_kid: Mapped[str | None] = mapped_column(String(64))
    """The signer's certificate (SHA-256); None for one from before documents were signed."""
    drawn_at: Mapped[datetime]


class Branding(Model):
    """How an agency's certificates look; frozen into each award. Agencies below without one of their own follow it."""

    __tablename__ = "lms_brandings"
    __table_args__ = (UniqueConstraint("agency_id"),)

    id: Mapped[primary_key]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    design: Mapped[str] = mapped_column(String(80), default="")
    """A name of the registry, `pack:<hash>` for the agency's own, or empty: the usual one."""
    logo: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the image in the file store, or empty."""
    signatories: Mapped[list[Any]]
    """Up to two, each with `name` and `title`."""
    statement: Mapped[str] = mapped_column(String(300), default="")
    pack: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the agency's own template pack in the file store, or empty."""
    changed_at: Mapped[datetime]
