"""Reading a PDF's signature: whether the file is still what was signed, and by whom. Never its text.

A strange file may be made to keep a reader busy for ever: `examining.py` reads those in a process with limits.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Self

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

State = Literal["too-large", "not-pdf", "encrypted", "unreadable", "unsigned", "changed", "foreign", "genuine"]

log = logging.getLogger("lms.certification.signatures")

for _name in ("pyhanko", "pyhanko_certvalidator"):  # they log a stack for each file that does not verify
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Examination:
    """What a file's signature says. `genuine`: intact, valid, under a root of this site, over the whole file.

    `foreign`: intact, by somebody whom this site does not know. `changed`: signed once, then changed; `signer` and
    `is_ours` say what is known of who signed what it was (only an intact signature proves even that).
    """

    state: State
    signer: str = ""
    signed_at: str = ""
    has_timestamp: bool = False
    is_ours: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        return cls(**values)

    @property
    def moment(self) -> datetime | None:
        return datetime.fromisoformat(self.signed_at) if self.signed_at else None


def examine(content: bytes, roots: Sequence[bytes]) -> Examination:
    """What a PDF's signature says, given the roots (DER) that this site vouches for. Raises nothing."""
    if b"%PDF-" not in content[:1024]:
        return Examination("not-pdf")
    try:
        return _examine(content, roots)
    except Exception as error:  # a file made to break a reader may make it raise anything
        log.info("a file cannot be read as PDF: %s", type(error).__name__)
        return Examination("unreadable")


def _examine(content: bytes, roots: Sequence[bytes]) -> Examination:
    reader = PdfFileReader(io.BytesIO(content), strict=False)
    if reader.encrypted:
        return Examination("encrypted")
    signatures: list[EmbeddedPdfSignature] = reader.embedded_regular_signatures
    if not signatures:
        return Examination("unsigned")
    signature = signatures[0]
    trusted = [asn1_x509.Certificate.load(root) for root in roots]
    try:
        return _judged(signature, trusted, len(signatures) == 1)
    except Exception as error:  # the signature itself was tampered with
        log.info("a signature cannot be read: %s", type(error).__name__)
        return Examination("changed")


def _judged(signature: EmbeddedPdfSignature, trusted: list[asn1_x509.Certificate], is_only: bool) -> Examination:
    context = ValidationContext(trust_roots=trusted, allow_fetching=False)
    status = validate_pdf_signature(signature, context, ts_validation_context=context)
    stamp = status.timestamp_validity
    is_whole = is_only and status.coverage == SignatureCoverageLevel.ENTIRE_FILE and _is_padded_with_zeros(signature)
    at = stamp.timestamp if stamp else status.signer_reported_dt
    known: dict[str, Any] = {
        "signer": str(
            status.signing_cert.subject.native.get("common_name") or status.signing_cert.subject.human_friendly
        ),
        "signed_at": at.isoformat() if at else "",
        "has_timestamp": bool(stamp and stamp.intact and stamp.valid),
        "is_ours": bool(status.trusted),
    }
    is_whole = is_whole and (stamp is None or bool(stamp.intact and stamp.valid))
    is_untouched = status.intact and status.valid and is_whole and status.docmdp_ok
    if not is_untouched or (status.trusted and not _is_as_we_write(signature)):
        return Examination("changed", **known)
    return Examination("genuine" if status.trusted else "foreign", **known)


def _is_padded_with_zeros(signature: EmbeddedPdfSignature) -> bool:
    """The one place that a signature does not cover is the room that was kept for it: nothing may hide there."""
    raw: bytes = signature.pkcs7_content
    length = len(core.Any.load(raw).dump())
    return not raw[length:].strip(b"\0")


def _is_as_we_write(signature: EmbeddedPdfSignature) -> bool:
    """Whether what no signature covers in a signature's own envelope (its version, the names of its algorithms) is as
    this site writes it. Readers overlook changes there; with this, a changed bit anywhere in the file is seen."""
    raw: bytes = signature.pkcs7_content
    envelope = cms.ContentInfo.load(raw[: len(core.Any.load(raw).dump())])
    signed, info = envelope["content"], signature.signer_info
    algorithm = {"algorithm": "sha256", "parameters": None}
    return (
        bytes(envelope.copy().dump(force=True)) == bytes(envelope.dump())
        and signed["version"].native == info["version"].native == "v1"
        and signed["digest_algorithms"].native == [algorithm]
        and info["digest_algorithm"].native == algorithm
        and info["signature_algorithm"]["parameters"].native is None
    )
