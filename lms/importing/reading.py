"""The rows of a stored file, a piece at a time: the worker keeps the file open between two pieces."""

from __future__ import annotations

import itertools
import tempfile
import threading
from dataclasses import dataclass
from typing import IO

from lms.errors import N_, Invalid
from lms.files import FileStore
from lms.people.importing.tables import ReadRow, Table, open_table

MOST_OPEN = 2
GONE = N_("The file is not here any more. Upload it again.")


@dataclass(slots=True)
class Reader:
    """An open file, and how many of its rows were taken."""

    handle: IO[bytes]
    table: Table
    taken: int = 0

    def take(self, size: int) -> list[ReadRow]:
        rows = list(itertools.islice(self.table.rows, size))
        self.taken += len(rows)
        return rows

    def close(self) -> None:
        self.handle.close()


_open: dict[str, Reader] = {}
_lock = threading.Lock()


def take_rows(stored: str, after: int, size: int, files: FileStore) -> list[ReadRow]:
    """The rows that follow the first `after` ones. After a kill the file is opened again and read up to there."""
    reader = _reader(stored, after, files)
    rows = reader.take(size)
    with _lock:
        _open[stored] = reader
    return rows


def open_stored(stored: str, files: FileStore) -> Reader:
    """A file of the store, opened from its beginning; the caller closes it. Raises Invalid where it is gone."""
    pieces = files.pieces(stored)
    if pieces is None:
        raise Invalid(GONE)
    handle = tempfile.TemporaryFile()  # noqa: SIM115 - closed with its reader
    try:
        for piece in pieces:
            handle.write(piece)
        return Reader(handle, open_table(handle))
    except BaseException:
        handle.close()
        raise


def forget(stored: str) -> None:
    """Close a file."""
    with _lock:
        reader = _open.pop(stored, None)
    if reader is not None:
        reader.close()


def _reader(stored: str, after: int, files: FileStore) -> Reader:
    with _lock:
        reader = _open.pop(stored, None)
        if reader is None or reader.taken != after:
            stale = [reader] if reader else []
            while len(_open) >= MOST_OPEN:
                stale.append(_open.pop(next(iter(_open))))
            for one in stale:
                one.close()
            reader = None
    if reader is None:
        reader = open_stored(stored, files)
        reader.take(after)
    return reader
