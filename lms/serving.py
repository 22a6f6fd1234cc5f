"""`lms serve`: starts the web server and the worker, watches both, and stops them together."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from types import FrameType
from typing import NoReturn

from lms.settings import Settings

NO_WORKER, OPENING = "--no-worker", "--opening="
PATIENCE_SECONDS = 30
"""So long may the site take to answer before the console says that it does not."""

GRACE_SECONDS = 20
"""How long a process may finish its requests or its job after it was asked to stop."""


ARENAS = {"MALLOC_ARENA_MAX": "2"}
"""glibc gives each thread a heap of its own, which then stays as large as that thread's largest request made it."""


class Watched:
    """One process, parted from this one, that is started again when it dies, slower each time it dies at once.

    It leads a group of its own, so that Ctrl-C reaches the watcher alone, and so that nothing it started outlives it.
    """

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self.name, self.run = name, run
        self.pause = 0.5
        self.starts_at: float | None = None
        self.start()

    def start(self) -> None:
        self.code: int | None = None
        self.started, self.starts_at = time.monotonic(), None
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            os._exit(self._run())

    def _run(self) -> int:
        """In the new process: all of its life; what it ends with."""
        try:
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self.run()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
            return 1
        finally:
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
        return 0

    def is_alive(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is None

    def look(self) -> None:
        """Start it again if it died, once its pause is over; never waits, for the others are to be looked at too."""
        if self.is_alive():
            return
        if self.starts_at is None:
            self.pause = 0.5 if time.monotonic() - self.started > 30 else min(self.pause * 2, 30)
            self.starts_at = time.monotonic() + self.pause
            print(f"The {self.name} stopped (code {self.code}); starting it again.", file=sys.stderr)  # noqa: T201
            self._end_group()
        elif time.monotonic() >= self.starts_at:
            self.start()

    def stop(self) -> None:
        if self.is_alive():
            os.kill(self.pid, signal.SIGTERM)

    def wait(self, deadline: float) -> None:
        """Until it has ended, or the deadline has passed; then nothing of it is left."""
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._end_group()

    def _end_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        if self.is_alive():
            os.kill(self.pid, signal.SIGKILL)  # should it not lead its group yet
            os.waitpid(self.pid, 0)
            self.code = -signal.SIGKILL


def become_watcher(*, with_worker: bool = True, opening: str = "") -> NoReturn:
    """This process goes on as the watcher (lms/webserver.py) and forgets all that it did before: connections, threads,
    what a first run needed. Settings come from the environment.

    `opening` is said on the console once the site answers.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    words = [] if with_worker else [NO_WORKER]
    command = [sys.executable, "-m", "lms.webserver", *words, f"{OPENING}{opening}"]
    os.execve(sys.executable, command, {**ARENAS, **os.environ})  # noqa: S606


def answers(settings: Settings) -> bool:
    """Whether the site says of itself that it is up."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - asked, not bound
    connection = HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


class Opening:
    """Waits for the site to answer, then calls `tell`, once; says so when that takes longer than the patience."""

    def __init__(
        self, settings: Settings, tell: Callable[[], None], patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self.settings, self.tell, self.patience_seconds = settings, tell, patience_seconds
        self.started = time.monotonic()
        self.is_over = self.is_late = False

    def look(self) -> None:
        if self.is_over:
            return
        if answers(self.settings):
            self.is_over = True
            self.tell()
        elif not self.is_late and time.monotonic() - self.started > self.patience_seconds:
            self.is_late = True
            told = (
                f"The site does not answer after {self.patience_seconds:.0f} seconds. Still waiting; see above for why."
            )
            print(told, file=sys.stderr)  # noqa: T201


def serve(
    settings: Settings, parts: Mapping[str, Callable[[], None]], *, when_up: Callable[[], None] = lambda: None
) -> None:
    """Run the parts by their names, each as a process, until SIGINT, SIGTERM or the terminal's end, calling `when_up`
    once the site answers; then let requests and jobs finish."""
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks to outlive the terminal
        # Each process leads a group of its own: a terminal that closes reaches the watcher alone.
        signal.signal(signal.SIGHUP, stop)
    processes: list[Watched] = []
    try:
        processes += (Watched(name, run) for name, run in parts.items())
        opening = Opening(settings, when_up)
        while not stopping:
            time.sleep(0.3)
            opening.look()
            for process in processes:
                if not stopping:
                    process.look()
    finally:
        for process in processes:
            process.stop()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in processes:
            process.wait(deadline)
