"""What becomes of staff lists when accounts are put together, handed out or erased."""

from __future__ import annotations

from lms.people.persons import FOLLOWS, Claim, stays

ADMINISTRATORS = "administrators of the agency whose list it is"
NAMELESS = stays("stays: an id, no name")
FOR_A_WEEK = "rows and file for a week after the import is over; that there was one, for good"
INSIDE = "as above: it lasts for a week and is the agency's list"

IMPORT_CLAIMS = (
    Claim(
        "lms_staff_records",
        "user_id",
        "staff_ids",
        holds="the staff id that an employer's list names, and the address where the account has none",
        why="to find the same person in the next list",
        kept="as long as the account",
        seen_by=ADMINISTRATORS,
        merge="moves, unless the account that stays has one of the same employer: then each keeps its own",
        export={"employer": "agency_id>lms_agencies.name", "staff_id": "number", "email": "email"},
    ),
    Claim(
        "lms_import_rows",
        "import_id",
        "import_rows",
        holds="the rows of a staff list, as they were checked",
        why="to say what becomes of each before anything is done",
        kept=FOR_A_WEEK,
        seen_by=ADMINISTRATORS,
        merge=FOLLOWS,
        export=INSIDE,
        erase=stays(
            "of the erased person, name, address, license and cells are blanked at once; the file goes after its week"
        ),
    ),
    Claim(
        "lms_import_changes",
        "import_id",
        "import_changes",
        holds="what an import changed, by ids; of a name, an address, a staff id or a license, what it was before",
        why="to undo it for a week",
        kept=FOR_A_WEEK,
        seen_by=ADMINISTRATORS,
        merge=FOLLOWS,
        export=INSIDE,
        erase=stays("ids stay; of the erased person, what names, addresses and licenses were goes at once"),
    ),
    Claim(
        "lms_imports",
        "asked_by_id",
        "imports",
        holds="who imported a staff list, when, and what came of it in numbers",
        why="to know whom to ask, and to undo it",
        kept=FOR_A_WEEK,
        seen_by=ADMINISTRATORS,
        export={"file": "title", "at": "created_at", "state": "state", "applied_at": "applied_at"},
        kept_back=(
            "agency_id",
            "stored",
            "cause",
            "headers",
            "headers_key",
            "facts",
            "plan",
            "options",
            "counts",
            "unknown",
            "batch_id",
            "undone_at",
            "removed_at",
        ),
        erase=NAMELESS,
    ),
)
"""In the order of erasing: what hangs on a row stands before it."""
