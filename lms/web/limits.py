"""How often one address or one account may try: in Redis where it is set, in each process's memory otherwise."""

from __future__ import annotations

import math
import time

from flask import Flask, request
from flask_limiter import Limiter
from werkzeug.wrappers import Response

from lms.people.names import clean_email
from lms.settings import Settings
from lms.web.guards import maybe_viewer, settings
from lms.web.signing_in import half_signed_in


def by_address() -> str:
    """The network address that asks (behind proxies: as `LMS_TRUSTED_PROXIES` lets it be believed)."""
    return f"address:{request.remote_addr}"


def by_account() -> str:
    """The account that is tried, whether it exists or not."""
    return f"account:{clean_email(request.form.get('email', ''))[:320]}"


def by_viewer() -> str:
    """The person who is signed in and changes what is theirs."""
    person = maybe_viewer()
    return f"viewer:{person.id}" if person is not None else by_address()


def sign_in_limit() -> str:
    return settings().sign_in_limit


def sign_in_limit_per_address() -> str:
    """Much higher than an account's: a whole school or hospital sits behind one address (README, Decisions)."""
    return settings().sign_in_limit_per_address


def verify_limit() -> str:
    return settings().verify_limit


def limit_of_all() -> str:
    """Of look-ups from everywhere together: guessing from many addresses at once gets nowhere either."""
    return settings().verify_limit_in_all


def everybody() -> str:
    return "verify:everybody"


def was_refused(response: Response) -> bool:
    """Only failed tries are counted: a classroom that signs in from one address is no attack."""
    return response.status_code == 422


def seconds_to_wait() -> int:
    """After a refusal: until the limit that refused lets this caller in again, at least one."""
    reached = limiter.current_limit
    return max(1, math.ceil(reached.reset_at - time.time())) if reached else 60


limiter = Limiter(key_func=by_address, in_memory_fallback_enabled=True)

CODES_A_DAY = "50 per day"
"""Wrong codes for one account: of a million codes three are right at any moment, so guessing takes centuries."""


def by_account_in_question() -> str:
    """The account whose second factor is asked for: of who is signed in, or half signed in.

    A new password begins a new count: whoever knew the old one cannot keep its owner out.
    """
    person, half = maybe_viewer(), half_signed_in()
    if person is not None:
        return f"factor:{person.id}"
    return by_address() if half is None else f"factor:{half.user_id}:{half.data.get('password')}"


few_codes = limiter.shared_limit(
    sign_in_limit, scope="codes", key_func=by_account_in_question, methods=["POST"], deduct_when=was_refused
)
few_codes_a_day = limiter.shared_limit(
    CODES_A_DAY, scope="codes-a-day", key_func=by_account_in_question, methods=["POST"], deduct_when=was_refused
)
"""Wrong codes, recovery codes, passkeys and passwords asked for again count together for an account."""

look_ups = limiter.shared_limit(verify_limit, scope="look-ups")
look_ups_of_all = limiter.shared_limit(limit_of_all, scope="look-ups", key_func=everybody)
"""Codes, names, files and share links count together: who is refused at one is refused at all. `look_ups` stands
nearest to the view and is so counted first: what one address asks too much does not use up everybody's look-ups."""


def install(app: Flask, settings: Settings) -> None:
    """One store of counts for all processes where there is Redis; without it each process counts for itself."""
    app.config["RATELIMIT_STORAGE_URI"] = settings.redis_url or "memory://"
    limiter.init_app(app)
