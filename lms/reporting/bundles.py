"""Many certificates as files: drawn and stored a handful at a time, packed with an index, perhaps merged for printing.

A batch goes through the certificates by id. After every VOLUME of them, and at the end, it packs what it has gone
through since the last time into a zip of its own. So no piece takes long, none holds more than one volume, and a piece
that is done again after a kill writes the same files under the same names.
"""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, select, true

from lms import batches
from lms.access import Viewer, allows, scope, within
from lms.batches import Batch, Piece
from lms.certification import store
from lms.certification.badges import issuing
from lms.certification.evidence_files import neutral_name
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.certification.seeing import seen_by
from lms.certification.signers import signing_material
from lms.certification.standing import status_of
from lms.clock import local_day, utc_now
from lms.database import db, run_transaction
from lms.errors import N_, NotAllowed
from lms.files import FileStore
from lms.people.models import Agency
from lms.people.signins import load_viewer
from lms.reporting.bundle_keeping import KIND, NEEDED, Wish, reach_of, stored_name
from lms.reporting.exports import csv_chunks
from lms.reporting.printing import merge
from lms.settings import Settings

if TYPE_CHECKING:
    from lms.certification.pressroom import Pressroom

DRAWN = 40
"""So many a piece: two children draw ten at a time, twice."""

VOLUME = 250
"""So many in one zip and one merged PDF, which is made in memory."""

HEAD = ("code", "name", "agency", "course", "completed", "valid until", "status", "file")
"""In English in every language: programs read it."""

FALLEN = {
    "revoked": N_("It was revoked."),
    "superseded": N_("It was replaced by another certificate."),
    "erased": N_("Its holder had their data erased."),
}

_room: Pressroom | None = None
_room_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Row:
    """What of a certificate outlives the transaction in which it was read."""

    id: int
    facts: CertificateFacts
    status: str
    document_name: str | None
    document_hash: str | None

    @property
    def item(self) -> str:
        return f"{self.facts.printed_name} ({self.facts.code})"

    @property
    def file(self) -> str:
        """Named by code and person: two files of one name would be one once they are unpacked. A slash in a name
        (“RN/BSN”) parts no folders here."""
        name = self.facts.printed_name.translate({ord("/"): "-", ord("\\"): "-"})
        return neutral_name(f"{self.facts.code} {name}.pdf", "pdf")


def ask(wish: Wish, *, asked_by_id: int) -> Batch:
    """Begin. The caller commits. Raises Conflict where the same person has enough under way."""
    batches.refuse_many(KIND, asked_by_id=asked_by_id)
    return batches.begin(KIND, wish.to_json(), asked_by_id=asked_by_id)


def do_piece(batch: Batch, runtime: Any) -> Piece:
    """The next piece: draw a handful, or pack a volume. With the asker's rights of now. Raises NotAllowed."""
    viewer = load_viewer(batch.asked_by_id)
    if viewer is None or not all(allows(viewer, one) for one in NEEDED):
        _close_room()
        raise NotAllowed(N_("Who asked for this may not see these certificates any more."))
    settings: Settings = runtime.settings
    wish, now = Wish.from_json(batch.params), utc_now()
    condition = chosen(viewer, wish, local_day(now, settings.time_zone))
    reach = batches.reach_with(batch, reach_of(viewer, wish))
    if batch.cursor.get("pack"):
        piece = _pack(batch, wish, condition, now, runtime.files)
    else:
        piece = _draw(batch, condition, now, runtime.files, settings)
    return replace(piece, result={**piece.result, "reach": reach})


def chosen(viewer: Viewer, wish: Wish, today: date) -> ColumnElement[bool]:
    """The condition of what is wished for, within what the viewer's agencies see (`certification.seeing`)."""
    agencies = select(Agency.id).where(*(within(viewer, one) for one in NEEDED))
    if wish.agency_id is not None:
        path = select(Agency.path).where(Agency.id == wish.agency_id).scalar_subquery()
        agencies = agencies.where(Agency.path.startswith(path))
    is_everything = wish.agency_id is None and all(scope(viewer, one) is None for one in NEEDED)
    conditions: list[ColumnElement[bool]] = [true() if is_everything else seen_by(agencies, today)]
    if wish.course_id is not None:
        conditions.append(Certificate.course_id == wish.course_id)
    if wish.certification_id is not None:
        conditions.append(Certificate.certification_id == wish.certification_id)
    if wish.since is not None:
        conditions.append(Certificate.completed_on >= wish.since)
    if wish.until is not None:
        conditions.append(Certificate.completed_on <= wish.until)
    return and_(*conditions)


def _draw(batch: Batch, condition: ColumnElement[bool], now: datetime, files: FileStore, settings: Settings) -> Piece:
    cursor: dict[str, Any] = {"after": 0, "begin": 0, "count": 0, "volume": 1, **batch.cursor}
    total = batch.total
    if total is None:
        total = db.session.scalar(select(func.count()).select_from(Certificate).where(condition)) or 0
    size = min(DRAWN, VOLUME - cursor["count"])
    rows = _rows(condition, cursor["after"], None, now, size)
    db.session.rollback()  # no transaction is open while it is drawn
    problems = [(row.item, FALLEN[row.status]) for row in rows if row.status in FALLEN]
    standing = [row for row in rows if row.status not in FALLEN]
    missing = [row for row in standing if store.stored_document(row.document_name, row.document_hash, files) is None]
    drawn = _drawn(missing, files, settings) if missing else []
    made = [(row, one) for row, one in zip(missing, drawn, strict=True) if isinstance(one, store.Document)]
    problems += [
        (row.item, N_("It could not be drawn."))
        for row, one in zip(missing, drawn, strict=True)
        if isinstance(one, str)
    ]
    if made:
        for unused in run_transaction(lambda: _record(made, now)):
            files.delete(unused)
    cursor["count"] += len(rows)
    cursor["after"] = rows[-1].id if rows else cursor["after"]
    is_through = len(rows) < size
    cursor["pack"] = is_through or cursor["count"] >= VOLUME
    cursor["through"] = is_through
    return Piece(done=len(rows) - len(problems), problems=problems, cursor=cursor, total=total)


def _drawn(rows: Sequence[Row], files: FileStore, settings: Settings) -> list[store.Document | str]:
    """Each as it is given out one by one: with its badge in it, signed."""
    signer, orders = signing_material(settings), []
    for row in rows:
        carried = issuing.badge_attachment(row.id, settings)
        orders.append(store.order_of(row.facts, files, signer, [carried] if carried else []))
    db.session.rollback()
    return store.draw_documents(orders, files, _pressroom(), signer)


def _record(made: Sequence[tuple[Row, store.Document]], now: datetime) -> list[str]:
    """Note what was issued; the names of files that somebody's first view was faster than."""
    return [
        document.name for row, document in made if not store.record_document(row.id, document, row.document_hash, now)
    ]


def _pack(batch: Batch, wish: Wish, condition: ColumnElement[bool], now: datetime, files: FileStore) -> Piece:
    cursor = dict(batch.cursor)
    rows = [
        row
        for row in _rows(condition, cursor["begin"], cursor["after"], now, VOLUME)
        if row.status not in FALLEN and row.document_name is not None
    ]
    db.session.rollback()
    made: list[dict[str, str]] = list(batch.result.get("files", []))
    if rows:
        number = cursor["volume"]
        made.append(_write_zip(stored_name(batch.id, number, "zip"), rows, files))
        if wish.is_merged:
            made.append(_write_merged(stored_name(batch.id, number, "pdf"), rows, files))
    is_last = bool(cursor["through"])
    if is_last:
        _close_room()
    further = {"after": cursor["after"], "begin": cursor["after"], "count": 0, "volume": cursor["volume"] + 1}
    return Piece(cursor=further, result={"files": made}, is_last=is_last)


def _write_zip(name: str, rows: Sequence[Row], files: FileStore) -> dict[str, str]:
    """Each PDF read and written one after the other; PDFs are packed already, so they are only stored."""
    with files.writing(name) as target, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for row, content in _contents(rows, files):
            day = row.facts.completed_on
            archive.writestr(zipfile.ZipInfo(row.file, (max(day.year, 1980), day.month, day.day, 0, 0, 0)), content)
        index = b"".join(csv_chunks(HEAD, (_cells(row) for row in rows)))
        archive.writestr("index.csv", index, zipfile.ZIP_DEFLATED)
    return {"name": name.rpartition("/")[2], "stored": name, "type": "application/zip"}


def _write_merged(name: str, rows: Sequence[Row], files: FileStore) -> dict[str, str]:
    files.write(name, merge(content for _row, content in _contents(rows, files)))
    return {"name": name.rpartition("/")[2], "stored": name, "type": "application/pdf"}


def _contents(rows: Sequence[Row], files: FileStore) -> Iterator[tuple[Row, bytes]]:
    for row in rows:
        content = files.read(row.document_name or "")
        if content is not None:
            yield row, content


def _cells(row: Row) -> list[str]:
    facts = row.facts
    end = facts.valid_until.isoformat() if facts.valid_until else ""
    return [
        facts.code, facts.printed_name, facts.agency_name, facts.title, facts.completed_on.isoformat(), end, row.status,
        row.file,
    ]  # fmt: skip


def _rows(condition: ColumnElement[bool], after: int, to: int | None, now: datetime, limit: int) -> list[Row]:
    query = select(Certificate).where(condition, Certificate.id > after).order_by(Certificate.id).limit(limit)
    if to is not None:
        query = query.where(Certificate.id <= to)
    return [
        Row(
            row.id,
            CertificateFacts.from_json(row.facts),
            "erased" if row.erased_at is not None else status_of(row, now),
            row.document_name,
            row.document_hash,
        )
        for row in db.session.scalars(query)
    ]


def _pressroom() -> Pressroom:
    """The children of this worker, made when first needed and ended with the batch."""
    global _room
    # Here, and not above: the web asks for bundles too, and need not hold what draws.
    from lms.certification.pressroom import Pressroom

    with _room_lock:
        _room = _room or Pressroom()
        return _room


def _close_room() -> None:
    global _room
    with _room_lock:
        room, _room = _room, None
    if room is not None:
        room.close()
