"""The text that was taught, as it was published, byte for byte: a version's files in one archive."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from lms.catalog.models import Blob, VersionFile
from lms.database import db

LARGEST_MEDIA_BYTES = 5_000_000
MOST_MEDIA_BYTES = 20_000_000
"""All media of one version together; what is left out is named with its hash."""

MANIFEST = "MANIFEST.json"
FIXED = (1980, 1, 1, 0, 0, 0)
"""The same files make the same archive."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a version: how large it is, and the SHA-256 of its bytes."""

    path: str
    size: int
    sha256: str


def pack(sources: Sequence[Source], read: Callable[[str], bytes], *, course: str, number: int, hash: str) -> bytes:
    """A zip of a version's files below `files/`, with a manifest of all of them, those left out too.

    `read` gives the bytes of a hash; it is asked for one file at a time.
    """
    kept = chosen(sources)
    manifest = {
        "course": course,
        "version": number,
        "content_hash": hash,
        "content_hash_is": "SHA-256 over every file, in the order of the bytes of its path: the length of the path, a"
        " colon, the path, the length of the file, a colon, the file. Lengths in decimal digits.",
        "files": [
            {"path": one.path, "bytes": one.size, "sha256": one.sha256, "is_included": one.path in kept}
            for one in sources
        ],
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_entry(MANIFEST), json.dumps(manifest, indent=2, ensure_ascii=False))
        for one in sources:
            if one.path in kept:
                archive.writestr(_entry(f"files/{one.path}"), read(one.sha256))
    return target.getvalue()


def chosen(sources: Sequence[Source]) -> frozenset[str]:
    """The paths that go in: every text, and media as long as they are small, alone and together."""
    kept, media_bytes = set(), 0
    for one in sources:
        if not one.path.startswith("media/"):
            kept.add(one.path)
        elif one.size <= LARGEST_MEDIA_BYTES and media_bytes + one.size <= MOST_MEDIA_BYTES:
            kept.add(one.path)
            media_bytes += one.size
    return frozenset(kept)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, FIXED)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def version_archive(version_id: int, *, course: str, number: int, hash: str) -> bytes:
    """The archive of a published version."""
    rows = db.session.execute(
        select(VersionFile.path, func.length(Blob.content), Blob.hash)
        .join(Blob, Blob.hash == VersionFile.blob_hash)
        .where(VersionFile.version_id == version_id)
    )
    sources = sorted((Source(*row) for row in rows), key=lambda one: one.path)
    return pack(sources, _content, course=course, number=number, hash=hash)


def _content(sha256: str) -> bytes:
    return db.session.scalars(select(Blob.content).where(Blob.hash == sha256)).one()
