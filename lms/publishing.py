"""Publishing from a folder: courses found below it, each read and checked before its short transaction."""

from __future__ import annotations

from pathlib import Path

from lms.catalog.publish import Publication, find_unchanged, prepare_course
from lms.clock import utc_now
from lms.courseware.folder import load_folder
from lms.database import db, run_transaction
from lms.journey import publish_prepared


def course_folders(folder: Path) -> list[Path]:
    """The folder itself if it is a course, else the courses right below it, by name."""
    if (folder / "course.yaml").is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob("*/course.yaml"))


class DryRun(Exception):
    """Raised to take everything back."""

    def __init__(self, publication: Publication) -> None:
        self.publication = publication


def publish_folder(folder: Path, *, change: str | None = None, is_dry_run: bool = False) -> Publication:
    """Publish one course folder in a transaction of its own. Raises CourseHasErrors, Invalid or Conflict."""
    now = utc_now()
    files = load_folder(folder)
    current = find_unchanged(files)
    if current is not None:
        return Publication(current, "unchanged", current.id)
    prepared = prepare_course(files, now=now)

    def step() -> Publication:
        done = publish_prepared(prepared, change=change, published_by_id=None, now=now)
        if is_dry_run:
            db.session.flush()
            db.session.expunge(done.version)
            raise DryRun(done)
        return done

    try:
        return run_transaction(step)
    except DryRun as dry:
        return dry.publication
