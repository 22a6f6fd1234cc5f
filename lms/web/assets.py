"""Course files on their way to a browser: a known type or a plain download, never something that runs."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import PurePosixPath

from flask import send_file
from werkzeug.wrappers import Response

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


def asset_response(path: str, content: bytes) -> Response:
    """The file. Its type goes by the name's ending alone; what it holds is never guessed at."""
    media_type = SAFE_TYPES.get(PurePosixPath(path).suffix.lower())
    return send_file(
        BytesIO(content),
        mimetype=media_type or "application/octet-stream",
        as_attachment=media_type is None,
        download_name=PurePosixPath(path).name,
        conditional=True,
        etag=hashlib.sha256(content).hexdigest()[:32],
    )
