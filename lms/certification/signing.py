"""Signing a PDF: PAdES B-B (B-T with a timestamp server), invisible, and nothing may be changed afterwards."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from lms.certification.authority import SigningMaterial
from lms.clock import utc_now

log = logging.getLogger("lms.certification.signing")

T = TypeVar("T")

FIELD = "Signature"

TIMESTAMP_SECONDS = 5
"""So long a timestamp server may take, from the first byte to the last."""

PAUSE_SECONDS = 60
"""After a failure no timestamp is asked for so long: ten thousand documents must not wait five seconds each."""

_paused_until: dict[str, float] = {}


def sign(content: bytes, material: SigningMaterial) -> bytes:
    """The PDF with a signature that certifies it and allows no change.

    Takes a third of what drawing takes: never in a transaction. A timestamp server that fails or hangs is not waited
    for: the document is signed without a timestamp, the log says so, and it stays so. (The signer's certificate is
    valid for twenty years in any case, and a second signed file of one certificate would only raise questions.)
    """
    url = material.timestamp_url
    if url and time.monotonic() >= _paused_until.get(url, 0.0):
        try:
            return _finished(asyncio.wait_for(_signed(content, material, url), TIMESTAMP_SECONDS))
        except Exception as error:  # whatever a strange server makes a library raise
            _paused_until[url] = time.monotonic() + PAUSE_SECONDS
            log.warning("signed without a timestamp, %s failed: %s", url, type(error).__name__)
    return _finished(_signed(content, material, "", _room_for(material)))


def _finished(work: Coroutine[Any, Any, T]) -> T:
    """What an asynchronous library makes; whoever calls may be inside an event loop, and a thread takes one only."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


async def _signed(content: bytes, material: SigningMaterial, timestamp_url: str, room: int | None = None) -> bytes:
    """`room` is what the signature takes in the file, in bytes; None: the library signs once more to learn it, which
    only a timestamp server's answer asks for."""
    output = io.BytesIO()
    signer = signers.PdfSigner(
        signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
            subfilter=fields.SigSeedSubFilter.PADES,
        ),
        _signer(material),
        timestamper=_timestamper(timestamp_url) if timestamp_url else None,
        # Without a box it is invisible; a visible stamp would break both standards.
        new_field_spec=fields.SigFieldSpec(FIELD, box=None),
    )
    await signer.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content)), output=output, bytes_reserved=room)
    return output.getvalue()


@lru_cache(maxsize=4)
def _room_for(material: SigningMaterial) -> int:
    """The room for a signature without a timestamp: the same for every document of a key, so it is tried out once (that
    is nearly half of what signing takes). In hexadecimal digits, with half as much again, as the library reckons."""
    attributes = PdfCMSSignedAttributes(signing_time=utc_now())
    digest = bytes(hashlib.sha256().digest_size)
    tried = _finished(
        _signer(material).async_sign(digest, "sha256", dry_run=True, use_pades=True, signed_attr_settings=attributes)
    )
    length = 2 * len(tried.dump())
    return length + 2 * (length // 4)


@lru_cache(maxsize=4)
def _signer(material: SigningMaterial) -> signers.SimpleSigner:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(asn1_x509.Certificate.load(one) for one in material.chain)
    return signers.SimpleSigner(
        asn1_x509.Certificate.load(material.certificate),
        asn1_keys.PrivateKeyInfo.load(material.private),
        store,
        # Who checks has the root from elsewhere or does not trust it; here it would be bytes that nothing protects.
        embed_roots=False,
    )


@lru_cache(maxsize=4)
def _timestamper(url: str) -> HTTPTimeStamper:
    """Kept: it asks once how large an answer is, then once for each document."""
    return HTTPTimeStamper(url, timeout=TIMESTAMP_SECONDS)
