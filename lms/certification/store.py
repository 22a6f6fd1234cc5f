"""The stored PDF of a certificate: drawn and signed once, kept with its hash, then a file that is read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from lms.certification.authority import SigningMaterial
from lms.certification.designs import PACK
from lms.certification.document_models import IssuedDocument
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.database import db, insert_into
from lms.files import FileStore
from lms.people import audit

if TYPE_CHECKING:
    from lms.certification.documents import Order
    from lms.certification.press import Attached
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
    kid: str | None = None
    """Who signed it."""


def document_name(code: str, digest: str) -> str:
    """Where in the file store a certificate's PDF lies. No two signed files are alike: the name tells them apart, so
    that two first views at once do not write over each other."""
    return f"certificates/{code[:2]}/{code}-{digest[:16]}.pdf"


def logo_name(digest: str) -> str:
    """Where in the file store an agency's logo lies: by its content, so that what was awarded with it keeps it."""
    return f"logos/{digest}.png"


def pack_name(digest: str) -> str:
    """Where in the file store an agency's own design lies; it stays as long as a certificate may be drawn in it."""
    return f"designs/{digest}.zip"


def stored_document(name: str | None, known_hash: str | None, files: FileStore) -> Document | None:
    """The PDF as it was stored; None where it was not drawn yet, is gone, or is not what was stored."""
    if name is None or known_hash is None:
        return None
    content = files.read(name)
    if content is None or hashlib.sha256(content).hexdigest() != known_hash:
        return None
    return Document(content, name, known_hash, is_new=False)


def order_of(
    facts: CertificateFacts,
    files: FileStore,
    signer: SigningMaterial | None = None,
    attachments: Sequence[Attached] = (),
) -> Order:
    """What the press needs for a certificate: its facts, and what of it lies in the file store."""
    # Here, and not above: what draws takes 30 MB, and a process that draws nothing need not hold it.
    from lms.certification.documents import Order

    logo = files.read(logo_name(facts.logo)) if facts.logo else None
    pack = files.read(pack_name(facts.design.removeprefix(PACK))) if facts.design.startswith(PACK) else None
    return Order(facts, attachments=tuple(attachments), signer=signer, logo=logo or b"", pack=pack or b"")


def draw_document(
    facts: CertificateFacts,
    files: FileStore,
    signer: SigningMaterial | None = None,
    attachments: Sequence[Attached] = (),
) -> Document:
    """Draw the PDF with what it carries, sign it, store it. Takes about a tenth of a second: the caller holds no
    transaction."""
    from lms.certification.documents import draw_orders

    (content,) = draw_orders([order_of(facts, files, signer, attachments)])
    return keep_document(facts, content, files, signer)


def draw_documents(
    orders: Sequence[Order], files: FileStore, room: Pressroom, signer: SigningMaterial | None = None
) -> list[Document | str]:
    """The same for many, drawn by the children of a pressroom; in the place of one that cannot be drawn, why not."""
    return [
        drawing.error if drawing.content is None else keep_document(order.facts, drawing.content, files, signer)
        for order, drawing in zip(orders, room.draw_each(orders), strict=True)
    ]


def keep_document(
    facts: CertificateFacts, content: bytes, files: FileStore, signer: SigningMaterial | None = None
) -> Document:
    """Store a PDF that was drawn, here or in the pressroom; `record_document` comes next."""
    from lms.certification import typefaces

    digest = hashlib.sha256(content).hexdigest()
    name = document_name(facts.code, digest)
    files.write(name, content)
    missing = typefaces.missing_letters(facts.texts)
    return Document(content, name, digest, is_new=True, missing=missing, kid=signer.kid if signer else None)


def record_document(certificate_id: int, document: Document, replaces: str | None, now: datetime) -> bool:
    """Note which PDF was issued, in place of the one with the hash `replaces` (None: it is the first). The caller
    commits. False where another one was recorded meanwhile: then that one is issued, and `document` nobody's.

    What replaces a lost file is another drawing with another signature. Both hashes stay known, so that whoever has
    the old file is still told that it was issued here. A letter that could not be printed goes into the audit, where
    an administrator finds it.
    """
    certificate = db.session.scalars(
        select(Certificate).where(Certificate.id == certificate_id).with_for_update()
    ).one()
    if certificate.document_hash == document.hash:
        return True
    if certificate.document_hash != replaces:
        return False
    if document.missing:
        audit.note(
            "certificate.letters-missing", "certificate", certificate_id, actor_id=None, letters=document.missing
        )
    if replaces is not None:
        audit.note("certificate.redrawn", "certificate", certificate_id, actor_id=None, earlier_hash=replaces)
    db.session.execute(
        insert_into(IssuedDocument)
        .values(
            certificate_id=certificate_id,
            sha256=document.hash,
            stored_name=document.name,
            signed_with_kid=document.kid,
            drawn_at=now,
        )
        .on_conflict_do_nothing()
    )
    certificate.document_name = document.name
    certificate.document_hash = document.hash
    return True
