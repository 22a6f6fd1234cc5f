"""What becomes of the records of merges and erasures themselves, when their person is put together or erased."""

from __future__ import annotations

from lms.people.persons import FOLLOWS, Claim, blanked, stays

ADMINISTRATORS = "the person; administrators of their agencies"
AS_ACCOUNT = "as long as the account"
NAMELESS = stays("stays: an id, no name")

MERGE_CLAIMS = (
    Claim(
        "lms_merge_moves",
        "merge_id",
        "merge_moves",
        holds="which values changed when two accounts were put together",
        why="to undo it for 30 days",
        kept="until erased",
        seen_by="nobody",
        merge=FOLLOWS,
        export="the same values are in the tables that they are about",
    ),
    Claim(
        "lms_merges",
        "kept_id",
        "accounts_put_together",
        holds="that two accounts were put together, by whom and why",
        why="to lead on from the old account, and to undo it",
        kept=AS_ACCOUNT,
        seen_by=ADMINISTRATORS,
        merge="stays: it is what leads on, one after the other",
        export={"on": "merged_at", "reason": "reason", "undone_at": "undone_at", "undone_reason": "undone_reason"},
        kept_back=("gone_id", "merged_by_id", "counts", "undo_until", "undone_by_id"),
        erase=blanked("stays as ids; the reasons are blanked", reason="-"),
    ),
    Claim(
        "lms_merges",
        "gone_id",
        "accounts_that_lead_here",
        merge="stays: it is what leads on",
        export="as above",
        erase=blanked("stays as ids", reason="-"),
    ),
    Claim("lms_merges", "merged_by_id", "merges_made", export={"on": "merged_at"}, erase=NAMELESS),
    Claim("lms_merges", "undone_by_id", "merges_undone", export={"on": "undone_at"}, erase=NAMELESS),
    Claim(
        "lms_erasures",
        "user_id",
        "erasure",
        holds="that erasure was asked for, how it was decided, when it was done",
        why="to show that it was done",
        kept="for good, as ids",
        seen_by=ADMINISTRATORS,
        export={
            "state": "state",
            "asked_at": "asked_at",
            "decided_at": "decided_at",
            "reason": "decided_reason",
            "due_at": "due_at",
            "stopped_at": "stopped_at",
            "done_at": "done_at",
            "kept_until": "kept_until",
            "finished_at": "finished_at",
        },
        kept_back=("decided_by_id", "stopped_by_id"),
        erase=stays("stays: that, when and by whom it was decided"),
    ),
    Claim("lms_erasures", "decided_by_id", "erasures_decided", export={"on": "decided_at"}, erase=NAMELESS),
    Claim("lms_erasures", "stopped_by_id", "erasures_stopped", export={"on": "stopped_at"}, erase=NAMELESS),
)
"""In the order of erasing: what hangs on a row stands before it."""
