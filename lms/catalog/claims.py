"""What the catalog keeps of one person: who published a version."""

from __future__ import annotations

from lms.people.persons import Claim, Erasing, Merging, PersonRoom, erase_claims, move_claims, stays

CLAIMS = (
    Claim(
        "lms_course_versions",
        "published_by_id",
        "courses_published",
        holds="who published a version of a course",
        why="to know whom to ask",
        kept="as long as the version, as an id",
        seen_by="authors",
        merge="stays: nothing of a published version is ever changed, and the old account leads on",
        export={"course": "course_id>lms_courses.slug", "version": "number", "on": "published_at"},
        kept_back=("content_hash", "change", "is_current", "code", "contact_minutes", "valid_months", "facts"),
        erase=stays("stays: an id, no name"),
    ),
)


def merge_person(merging: Merging) -> None:
    """Nothing moves: a published version is never changed."""
    move_claims(merging, CLAIMS)


def erase_person(erasing: Erasing) -> None:
    """An id stays."""
    erase_claims(erasing, CLAIMS)


ROOM = PersonRoom(
    "catalog",
    CLAIMS,
    merge_person,
    erase_person,
    untouched={"lms_version_files": "files of a published version"},
)
