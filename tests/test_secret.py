"""The key of one machine: made once, whole, and only for its owner."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from lms.secret import local_secret


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = local_secret(tmp_path), local_secret(tmp_path)

    assert first == second
    assert len(first) == 64
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


def test_processes_that_start_together_agree_on_one(tmp_path: Path) -> None:
    keys: list[str] = []
    together = threading.Barrier(8)

    def start() -> None:
        together.wait()
        keys.append(local_secret(tmp_path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert keys[0]


def test_a_full_disk_leaves_no_empty_key_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        local_secret(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_an_empty_key_is_never_used(tmp_path: Path) -> None:
    (tmp_path / "secret-key").touch()

    with pytest.raises(OSError, match="empty"):
        local_secret(tmp_path)
