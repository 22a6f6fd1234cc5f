"""The file store: documents by name, in a folder of the instance by default, in S3 or elsewhere by setting."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from lms.errors import N_, Busy
from lms.settings import Settings

log = logging.getLogger("lms.files")

PART = ".part"
"""How the name of a file ends that is not whole yet."""

S3_OPTIONS = {"config_kwargs": {"connect_timeout": 3, "read_timeout": 10, "retries": {"max_attempts": 1}}}
"""A page waits for the store: better a sentence after seconds than the stored file after minutes."""

DOES_NOT_ANSWER = N_(
    "The place where documents are kept does not answer. Nothing is lost: wait a moment and try it again."
)


class StoreIsDown(Busy):
    """The remote file store cannot be reached, or refuses."""


PIECE = 1_000_000


class FileStore:
    """Bytes under slash-separated names that the program itself makes (never a name that a person typed).

    Everything raises StoreIsDown where a remote store does not answer.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.files_url or f"file://{settings.instance / 'files'}"
        self._options: dict[str, Any] = S3_OPTIONS if self._url.startswith("s3://") else {}

    @property
    def _system(self) -> Any:
        """The file system of this thread: fsspec keeps one for each, since two threads may not share one."""
        return fsspec.core.url_to_fs(self._url, **self._options)[0]

    def _path(self, name: str) -> str:
        root: str = fsspec.core.url_to_fs(self._url, **self._options)[1]
        return f"{root.rstrip('/')}/{name}"

    def write(self, name: str, content: bytes) -> None:
        """Store `content`, whole or not at all."""
        with _answering(self._url):
            system, path = self._system, self._path(name)
            if isinstance(system, LocalFileSystem):
                _write_beside(system, path, content)
            else:
                system.pipe_file(path, content)  # one request: an object store has it whole or not at all

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """What is written within is stored, whole or not at all: it goes beside, to the disk, and then into place.

        Not every store can go back in what it wrote. For files that are too large to hold.
        """
        with _answering(self._url):
            system, path = self._system, self._path(name)
            part = f"{path}.{secrets.token_hex(8)}{PART}"
            if isinstance(system, LocalFileSystem):
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
            with _answering(self._url):
                handle = self._system.open(self._path(name), "rb")
        except FileNotFoundError:
            return None
        return _pieces(handle, size)

    def read(self, name: str) -> bytes | None:
        """The content, or None where nothing is stored under that name."""
        with _answering(self._url):
            try:
                content: bytes = self._system.cat_file(self._path(name))
            except FileNotFoundError:
                return None
        return content

    def written_at(self, name: str) -> datetime | None:
        """When what is stored under that name was written last; None where nothing is."""
        with _answering(self._url):
            system = self._system
            system.invalidate_cache()  # another machine may have stored or removed it since a listing
            try:
                moment: datetime = system.modified(self._path(name))
            except FileNotFoundError:
                return None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

    def names_in(self, folder: str) -> list[str]:
        """The names of all that is stored below a folder, also of what was not written whole."""
        with _answering(self._url):
            system, root = self._system, self._path("")
            system.invalidate_cache()
            found = system.find(self._path(folder))
        return sorted(str(path)[len(root) :] for path in found)

    def delete(self, name: str) -> None:
        """Forget what is stored under a name; nothing happens where nothing is."""
        with _answering(self._url), suppress(FileNotFoundError):
            self._system.rm_file(self._path(name))


def _write_beside(system: LocalFileSystem, path: str, content: bytes) -> None:
    """Write it beside, to the disk, and then move it into place."""
    part = f"{path}.{secrets.token_hex(8)}{PART}"
    system.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
    try:
        with system.open(part, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        system.mv(part, path)
    except BaseException:
        with suppress(OSError):
            system.rm_file(part)
        raise


@contextmanager
def _answering(url: str) -> Iterator[None]:
    """Turn whatever a remote store's library raises into one sentence. A folder's errors are a bug or a full disk, and
    stay what they are."""
    try:
        yield
    except Exception as error:
        if url.startswith("file://"):
            raise
        log.error("the file store does not answer: %s: %s", type(error).__name__, error)
        raise StoreIsDown(DOES_NOT_ANSWER) from error


def _pieces(handle: IO[bytes], size: int) -> Iterator[bytes]:
    with handle:
        while piece := handle.read(size):
            yield piece
