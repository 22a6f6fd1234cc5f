"""The file store: whole or not at all, whoever else writes at the same moment."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from fsspec.implementations.local import LocalFileSystem
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from lms.clock import utc_now
from lms.files import S3_OPTIONS, FileStore, StoreIsDown
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


def check_listing(store: FileStore) -> None:
    assert store.names_in("prints") == []
    for name in ("prints/a/two.pdf", "prints/a/one.pdf", "printsale.pdf"):
        store.write(name, b"x")

    assert store.names_in("prints") == ["prints/a/one.pdf", "prints/a/two.pdf"]
    store.delete("prints/a/one.pdf")
    assert store.names_in("prints") == ["prints/a/two.pdf"]
    assert store.written_at("prints/a/one.pdf") is None
    written_at = store.written_at("prints/a/two.pdf")
    assert written_at is not None
    assert abs(utc_now() - written_at) < timedelta(minutes=1)


def test_what_lies_in_a_folder_is_listed_with_when_it_was_written(store: FileStore) -> None:
    check_listing(store)


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


# --- S3 -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    """A server that speaks S3, with one empty bucket."""
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    address = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    urlopen(Request(f"{address}/moto-api/reset", method="POST")).close()
    S3FileSystem.clear_instance_cache()
    S3FileSystem(**S3_OPTIONS).mkdir("documents")
    yield server
    S3FileSystem.clear_instance_cache()
    with suppress(Exception):
        server.stop()


@pytest.fixture
def bucket(s3: ThreadedMotoServer) -> FileStore:
    return FileStore(replace(Settings(), files_url="s3://documents/training"))


def test_s3_keeps_what_is_written_and_forgets_it(bucket: FileStore) -> None:
    bucket.write("certificates/ab/one.pdf", b"first")
    bucket.write("certificates/ab/one.pdf", b"second")

    assert bucket.read("certificates/ab/one.pdf") == b"second"
    assert bucket.read("certificates/ab/two.pdf") is None
    assert S3FileSystem(**S3_OPTIONS).find("documents") == ["documents/training/certificates/ab/one.pdf"]
    bucket.delete("certificates/ab/one.pdf")
    bucket.delete("certificates/ab/one.pdf")
    assert bucket.read("certificates/ab/one.pdf") is None


def test_s3_lists_what_lies_in_a_folder_with_when_it_was_written(bucket: FileStore) -> None:
    check_listing(bucket)


def test_what_another_machine_stores_in_s3_meanwhile_is_seen(bucket: FileStore) -> None:
    assert bucket.read("one.pdf") is None
    S3FileSystem(**S3_OPTIONS, skip_instance_cache=True).pipe_file("documents/training/one.pdf", b"theirs")

    assert bucket.read("one.pdf") == b"theirs"


def test_s3_that_is_down_is_told_in_a_sentence(bucket: FileStore, s3: ThreadedMotoServer) -> None:
    bucket.write("one.pdf", b"first")
    s3.stop()

    for ask in (lambda: bucket.read("one.pdf"), lambda: bucket.write("one.pdf", b"second")):
        with pytest.raises(StoreIsDown, match="does not answer") as caught:
            ask()
        assert caught.value.status == 503


def test_a_bucket_that_is_missing_takes_nothing(s3: ThreadedMotoServer) -> None:
    store = FileStore(replace(Settings(), files_url="s3://nowhere/training"))

    with pytest.raises(StoreIsDown):
        store.write("one.pdf", b"first")
