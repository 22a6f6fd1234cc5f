"""What becomes of ways to sign in when accounts are put together or erased: none moves to another account."""

from __future__ import annotations

from lms.people.persons import Claim

AS_SET_UP = "until removed; as long as the account"
ONLY_THEY = "the person"
NOT_ANOTHERS = "stays: a way into one account never opens another one"

FACTOR_CLAIMS = (
    Claim(
        "lms_authenticator_apps",
        "user_id",
        "authenticator_apps",
        holds="that an authenticator app was set up, and its secret, sealed",
        why="to sign in with two factors",
        kept=AS_SET_UP,
        seen_by=ONLY_THEY,
        merge=NOT_ANOTHERS,
        export={"added_at": "added_at", "last_used_at": "last_used_at"},
        kept_back=("sealed", "last_step"),
    ),
    Claim(
        "lms_passkeys",
        "user_id",
        "passkeys",
        holds="the public parts of passkeys, and what they are called",
        why="to sign in with them",
        kept=AS_SET_UP,
        seen_by=ONLY_THEY,
        merge=NOT_ANOTHERS,
        export={"called": "name", "added_at": "added_at", "last_used_at": "last_used_at"},
        kept_back=("credential_id", "user_handle", "public_key", "sign_count", "transports"),
    ),
    Claim(
        "lms_recovery_codes",
        "user_id",
        "recovery_codes",
        holds="recovery codes, as hashes, and when they were used",
        why="to let in who has lost a device",
        kept=AS_SET_UP,
        seen_by=ONLY_THEY,
        merge=NOT_ANOTHERS,
        export={"made_at": "made_at", "used_at": "used_at"},
        kept_back=("salt", "code_hash"),
    ),
    Claim(
        "lms_sign_in_tickets",
        "user_id",
        "steps_of_signing_in",
        holds="a sign-in under way, or a new address that waits for its proof",
        why="to go on with the next step",
        kept="for minutes; a new address for an hour",
        seen_by="nobody",
        merge=NOT_ANOTHERS,
        export="it lasts for minutes and holds secrets of a step that is under way",
    ),
)
"""In the order of erasing."""
