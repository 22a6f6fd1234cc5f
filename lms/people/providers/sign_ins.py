"""The way to a provider and back: begun in a browser, taken once by the same one, and who came of it."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from lms.clock import utc_now
from lms.database import db, insert_into
from lms.errors import N_
from lms.people.models import Agency
from lms.people.providers.models import IdentityProvider, ProviderSignIn, UsedAssertion
from lms.people.providers.problems import ProviderProblem
from lms.people.signins import token_hash
from lms.wall.sight import SYSTEM, looking_as

WAY_MINUTES = 10
"""Signing in elsewhere, with a second factor, takes a minute or two."""

QUESTION_MINUTES = 30
"""For the questions of a first sign-in, among them finding one's password here."""

OVER = N_("This way to sign in was used already, is too old, or was begun in another browser. Begin again.")
OFF = N_("This way to sign in is switched off. Ask your agency.")


@dataclass(frozen=True, slots=True)
class Found:
    """Who a provider says it is. `email` counts as proven only where `is_email_proven`."""

    subject: str
    name: str = ""
    email: str | None = None
    is_email_proven: bool = False
    user_name: str | None = None
    agency_code: str | None = None
    discipline: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """What goes along to the provider; only hashes of it stay, and what the answer is compared with."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Way:
    """A sign-in that came back from a provider: plain values, which outlast the transaction that they were read in."""

    id: int
    provider_id: int
    nonce: str
    verifier: str
    target: str
    found: Found


def begin(provider_id: int, browser: str, target: str) -> Begun:
    """Note that a browser goes to a provider. The caller commits."""
    now = utc_now()
    _forget_old()
    begun = Begun(f"_{secrets.token_urlsafe(32)}", secrets.token_urlsafe(24), secrets.token_urlsafe(48))
    db.session.add(
        ProviderSignIn(
            provider_id=provider_id,
            state_hash=token_hash(begun.state),
            browser_hash=token_hash(browser),
            nonce=begun.nonce,
            code_verifier=begun.verifier,
            target=target[:2000],
            created_at=now,
            expires_at=now + timedelta(minutes=WAY_MINUTES),
        )
    )
    return begun


def find_provider(provider_id: int) -> IdentityProvider:
    """One that people may sign in with now. Raises ProviderProblem."""
    provider = db.session.get(IdentityProvider, provider_id)
    if provider is None or provider.enabled_at is None:
        raise ProviderProblem(OFF)
    if db.session.get_one(Agency, provider.agency_id).archived_at is not None:
        raise ProviderProblem(OFF)
    return provider


def take_answer(state: str, browser: str | None, kind: str) -> Way:
    """The sign-in that an answer belongs to, once. The caller commits. `browser` None: SAML's answer is posted from
    elsewhere and brings no cookie; who it belongs to is asked at the next step. Raises ProviderProblem."""
    now = utc_now()
    wanted = [
        ProviderSignIn.state_hash == token_hash(state),
        ProviderSignIn.returned_at.is_(None),
        ProviderSignIn.expires_at > now,
        ProviderSignIn.provider_id.in_(select(IdentityProvider.id).where(IdentityProvider.kind == kind)),
    ]
    if browser is not None:
        wanted.append(ProviderSignIn.browser_hash == token_hash(browser))
    taken = db.session.scalar(
        update(ProviderSignIn).where(*wanted).values(returned_at=now).returning(ProviderSignIn.id)
    )
    if taken is None:
        raise ProviderProblem(OVER)
    found = db.session.get_one(ProviderSignIn, taken)
    find_provider(found.provider_id)
    return _way(found)


def keep_found(sign_in_id: int, found: Found) -> str:
    """Note who it is, until the questions are answered; returns the ticket to go on with. The caller commits."""
    ticket = secrets.token_urlsafe(32)
    row = db.session.get_one(ProviderSignIn, sign_in_id)
    row.found, row.ticket_hash = asdict(found), token_hash(ticket)
    row.expires_at = utc_now() + timedelta(minutes=QUESTION_MINUTES)
    return ticket


def find_open(ticket: str | None, browser: str | None) -> Way | None:
    """The sign-in whose questions are open in this browser."""
    if not ticket or not browser:
        return None
    with looking_as(SYSTEM):  # nobody is signed in yet
        row: ProviderSignIn | None = db.session.scalar(
            select(ProviderSignIn).where(
                ProviderSignIn.ticket_hash == token_hash(ticket),
                ProviderSignIn.browser_hash == token_hash(browser),
                ProviderSignIn.used_at.is_(None),
                ProviderSignIn.found.is_not(None),
                ProviderSignIn.expires_at > utc_now(),
            )
        )
        return _way(row) if row is not None else None


def use_open(sign_in_id: int) -> None:
    """End it, once; what the provider said of the person is forgotten. The caller commits. Raises ProviderProblem."""
    now = utc_now()
    used = db.session.scalar(
        update(ProviderSignIn)
        .where(ProviderSignIn.id == sign_in_id, ProviderSignIn.used_at.is_(None), ProviderSignIn.expires_at > now)
        .values(used_at=now, found=None)
        .returning(ProviderSignIn.provider_id)
    )
    if used is None:
        raise ProviderProblem(OVER)
    db.session.get_one(IdentityProvider, used).last_used_at = now


def _way(row: ProviderSignIn) -> Way:
    values: dict[str, Any] = row.found or {"subject": ""}
    return Way(row.id, row.provider_id, row.nonce, row.code_verifier, row.target, Found(**values))


def use_assertion(provider_id: int, assertion_id: str, ends_at: datetime) -> None:
    """Take an assertion of SAML, once. The caller commits. Raises ProviderProblem for one that was taken before."""
    taken = db.session.scalar(
        insert_into(UsedAssertion)
        .values(provider_id=provider_id, assertion_hash=token_hash(assertion_id), expires_at=ends_at)
        .on_conflict_do_nothing()
        .returning(UsedAssertion.id)
    )
    if taken is None:
        raise ProviderProblem(OVER)


def note_problem(provider_id: int, problem: ProviderProblem) -> None:
    """Keep why a sign-in failed, for the provider's page. The caller commits."""
    values = {key: str(value) for key, value in problem.values.items()}
    provider = db.session.get_one(IdentityProvider, provider_id)
    provider.last_problem = {"message": problem.message, "values": values, "at": utc_now().isoformat()}


def _forget_old() -> None:
    """What is over for a day is of no use; who was on the way is nobody's business."""
    past = utc_now() - timedelta(days=1)
    db.session.execute(delete(ProviderSignIn).where(ProviderSignIn.expires_at < past))
    db.session.execute(delete(UsedAssertion).where(UsedAssertion.expires_at < past))
