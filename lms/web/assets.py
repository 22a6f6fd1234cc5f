"""Course files on their way to a browser: a known type or a plain download, never something that runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

SAFE_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".vtt": "text/vtt; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".pdf": "application/pdf",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
}
"""Everything else is handed over as a download of no type. SVG is only ever shown in a sandbox (see the view)."""


@dataclass(frozen=True, slots=True)
class AssetValues:
    """What a response for one file is made of."""

    stream: BytesIO
    media_type: str
    is_attachment: bool
    name: str
    etag: str


def asset_response_values(path: str, content: bytes) -> AssetValues:
    """The type goes by the name's ending alone; what the file holds is never guessed at."""
    name = PurePosixPath(path).name
    media_type = SAFE_TYPES.get(PurePosixPath(path).suffix.lower())
    return AssetValues(
        stream=BytesIO(content),
        media_type=media_type or "application/octet-stream",
        is_attachment=media_type is None,
        name=name,
        etag=hashlib.sha256(content).hexdigest()[:32],
    )
