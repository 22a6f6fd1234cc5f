"""The file store: documents by name, in a folder of the instance by default, in S3 or elsewhere by setting."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from lms.settings import Settings

PART = ".part"
"""How the name of a file ends that is not whole yet."""

PIECE = 1_000_000


class FileStore:
    """Bytes under slash-separated names that the program itself makes (never a name that a person typed)."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.files_url or f"file://{settings.instance / 'files'}"

    @property
    def _system(self) -> Any:
        """The file system of this thread: fsspec keeps one for each, since two threads may not share one."""
        return fsspec.core.url_to_fs(self._url)[0]

    def _path(self, name: str) -> str:
        root: str = fsspec.core.url_to_fs(self._url)[1]
        return f"{root.rstrip('/')}/{name}"

    def write(self, name: str, content: bytes) -> None:
        """Store `content`, whole or not at all."""
        with self.writing(name) as handle:
            handle.write(content)

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """What is written within is stored, whole or not at all: it goes beside, to the disk, and then into place.

        Not every store can go back in what it wrote.
        """
        system, path = self._system, self._path(name)
        part = f"{path}.{secrets.token_hex(8)}{PART}"
        system.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        try:
            with system.open(part, "wb") as handle:
                yield handle
                handle.flush()
                if isinstance(system, LocalFileSystem):
                    os.fsync(handle.fileno())
            system.mv(part, path)
        except BaseException:
            with suppress(OSError):
                system.rm_file(part)
            raise

    def pieces(self, name: str, size: int = PIECE) -> Iterator[bytes] | None:
        """The content piece by piece, for files that are too large to hold; None where nothing is stored."""
        try:
            handle = self._system.open(self._path(name), "rb")
        except FileNotFoundError:
            return None
        return _pieces(handle, size)

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


def _pieces(handle: IO[bytes], size: int) -> Iterator[bytes]:
    with handle:
        while piece := handle.read(size):
            yield piece
