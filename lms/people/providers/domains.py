"""E-mail domains of an agency: added, proven by the domain name system or by a mail, and who joins by them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from dns.exception import DNSException
from dns.resolver import Resolver
from sqlalchemy import select

from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.outbox import enqueue
from lms.people.audit import note
from lms.people.models import Agency
from lms.people.names import clean_email
from lms.people.providers.models import JOINING, EmailDomain
from lms.people.signins import token_hash

DNS_PREFIX = "crosstrain-verification="
DNS_SECONDS = 5.0
MAIL_HOURS = 48

MAILBOXES = ("postmaster", "administrator", "admin", "hostmaster", "webmaster")
"""Mailboxes that only who runs a domain has (RFC 2142, and what certificate authorities write to)."""

PUBLIC_DOMAINS = frozenset(
    [
        "aol.com",
        "att.net",
        "bellsouth.net",
        "charter.net",
        "comcast.net",
        "cox.net",
        "duck.com",
        "fastmail.com",
        "gmail.com",
        "gmx.com",
        "gmx.net",
        "googlemail.com",
        "hotmail.com",
        "hotmail.es",
        "icloud.com",
        "live.com",
        "mac.com",
        "mail.com",
        "mail.ru",
        "me.com",
        "msn.com",
        "outlook.com",
        "outlook.es",
        "pm.me",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "rocketmail.com",
        "sbcglobal.net",
        "tutanota.com",
        "verizon.net",
        "web.de",
        "yahoo.com",
        "yahoo.es",
        "yandex.com",
        "ymail.com",
        "zoho.com",
    ]
)
"""Where anybody can have an address: such a domain says nothing of an agency."""

ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@]+")
"""One address and nothing around it: a provider or a directory may say anything, and it becomes the head of a mail."""

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

TAKEN = N_("Another agency has confirmed this domain. Ask the state administrator.")
NOTHING_HERE = N_("There is nothing here that you may see.")


def domain_of(email: str | None) -> str:
    """What stands behind the @, in lower case; empty for what is no address."""
    address = clean_email(email or "")
    return address.partition("@")[2] if ADDRESS.fullmatch(address) else ""


def clean_domain(text: str) -> str:
    """A domain as it is compared: lower case, letters of other alphabets as the domain name system writes them.

    Raises Invalid.
    """
    domain = text.strip().lower().removeprefix("@").rstrip(".")
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode("ascii")
    parts = domain.split(".")
    if len(parts) < 2 or len(domain) > 253 or not all(LABEL.fullmatch(part) for part in parts) or parts[-1].isdigit():
        raise Invalid(N_("Enter a domain such as cedarcounty.gov."), "domain")
    if domain in PUBLIC_DOMAINS:
        raise Invalid(
            N_("Anybody can have an address at %(domain)s. Enter a domain of your own."), "domain", domain=domain
        )
    return domain


def find_verified(domain: str) -> EmailDomain | None:
    """The domain as an agency has proven it."""
    if not domain:
        return None
    found: EmailDomain | None = db.session.scalar(
        select(EmailDomain).where(
            EmailDomain.domain == domain, EmailDomain.verified_at.is_not(None), EmailDomain.removed_at.is_(None)
        )
    )
    return found


def is_own_address(email: str | None, agency: Agency) -> bool:
    """Whether the address lies in a domain that this agency, or one below it, has proven."""
    found = find_verified(domain_of(email))
    return found is not None and found.agency.path.startswith(agency.path)


def list_domains(agency_id: int) -> Sequence[EmailDomain]:
    """The agency's domains, proven or not yet."""
    return db.session.scalars(
        select(EmailDomain)
        .where(EmailDomain.agency_id == agency_id, EmailDomain.removed_at.is_(None))
        .order_by(EmailDomain.domain)
    ).all()


def get_domain(agency_id: int, domain_id: int, *, is_for_change: bool = False) -> EmailDomain:
    """The agency's domain. Raises NotFound."""
    found = db.session.get(EmailDomain, domain_id, with_for_update=is_for_change)
    if found is None or found.agency_id != agency_id or found.removed_at is not None:
        raise NotFound(NOTHING_HERE)
    return found


def add_domain(agency_id: int, domain: str, *, actor_id: int) -> EmailDomain:
    """A domain that counts once it is proven. The caller commits. Raises Invalid."""
    domain = clean_domain(domain)
    if any(one.domain == domain for one in list_domains(agency_id)):
        raise Invalid(N_("This domain is in the list already."), "domain")
    row = EmailDomain(agency_id=agency_id, domain=domain, dns_text=secrets.token_hex(16), created_at=utc_now())
    db.session.add(row)
    db.session.flush()
    _note("domain.added", row, actor_id)
    return row


def dns_says(domain: str, dns_text: str, resolver: Resolver | None = None) -> bool:
    """Whether a TXT record of the domain, or of `_crosstrain.` below it, says it. Slow: never in a transaction."""
    asked = resolver or Resolver()
    wanted = f"{DNS_PREFIX}{dns_text}".encode()
    for name in (domain, f"_crosstrain.{domain}"):
        with suppress(DNSException):
            answer = asked.resolve(f"{name}.", "TXT", lifetime=DNS_SECONDS)
            if any(b"".join(record.strings).strip() == wanted for record in answer):
                return True
    return False


def send_proof(domain_id: int, mailbox: str, *, token: str, link: str, language: str, actor_id: int) -> str:
    """Mail a link to a mailbox that only who runs the domain has; the link sent before ends. Returns the address.

    The caller commits. Raises Invalid.
    """
    if mailbox not in MAILBOXES:
        raise Invalid(N_("Choose one of the mailboxes."), "mailbox")
    row = db.session.get_one(EmailDomain, domain_id)
    row.mail_token_hash, row.mail_expires_at = token_hash(token), utc_now() + timedelta(hours=MAIL_HOURS)
    address = f"{mailbox}@{row.domain}"
    values = {"domain": row.domain, "agency": row.agency.name, "link": link, "hours": MAIL_HOURS}
    payload = {"to": address, "template": "domain-proof", "language": language, "values": values}
    enqueue("mail", f"domain-proof:{row.mail_token_hash}", payload)
    _note("domain.mailed", row, actor_id)
    return address


def find_by_mail(token: str) -> EmailDomain | None:
    """The domain that a mailed link proves, whoever brings it."""
    found: EmailDomain | None = db.session.scalar(
        select(EmailDomain).where(
            EmailDomain.mail_token_hash == token_hash(token),
            EmailDomain.mail_expires_at > utc_now(),
            EmailDomain.removed_at.is_(None),
        )
    )
    return found


def confirm_by_mail(token: str) -> EmailDomain:
    """The link was followed: the domain is the agency's. The caller commits. Raises Conflict."""
    row = find_by_mail(token)
    if row is None:
        raise Overtaken(N_("This link was used already or is too old. Ask for a new one."))
    row.mail_token_hash = row.mail_expires_at = None
    return _confirm(row, "mail", None)


def confirm_by_dns(agency_id: int, domain_id: int, *, actor_id: int) -> EmailDomain:
    """The record was seen: the domain is the agency's. The caller commits. Raises Conflict."""
    return _confirm(get_domain(agency_id, domain_id, is_for_change=True), "dns", actor_id)


def _confirm(row: EmailDomain, proof: str, actor_id: int | None) -> EmailDomain:
    if row.verified_at is not None:
        return row
    if find_verified(row.domain) is not None:
        raise Conflict(TAKEN)
    row.verified_at, row.verified_by = utc_now(), proof
    _note("domain.verified", row, actor_id, by=proof)
    return row


def change_joining(agency_id: int, domain_id: int, joining: str, *, actor_id: int) -> EmailDomain:
    """Who registers with an address of the domain joins at once, once approved, or not. The caller commits."""
    if joining not in JOINING:
        raise Invalid(N_("Choose one of these."), "joining")
    row = get_domain(agency_id, domain_id, is_for_change=True)
    if row.joining != joining:
        row.joining = joining
        _note("domain.changed", row, actor_id, joining=joining)
    return row


def remove_domain(agency_id: int, domain_id: int, *, actor_id: int) -> EmailDomain:
    """From now on the domain says nothing of the agency; who joined by it stays. The caller commits."""
    row = get_domain(agency_id, domain_id, is_for_change=True)
    row.removed_at = utc_now()
    row.mail_token_hash = row.mail_expires_at = None
    _note("domain.removed", row, actor_id)
    return row


def _note(action: str, row: EmailDomain, actor_id: int | None, **detail: str) -> None:
    note(action, "domain", row.id, actor_id=actor_id, agency_id=row.agency_id, domain=row.domain, **detail)
