"""The file store: whole or not at all, whoever else writes at the same moment."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem

from lms.files import FileStore
from lms.settings import Settings


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(replace(Settings(), instance_path=str(tmp_path)))


def names(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in tmp_path.rglob("*") if path.is_file())


def test_what_is_written_is_read_and_can_be_forgotten(store: FileStore) -> None:
    store.write("certificates/ab/one.pdf", b"first")
    store.write("certificates/ab/one.pdf", b"second")

    assert store.read("certificates/ab/one.pdf") == b"second"
    store.delete("certificates/ab/one.pdf")
    assert store.read("certificates/ab/one.pdf") is None


def test_threads_that_write_at_once_lose_nothing(store: FileStore, tmp_path: Path) -> None:
    threads, errors = 8, []
    together = threading.Barrier(threads)

    def write(thread: int) -> None:
        together.wait()
        try:
            for number in range(40):
                store.write(f"{thread}/{number}.pdf", b"%d %d" % (thread, number))
        except Exception as error:  # what a thread raises would be lost
            errors.append(error)

    workers = [threading.Thread(target=write, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert errors == []
    assert [store.read(f"{t}/{n}.pdf") for t in range(threads) for n in range(40)] == [
        b"%d %d" % (t, n) for t in range(threads) for n in range(40)
    ]
    assert len(names(tmp_path)) == threads * 40


def test_a_write_that_fails_leaves_what_was_there(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("one.pdf", b"first")

    def no_room(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        store.write("one.pdf", b"second, half of it")

    assert store.read("one.pdf") == b"first"
    assert names(tmp_path) == ["one.pdf"]


def test_a_file_is_moved_into_place_from_beside_it(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another disk it would be copied, and a reader or a power cut could meet half of it."""
    moves: list[tuple[str, str]] = []
    real = LocalFileSystem.mv
    monkeypatch.setattr(
        LocalFileSystem, "mv", lambda self, old, new, **more: (moves.append((old, new)), real(self, old, new, **more))
    )

    store.write("a/one.pdf", b"first")

    assert [(Path(old).parent, Path(new).parent) for old, new in moves] == [(tmp_path / "files/a",) * 2]
