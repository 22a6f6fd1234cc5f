"""Which build of the program is running: part of every page's ETag, so that a new release is seen at once."""

from __future__ import annotations

from hashlib import sha256

from lms.resources import PACKAGE, data_folder


def read_build() -> str:
    """A short hash over the code and the templates; the same on every machine that runs this release."""
    digest = sha256()
    for folder in (PACKAGE, data_folder("templates")):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".html", ".css", ".js", ".mo", ".svg", ".yaml"}:
                digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


BUILD = read_build()
