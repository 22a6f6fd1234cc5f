"""The file store: documents by name, in a folder of the instance by default, in S3 or elsewhere by setting."""

from __future__ import annotations

from typing import Any

import fsspec

from lms.settings import Settings


class FileStore:
    """Bytes under slash-separated names that the program itself makes (never a name that a person typed)."""

    def __init__(self, settings: Settings) -> None:
        url = settings.files_url or f"file://{settings.instance / 'files'}"
        self._system: Any
        self._root: str
        self._system, self._root = fsspec.core.url_to_fs(url)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def write(self, name: str, content: bytes) -> None:
        """Store `content`, whole or not at all: it is written beside and then moved into place."""
        path = self._path(name)
        self._system.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        with self._system.transaction, self._system.open(path, "wb") as handle:
            handle.write(content)

    def read(self, name: str) -> bytes | None:
        """The content, or None where nothing is stored under that name."""
        try:
            content: bytes = self._system.cat_file(self._path(name))
        except FileNotFoundError:
            return None
        return content

    def delete(self, name: str) -> None:
        """Forget what is stored under a name; nothing happens where nothing is."""
        if self._system.exists(self._path(name)):
            self._system.rm_file(self._path(name))
