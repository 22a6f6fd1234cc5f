"""What becomes of requests to join and directories' word about a person when accounts are put together or erased."""

from __future__ import annotations

from lms.people.persons import Claim, stays

PROVIDER_CLAIMS = (
    Claim(
        "lms_join_requests",
        "user_id",
        "places_asked_for",
        holds="that a place at an agency was asked for, by its code or a work address, and what was decided",
        why="so that an administrator can decide",
        kept="as long as the account",
        seen_by="the person; administrators of the agency",
        merge="moves, unless the account that stays asks there too",
        export={
            "agency": "agency_id>lms_agencies.name",
            "discipline": "discipline",
            "asked_at": "asked_at",
            "decided_at": "decided_at",
            "state": "state",
            "reason": "reason",
        },
        kept_back=("decided_by_id", "code_id"),
    ),
    Claim(
        "lms_join_requests",
        "decided_by_id",
        "places_decided_on",
        export={"decided_at": "decided_at"},
        erase=stays("stays: an id, no name"),
    ),
    Claim(
        "lms_join_codes",
        "created_by_id",
        "codes_to_join_made",
        holds="who made a code that lets people ask to join an agency",
        why="to know whom to ask",
        kept="as long as the code, as an id",
        seen_by="administrators of the agency",
        export={"agency": "agency_id>lms_agencies.name", "made_at": "created_at", "closed_at": "closed_at"},
        kept_back=("code_hash", "salt", "discipline", "needs_approval", "most_uses", "uses", "expires_at"),
        erase=stays("stays: an id, no name"),
    ),
    Claim(
        "lms_provisioned_people",
        "user_id",
        "known_to_directories",
        holds="who an agency's own directory says this is, and whether they are active there",
        why="so that the directory can end the places that it gave",
        kept="as long as the account",
        seen_by="administrators of the agency; its directory",
        merge="moves, unless the directory knows the account that stays too",
        export={
            "agency": "agency_id>lms_agencies.name",
            "user_name": "user_name",
            "external_id": "external_id",
            "active": "is_active",
            "since": "created_at",
            "changed_at": "changed_at",
        },
        kept_back=("made_account", "disabled_account", "ended_places", "removed_at"),
    ),
)
"""In the order of erasing."""
