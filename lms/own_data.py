"""Everything about a person in one file: a zip of JSON by room, with PDFs and evidence; made by a batch."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from lms import batches
from lms.batches import Batch, Piece
from lms.certification import store
from lms.certification.badges import issuing
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.certification.signers import signing_material
from lms.clock import utc_now
from lms.database import db, run_transaction
from lms.errors import N_, Conflict
from lms.files import FileStore
from lms.outbox import OutboxMessage
from lms.people.finding import address_of
from lms.people.merged import accounts_of
from lms.people.models import AuditEvent, User
from lms.people.persons import export_claims, plain
from lms.person_rooms import FIRSTS, ROOMS
from lms.resources import data_folder
from lms.settings import Settings

KIND = "own-data"
DAYS_KEPT = 7
DRAWN = 5
"""So many PDFs a piece."""
FORMAT = 1


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    facts: CertificateFacts
    name: str | None
    hash: str | None


def ask(user_id: int) -> Batch:
    """Begin. The caller commits. Raises Conflict where it is under way already."""
    db.session.execute(select(User.id).where(User.id == user_id).with_for_update())
    if any(one.kind == KIND and not one.is_over for one in batches.batches_of(user_id)):
        raise Conflict(N_("Your data is being put together already."))
    return batches.begin(KIND, {}, asked_by_id=user_id)


def collect(user_id: int) -> dict[str, dict[str, Any]]:
    """What every room keeps of a person, and of the accounts that were put together with theirs."""
    accounts = accounts_of(user_id)
    found: dict[str, dict[str, Any]] = {}
    for room in ROOMS:
        tables: dict[str, list[Any]] = {}
        for account in accounts:
            for name, rows in export_claims(room, FIRSTS, account).items():
                tables.setdefault(name, []).extend(rows)
        found[room.name] = dict(tables)
    found["people"]["what_was_done_about_you"] = _about(accounts)
    found["people"]["messages_to_you"] = _messages(accounts)
    return found


def _about(accounts: list[int]) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(AuditEvent)
        .where(AuditEvent.subject_kind == "user", AuditEvent.subject_id.in_(accounts))
        .order_by(AuditEvent.id)
    )
    return [{"at": plain(one.at), "action": one.action} for one in rows]


def _messages(accounts: list[int]) -> list[dict[str, Any]]:
    """Those to the account, and those to an address that it has or had."""
    addresses = select(address_of()).where(User.id.in_(accounts))
    own = [email for email in db.session.scalars(addresses) if email]
    is_theirs = or_(
        OutboxMessage.payload["to_user_id"].as_integer().in_(accounts), OutboxMessage.payload["to"].as_string().in_(own)
    )
    rows = db.session.scalars(select(OutboxMessage).where(is_theirs).order_by(OutboxMessage.id))
    return [
        {"kind": one.payload.get("template", one.kind), "queued_at": plain(one.created_at),
         "delivered_at": plain(one.delivered_at)}
        for one in rows
    ]  # fmt: skip


FILE_NAMES = {"en": "your-data.zip", "es": "sus-datos.zip"}


def make_piece(batch: Batch, runtime: Any) -> Piece:
    """Draw some of the certificates that have no PDF yet; then everything is written at once."""
    files: FileStore = runtime.files
    after = int(batch.cursor.get("after", 0))
    rows = _certificates(batch.asked_by_id, after, utc_now())
    db.session.rollback()
    if rows:
        for row in rows[:DRAWN]:
            _draw(row, files, runtime.settings)
        return Piece(done=len(rows[:DRAWN]), cursor={"after": rows[:DRAWN][-1].id}, total=batch.done + len(rows) + 1)
    spoken = db.session.scalar(select(User.language).where(User.id == batch.asked_by_id))
    shown_name = FILE_NAMES.get(spoken or "", FILE_NAMES["en"])
    name = f"batches/{batch.id}/{shown_name}"
    _write(name, batch.asked_by_id, files, runtime.settings)
    file = {"name": shown_name, "stored": name, "type": "application/zip"}
    return Piece(done=1, cursor=batch.cursor, result={"files": [file]}, is_last=True)


def _certificates(user_id: int, after: int, now: datetime) -> list[_Row]:
    """Those that stand; of the others no PDF is given out."""
    found = db.session.scalars(
        select(Certificate)
        .where(
            Certificate.user_id == user_id,
            Certificate.id > after,
            Certificate.revoked_at.is_(None),
            Certificate.superseded_by_id.is_(None),
        )
        .order_by(Certificate.id)
    )
    return [_Row(one.id, CertificateFacts.from_json(one.facts), one.document_name, one.document_hash) for one in found]


def _draw(row: _Row, files: FileStore, settings: Settings) -> None:
    if store.stored_document(row.name, row.hash, files) is not None:
        return
    signer, carried = signing_material(settings), issuing.badge_attachment(row.id, settings)
    db.session.rollback()
    drawn = store.draw_document(row.facts, files, signer, [carried] if carried else [])
    if not run_transaction(lambda: store.record_document(row.id, drawn, row.hash, utc_now())):
        files.delete(drawn.name)


def _write(name: str, user_id: int, files: FileStore, settings: Settings) -> None:
    now = utc_now()
    data, rows = collect(user_id), _certificates(user_id, 0, now)
    handed_in = [one for room in ROOMS if room.files_of is not None for one in room.files_of(user_id, files)]
    db.session.rollback()
    with files.writing(name) as target, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _read_me(settings.site_name, now))
        for room, tables in data.items():
            whole = {"format": FORMAT, "part": room, "as_of": now.isoformat(), **tables}
            archive.writestr(f"data/{room}.json", json.dumps(whole, ensure_ascii=False, indent=1))
        for row in rows:
            content = files.read(row.name) if row.name else None
            if content is not None:
                archive.writestr(f"certificates/{row.facts.code}.pdf", content, zipfile.ZIP_STORED)
        for shown, stored in handed_in:
            content = files.read(stored)
            if content is not None:
                archive.writestr(shown.replace("..", "."), content)


def _read_me(site: str, now: datetime) -> str:
    """What is in the zip, in both languages: the file is read elsewhere, years later."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((data_folder("templates") / "own_data").glob("*.txt"))]
    return "\n".join(texts).format(site=site, moment=f"{now:%Y-%m-%d %H:%M} UTC")


def remove_old(files: FileStore, now: datetime) -> int:
    """The file leaves the store after DAYS_KEPT; of how many batches."""
    return batches.remove_old(files, now, kind=KIND, days=DAYS_KEPT, names_of=_stored, action="own-data.removed")


def _stored(batch: Batch) -> list[str]:
    return [one["stored"] for one in batch.result.get("files", [])]
