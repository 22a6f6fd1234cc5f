"""The stored PDF of a certificate: drawn once, at its first view, kept with its hash, then a file that is read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.database import db
from lms.files import FileStore
from lms.people import audit

if TYPE_CHECKING:
    from lms.certification.pressroom import Pressroom


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF and the name and hash it is stored under; `is_new` where the row does not know of it yet."""

    content: bytes
    name: str
    hash: str
    is_new: bool
    missing: str = ""
    """Letters of what was printed that no font here has, as U+20BB7: 〓 stands in their place."""


def document_name(code: str) -> str:
    """Where in the file store a certificate's PDF lies."""
    return f"certificates/{code[:2]}/{code}.pdf"


def stored_document(name: str | None, known_hash: str | None, files: FileStore) -> Document | None:
    """The PDF as it was stored; None where it was not drawn yet, is gone, or is not what was stored."""
    if name is None or known_hash is None:
        return None
    content = files.read(name)
    if content is None or hashlib.sha256(content).hexdigest() != known_hash:
        return None
    return Document(content, name, known_hash, is_new=False)


def draw_document(facts: CertificateFacts, files: FileStore) -> Document:
    """Draw the PDF and store it. Takes about a tenth of a second: the caller holds no transaction."""
    # Here, and not above: what draws takes 30 MB, and a process that draws nothing need not hold it.
    from lms.certification.documents import draw

    return _store(facts, draw(facts), files)


def draw_documents(many: Sequence[CertificateFacts], files: FileStore, room: Pressroom) -> list[Document | str]:
    """The same for many, drawn by the children of a pressroom; in the place of one that cannot be drawn, why not."""
    from lms.certification.documents import Order

    drawings = room.draw_each(Order(facts) for facts in many)
    return [
        drawing.error if drawing.content is None else _store(facts, drawing.content, files)
        for facts, drawing in zip(many, drawings, strict=True)
    ]


def _store(facts: CertificateFacts, content: bytes, files: FileStore) -> Document:
    from lms.certification import typefaces

    name = document_name(facts.code)
    files.write(name, content)
    missing = typefaces.missing_letters(facts.texts)
    return Document(content, name, hashlib.sha256(content).hexdigest(), is_new=True, missing=missing)


def record_document(certificate_id: int, document: Document, now: datetime) -> None:
    """Note on the row which PDF was issued. The caller commits.

    Two first views at once draw the same bytes. A lost file that a newer program draws differently gets its new hash,
    and the old one goes into the audit: the old bytes no longer verify by upload, their code still does. A letter that
    could not be printed goes into the audit too, where an administrator finds it.
    """
    certificate = db.session.scalars(
        select(Certificate).where(Certificate.id == certificate_id).with_for_update()
    ).one()
    if certificate.document_hash == document.hash:
        return
    if document.missing:
        audit.note(
            "certificate.letters-missing", "certificate", certificate_id, actor_id=None, letters=document.missing
        )
    if certificate.document_hash is not None:
        audit.note(
            "certificate.redrawn", "certificate", certificate_id, actor_id=None, earlier_hash=certificate.document_hash
        )
    certificate.document_name = document.name
    certificate.document_hash = document.hash
