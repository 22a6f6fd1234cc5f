"""Making a record piece by piece: collected once, drawn some pages at a time, bound and sealed at the end.

Each piece is some seconds of work and leaves its result in the file store, so that a worker that is killed goes on
where the last piece ended, and no more than a few pages are ever laid out at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lms.batches import Batch, Piece
from lms.certification.models import Certificate
from lms.certification.store import stored_document
from lms.clock import local_day
from lms.database import db
from lms.files import FileStore
from lms.records import collecting, sources
from lms.records.asking import Asked
from lms.records.blocks import Block, Writer, pieces
from lms.records.contents import content_blocks
from lms.records.cover import cover_blocks, description
from lms.reporting.exports import csv_chunks
from lms.settings import Settings

NAME = "training-record-{number}.pdf"

AUDIT_HEADS = ("number", "at_utc", "action", "by", "by_number", "about", "about_number", "reason")

PLACEHOLDER = 1
"""Stands for the count of pages until it is known."""


def make_piece(batch: Batch, runtime: Any) -> Piece:
    """The next piece of a record: `jobs.RUNNERS` calls it. Raises what `collecting.collect` raises."""
    from lms.certification.press import PressIsBusy

    files: FileStore = runtime.files
    try:
        if not batch.cursor:
            return _begin(batch, files, runtime.settings)
        if batch.cursor["next"] < batch.cursor["count"]:
            return _draw(batch, files)
        if "sha256" not in batch.result:
            return _bind(batch, files, runtime.settings)
        return _clear(batch, files)
    except PressIsBusy:
        return Piece(cursor=batch.cursor)  # the same again, after whoever draws now


def folder_of(batch_id: int) -> str:
    return f"records/{batch_id}"


def finished_name(batch_id: int) -> str:
    return f"{folder_of(batch_id)}/record.pdf"


def stored_names(batch: Batch) -> list[str]:
    """Everything that a record's batch may have put into the file store."""
    folder = folder_of(batch.id)
    count = batch.cursor.get("count", 0)
    return [
        finished_name(batch.id),
        f"{folder}/record.json",
        f"{folder}/plan.json",
        *(f"{folder}/attached-{number}" for number in range(batch.cursor.get("attached", 0))),
        *(f"{folder}/part-{number}" for number in range(count)),
    ]


def _begin(batch: Batch, files: FileStore, settings: Settings) -> Piece:
    """Collect the record and what is attached to it, and see how many pages come before its contents."""
    asked, folder = Asked.from_json(batch.params), folder_of(batch.id)
    record = collecting.collect(
        asked,
        asked_by_id=batch.asked_by_id,
        asked_at=batch.created_at,
        audit_event=batch.params.get("audit_event"),
        number=batch.id,
        settings=settings,
    )
    attached: list[dict[str, Any]] = []
    for name, what, values, content in _attachments(record, files):
        place = len(attached)
        files.write(f"{folder}/attached-{place}", content)
        attached.append(_line(name, what, values, content))
    db.session.rollback()
    content = collecting.to_bytes(record)
    files.write(f"{folder}/record.json", content)
    attached.append(_line("record.json", "is_record", {}, content))
    files.write(f"{folder}/plan.json", json.dumps({"attached": attached}).encode())
    writer = Writer(record, asked.language)
    first = _part(list(_cover(writer, attached, content, PLACEHOLDER)), writer, "cover", 1)
    count = sum(1 for _ in pieces(content_blocks(writer)))
    cursor = {"next": 0, "count": count, "page": page_count(first) + 1, "attached": len(attached) - 1}
    return Piece(done=1, total=count + 3, cursor=cursor)


def _draw(batch: Batch, files: FileStore) -> Piece:
    """The next pages of the contents."""
    number, page = batch.cursor["next"], batch.cursor["page"]
    writer = _writer(batch, files)
    blocks = next(islice(pieces(content_blocks(writer)), number, None))
    part = _part(blocks, writer, f"part{number}", page)
    files.write(f"{folder_of(batch.id)}/part-{number}", part)
    return Piece(done=1, cursor={**batch.cursor, "next": number + 1, "page": page + page_count(part)})


def _bind(batch: Batch, files: FileStore, settings: Settings) -> Piece:
    """The first pages again, now with the count of all; everything bound into one file, sealed and stored."""
    from lms.certification.press import Attached, press

    folder, writer = folder_of(batch.id), _writer(batch, files)
    plan = json.loads(read(files, f"{folder}/plan.json"))["attached"]
    content = read(files, f"{folder}/record.json")
    carried = [
        Attached(
            one["name"],
            description(writer, one),
            content if one["name"] == "record.json" else read(files, f"{folder}/attached-{place}"),
            "Source" if one["what"] == "is_source" else "Data",
        )
        for place, one in enumerate(plan)
    ]
    sheet = _sheet(list(_cover(writer, plan, content, batch.cursor["page"] - 1)), writer, 1, carried)
    parts = (read(files, f"{folder}/part-{number}") for number in range(batch.cursor["count"]))
    document = sealed(press().draw_bound(sheet, parts), settings)
    files.write(finished_name(batch.id), document)
    listed = {
        "name": NAME.format(number=batch.id),
        "stored": finished_name(batch.id),
        "type": "application/pdf",
    }
    digest = hashlib.sha256(document).hexdigest()
    return Piece(done=1, cursor=batch.cursor, result={"files": [listed], "sha256": digest})


def _clear(batch: Batch, files: FileStore) -> Piece:
    """Forget what the file was made from. A piece of its own: until the file is on record, its parts are needed."""
    for name in stored_names(batch):
        if name != finished_name(batch.id):
            files.delete(name)
    return Piece(done=1, cursor=batch.cursor, is_last=True)


def sealed(content: bytes, settings: Settings) -> bytes:
    """The finished file with the signature of the site's document signer."""
    from lms.certification.signers import signing_material
    from lms.certification.signing import sign

    return sign(content, signing_material(settings))


def read(files: FileStore, name: str) -> bytes:
    """What an earlier piece stored. Raises LookupError where it is gone: the piece is tried again later."""
    content = files.read(name)
    if content is None:
        raise LookupError(f"{name} is not in the file store")
    return content


def _writer(batch: Batch, files: FileStore) -> Writer:
    record = json.loads(read(files, f"{folder_of(batch.id)}/record.json"))
    return Writer(record, batch.params["language"])


def _cover(writer: Writer, attached: Sequence[Mapping[str, Any]], content: bytes, pages: int) -> Iterator[Block]:
    return cover_blocks(writer, attached, hashlib.sha256(content).hexdigest(), pages)


def _line(name: str, what: str, values: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "what": what,
        "values": dict(values),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _attachments(record: dict[str, Any], files: FileStore) -> Iterator[tuple[str, str, dict[str, Any], bytes]]:
    """The files that go with a record, one at a time, as (name, what it is, words for that, content)."""
    yield "record.schema.json", "is_schema", {}, (Path(__file__).parent / collecting.SCHEMA).read_bytes()
    yield "audit.csv", "is_audit", {}, b"".join(csv_chunks(AUDIT_HEADS, _audit_rows(record)))
    seen: set[str] = set()
    for course in record["courses"]:
        for one in course["sources"]:
            version_id = one.pop("version_id")
            name = f"source-{course['course']}-v{one['version']}.zip"
            one["attached_as"] = None if one["is_withheld"] else name
            if one["is_withheld"] or name in seen:
                continue
            seen.add(name)
            values = {"course": course["course"], "number": one["version"]}
            yield name, "is_source", values, sources.version_archive(version_id, **values, hash=one["content_hash"])
    for line in record["certificates"]:
        row = db.session.execute(
            select(Certificate.document_name, Certificate.document_hash).where(Certificate.code == line["code"])
        ).one()
        document = stored_document(row[0], row[1], files)
        line["attached_as"] = f"certificate-{line['code']}.pdf" if document is not None else None
        if document is not None:
            yield line["attached_as"], "is_certificate", {"code": line["code"]}, document.content


def _audit_rows(record: dict[str, Any]) -> Iterator[tuple[str | int | None, ...]]:
    keys = ("number", "at", "action", "by", "by_number", "about", "about_number", "reason")
    for event in record["audit"]["events"]:
        yield tuple(event[key] for key in keys)


def _part(blocks: Sequence[Block], writer: Writer, label: str, first_page: int) -> bytes:
    from lms.certification.press import press

    return press().draw_part(_sheet(blocks, writer, first_page), label)


def page_count(part: bytes) -> int:
    from lms.certification.binding import Part

    return len(Part.from_bytes(part).pages)


def _sheet(blocks: Sequence[Block], writer: Writer, first_page: int, attached: Sequence[Any] = ()) -> Any:
    from lms.certification import typefaces
    from lms.certification.press import Sheet
    from lms.certification.typesetting import Setter

    setter, record = Setter(), writer.record
    values = {
        "blocks": [
            {
                "kind": one.kind,
                "text": setter.set(one.text, typefaces.SERIF if one.kind in ("h1", "h2", "h3") else typefaces.SANS),
                "heads": [setter.set(head) for head in one.heads],
                "rows": [[setter.set(cell) for cell in row] for row in one.rows],
            }
            for one in blocks
        ],
        "running": f"{writer.word('number')}: {record['made']['number']} · {record['asked']['since']} – "
        f"{record['asked']['until']}",
        "first_page": first_page,
    }
    return Sheet(
        "record.html",
        "record.css",
        values,
        faces=tuple(sorted(setter.faces)),
        title=writer.word("of", name=typefaces.printable(record["person"]["name"])),
        author=typefaces.printable(record["site"]["provider"]),
        language=writer.language,
        dated=local_day(datetime.fromisoformat(record["made"]["asked_at"]), record["site"]["time_zone"]),
        attachments=tuple(attached),
    )
