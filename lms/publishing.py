"""Publishing from a folder: courses and the data beside them, read and checked before each short transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lms.catalog.publish import Publication, find_unchanged, prepare_course, refuse_unfinished
from lms.certification.credit_bodies import publish_bodies, publish_mandates
from lms.certification.rule_files import publish_rules
from lms.clock import utc_now
from lms.cohorts.templates import publish_templates
from lms.courseware.folder import load_folder
from lms.database import db, run_transaction
from lms.journey import publish_prepared
from lms.resources import data_folder
from lms.settings import Settings, SettingsError


def course_roots(settings: Settings) -> list[Path]:
    """The folders whose courses a site publishes by itself: those of LMS_COURSES, else the shipped curriculum.

    Raises SettingsError for one that is not there: a site that starts without its courses looks as if it had none.
    """
    for root in settings.course_roots:
        if not root.is_dir():
            raise SettingsError(f"LMS_COURSES names {root}, and there is no such folder.")
    return list(settings.course_roots) or [data_folder("courses")]


def course_folders(folder: Path) -> list[Path]:
    """The folder itself if it is a course, else the courses right below it, by name."""
    if (folder / "course.yaml").is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob("*/course.yaml"))


STEPS: tuple[tuple[str, Callable[[Path, datetime], object]], ...] = (
    ("cohorts", publish_templates),
    ("certifications", publish_rules),
    ("credit-bodies", publish_bodies),
    ("mandates", publish_mandates),
)
"""The folders beside the courses, each with who takes it."""


def publish_data(root: Path) -> list[str]:
    """Take the team templates, certifications, credit bodies and mandates beside the courses, each folder in a
    transaction of its own; returns a line for each. Raises Invalid, naming file and fault: then that folder changed
    nothing."""
    lines = []
    for name, step in STEPS:
        folder = root / name
        if folder.is_dir():
            lines.append(f"{name}: {_publish_one(step, folder)}")
    return lines


def _publish_one(step: Callable[[Path, datetime], object], folder: Path) -> object:
    return run_transaction(lambda: step(folder, utc_now()))


class DryRun(Exception):
    """Raised to take everything back."""

    def __init__(self, publication: Publication) -> None:
        self.publication = publication


def publish_folder(
    folder: Path, *, change: str | None = None, is_dry_run: bool = False, may_be_unfinished: bool = True
) -> Publication:
    """Publish one course folder in a transaction of its own.

    Raises CourseHasErrors, Invalid or Conflict; CourseUnfinished where places are to be filled in and may not be.
    """
    now = utc_now()
    files = load_folder(folder)
    current = find_unchanged(files)
    if current is not None:
        return Publication(current, "unchanged", current.id)
    prepared = prepare_course(files, now=now)
    if not may_be_unfinished:
        refuse_unfinished(prepared)

    def step() -> Publication:
        done = publish_prepared(prepared, change=change, published_by_id=None, now=now)
        if is_dry_run:
            db.session.flush()
            db.session.expunge(done.version)
            raise DryRun(done)
        return done

    try:
        done = run_transaction(step)
    except DryRun as dry:
        done = dry.publication
    return replace(done, warnings=len(prepared.warnings))
