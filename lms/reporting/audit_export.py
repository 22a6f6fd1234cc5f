"""The audit, chosen by one set of filters for page and file; and the file, written piece by piece by the worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from lms import batches
from lms.access import Permission, Viewer, allows, scope, visible_agencies, visible_users
from lms.batches import Batch, Piece
from lms.certification.models import Certificate
from lms.certification.training_models import ExternalTraining
from lms.clock import start_of_day
from lms.database import db
from lms.errors import N_, Conflict, NotAllowed
from lms.files import FileStore
from lms.learning.models import Enrollment
from lms.people.audit import PAGE_SIZE, AuditFilter, AuditPage, list_events, note
from lms.people.audit_models import AuditLink
from lms.people.models import Agency, User
from lms.people.names import search_words
from lms.people.signins import load_viewer
from lms.reporting.exports import Cell, csv_chunks

KIND = "audit"
SEEING = Permission.SEE_AUDIT

DAYS_KEPT = 30
ROWS_PER_FILE = 50_000
"""A file that every spreadsheet opens, and a piece of work of some seconds."""

ROWS_PER_PAGE = 1_000
MOST_RUNNING = 2

HEAD = (
    "event", "at (UTC)", "actor id", "actor", "action", "subject kind", "subject id", "subject", "agency id", "agency",
    "reason", "detail", "chain position", "chain head",
)  # fmt: skip
"""In English in every language: programs read it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which events; both days counted, in the site's zone. Empty and None: all that one may see."""

    person: str = ""
    agency_id: int | None = None
    action: str | None = None
    since: date | None = None
    until: date | None = None

    def to_json(self) -> dict[str, Any]:
        days = {key: day.isoformat() if day else None for key, day in (("since", self.since), ("until", self.until))}
        return {"person": self.person, "agency_id": self.agency_id, "action": self.action, **days}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Wish:
        days = {key: date.fromisoformat(stored[key]) if stored[key] else None for key in ("since", "until")}
        return cls(stored["person"], stored["agency_id"], stored["action"], **days)


def filter_of(viewer: Viewer, wish: Wish, time_zone: str) -> AuditFilter:
    """The wish as conditions, within what the viewer may see: a person out of scope is found as one that is not there.

    Somebody is the subject of an event also where it was done to their enrollment, certificate or training.
    """
    people: Select[Any] | None = None
    held: tuple[tuple[str, Select[Any]], ...] = ()
    words = search_words(wish.person)
    if words:
        named = (User.search_text.contains(word, autoescape=True) for word in words)
        people = select(User.id).where(User.id.in_(visible_users(viewer, SEEING)), *named)
        held = tuple(
            (kind, select(model.id).where(model.user_id.in_(people)))
            for kind, model in (
                ("enrollment", Enrollment), ("certificate", Certificate), ("training", ExternalTraining),
            )
        )  # fmt: skip
    return AuditFilter(
        people=people,
        held=held,
        under=db.session.get_one(Agency, wish.agency_id).path if wish.agency_id else None,
        action=wish.action,
        since=start_of_day(wish.since, time_zone) if wish.since else None,
        until=start_of_day(wish.until + timedelta(days=1), time_zone) if wish.until else None,
    )


def page_of(viewer: Viewer, wanted: AuditFilter, *, before: int | None = None, size: int = PAGE_SIZE) -> AuditPage:
    """One page of what the viewer may see, newest first."""
    return list_events(
        visible_agencies(viewer, SEEING),
        wanted,
        is_everywhere=scope(viewer, SEEING) is None,
        before=before,
        size=size,
    )


def ask(wish: Wish, *, asked_by_id: int) -> Batch:
    """Begin a file. The caller commits. Raises Conflict where the same person has enough under way."""
    db.session.execute(select(User.id).where(User.id == asked_by_id).with_for_update())
    running = sum(1 for one in batches.batches_of(asked_by_id) if one.kind == KIND and not one.is_over)
    if running >= MOST_RUNNING:
        raise Conflict(N_("You have enough of this under way. Wait until it has ended, or stop it."))
    batch = batches.begin(KIND, wish.to_json(), asked_by_id=asked_by_id)
    note("audit.exported", "batch", batch.id, actor_id=asked_by_id, agency_id=wish.agency_id)
    return batch


def do_piece(batch: Batch, runtime: Any) -> Piece:
    """The next file, with the asker's rights of now. Done again after a kill it writes the same file. NotAllowed."""
    viewer = load_viewer(batch.asked_by_id)
    wish = Wish.from_json(batch.params)
    if viewer is None or not allows(viewer, SEEING) or not _reaches(viewer, _reach(viewer, wish)):
        raise NotAllowed(N_("Who asked for this may not see the audit any more."))
    files: FileStore = runtime.files
    wanted = filter_of(viewer, wish, runtime.settings.time_zone)
    walk = _Walk(viewer, wanted, batch.cursor.get("before"))
    number = batch.pieces + 1
    name = f"batches/{batch.id}/audit-{number}.csv"
    with files.writing(name) as target:
        for chunk in csv_chunks(HEAD, walk.rows()):
            target.write(chunk)
    db.session.rollback()
    made = [*batch.result.get("files", []), {"name": f"audit-{number}.csv", "stored": name, "type": "text/csv"}]
    return Piece(
        done=walk.count,
        cursor={"before": walk.before},
        result={"files": made, "reach": _reach(viewer, wish)},
        is_last=walk.is_over,
    )


class _Walk:
    """Pages of events until a file is full; one page is held at a time."""

    def __init__(self, viewer: Viewer, wanted: AuditFilter, before: int | None) -> None:
        self.viewer, self.wanted, self.before = viewer, wanted, before
        self.count, self.is_over = 0, False

    def rows(self) -> Iterator[list[Cell]]:
        while self.count < ROWS_PER_FILE and not self.is_over:
            page = page_of(self.viewer, self.wanted, before=self.before, size=ROWS_PER_PAGE)
            yield from _cells(page)
            self.count += len(page.events)
            self.before, self.is_over = page.next_before, page.next_before is None
            db.session.expunge_all()


def _cells(page: AuditPage) -> Iterator[list[Cell]]:
    links = {
        link.event_id: link
        for link in db.session.scalars(select(AuditLink).where(AuditLink.event_id.in_([one.id for one in page.events])))
    }
    for event in page.events:
        link = links.get(event.id)
        is_person = event.subject_kind == "user" and event.subject_id is not None
        yield [
            event.id,
            event.at.isoformat(timespec="milliseconds"),
            event.actor_id,
            page.people.get(event.actor_id, "") if event.actor_id else "",
            event.action,
            event.subject_kind,
            event.subject_id,
            page.people.get(event.subject_id, "") if is_person and event.subject_id else "",
            event.agency_id,
            page.agencies.get(event.agency_id, "") if event.agency_id else "",
            event.reason,
            json.dumps(event.detail, ensure_ascii=False, sort_keys=True),
            link.position if link else None,
            link.head if link else None,
        ]


def _reach(viewer: Viewer, wish: Wish) -> list[str] | None:
    """Paths of the subtrees that the file is about; None: everywhere."""
    if wish.agency_id is not None:
        return [db.session.get_one(Agency, wish.agency_id).path]
    paths = scope(viewer, SEEING)
    return None if paths is None else list(paths)


def _reaches(viewer: Viewer, about: list[str] | None) -> bool:
    paths = scope(viewer, SEEING)
    if paths is None:
        return True
    return about is not None and all(any(one.startswith(path) for path in paths) for one in about)


def check_fetching(batch: Batch, viewer: Viewer) -> None:
    """Whoever asked must still reach all that the file is about when they fetch it. Raises NotAllowed."""
    if not _reaches(viewer, batch.result.get("reach")):
        raise NotAllowed(N_("Who asked for this may not see the audit any more."))


def remove_old(files: FileStore, now: datetime) -> int:
    """Remove files that are older than DAYS_KEPT; of how many batches."""
    return batches.remove_old(
        files,
        now,
        kind=KIND,
        days=DAYS_KEPT,
        names_of=lambda batch: [one["stored"] for one in batch.result.get("files", [])],
        action="audit.export-removed",
    )
