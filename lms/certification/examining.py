"""Examining a stranger's file: in a process of its own, with a limit on its time, its memory and how many there are."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lms.errors import N_, Busy

if TYPE_CHECKING:
    from lms.certification.signatures import Examination

CHILD = (sys.executable, "-m", "lms.certification.examining_child")

LONGEST_SECONDS = 8
"""Of a processor. A certificate of ours takes a second with the start of the process. What takes more was made to."""

LONGEST_WAIT_SECONDS = 45
"""On the clock: a machine with much to do takes its time, and the file cannot help it."""

MOST_AT_ONCE = 2

MOST_BYTES = 1_500_000
"""A certificate with its badge takes a twentieth of it."""

LENGTH = struct.Struct(">I")

BUSY = N_("Many files are being checked right now. Wait a moment and send yours again.")

_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


def examine_strange(content: bytes, roots: Sequence[bytes]) -> Examination:
    """What the file's signature says; `unreadable` where reading it takes too much time of a processor, or memory.

    Raises Busy where others are being examined for longer than one would wait, or the machine does not get to it.
    """
    from lms.certification.signatures import Examination

    if len(content) > MOST_BYTES:
        return Examination("too-large")
    if not _turns.acquire(timeout=LONGEST_SECONDS):
        raise Busy(BUSY)
    try:
        run = subprocess.run(
            CHILD,
            input=framed([*roots, content]),
            capture_output=True,
            timeout=LONGEST_WAIT_SECONDS,
            check=False,
            env=without_secrets(),
        )
    except subprocess.TimeoutExpired:
        raise Busy(BUSY) from None
    finally:
        _turns.release()
    if run.returncode != 0:
        return Examination("unreadable")
    return Examination.from_json(json.loads(run.stdout))


def without_secrets() -> dict[str, str]:
    """The environment for a process that reads what strangers wrote: none of the settings, and no cloud's keys."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LMS_", "AWS_", "PG"))}


def framed(parts: Sequence[bytes]) -> bytes:
    """Parts one after the other, each with its length before it."""
    return b"".join(LENGTH.pack(len(part)) + part for part in parts)


def unframed(data: bytes) -> list[bytes]:
    parts, place = [], 0
    while place < len(data):
        (length,) = LENGTH.unpack_from(data, place)
        place += LENGTH.size
        parts.append(data[place : place + length])
        place += length
    return parts
