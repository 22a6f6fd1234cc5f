"""`lms serve`: starts the web server and the worker, watches both, and stops them together.

Started as a program of its own (`python -m lms.serving`), it holds 8 MB: the watcher needs none of the application.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from types import FrameType
from typing import NoReturn

from lms.settings import Settings, read_settings

NO_WORKER, OPENING = "--no-worker", "--opening="
PATIENCE_SECONDS = 30
"""So long may the site take to answer before the console says that it does not."""

GRACE_SECONDS = 20
"""How long a process may finish its requests or its job after it was asked to stop."""


ARENAS = {"MALLOC_ARENA_MAX": "2"}
"""glibc gives each thread a heap of its own, which then stays as large as that thread's largest request made it."""


def web_command(settings: Settings) -> list[str]:
    """Granian (see lms/webserver.py), which in this field's measurements served 1.6 to 2.1 times gunicorn's pages."""
    command = [sys.executable, "-m", "lms.webserver", "--interface", "wsgi", "--host", settings.host]
    command += ["--port", str(settings.port), "--workers", str(settings.web_workers)]
    command += ["--blocking-threads", str(settings.web_threads), "--no-ws", "--log-level", "warning"]
    command += ["--workers-kill-timeout", str(GRACE_SECONDS // 2), "--respawn-failed-workers", "lms.wsgi:app"]
    return command


def worker_command() -> list[str]:
    return [sys.executable, "-m", "lms.cli", "worker"]


class Watched:
    """One process that is started again when it dies, slower each time it dies at once.

    It leads a group of its own, so that Ctrl-C reaches the watcher alone, and so that nothing it started outlives it.
    """

    def __init__(self, name: str, command: list[str]) -> None:
        self.name, self.command = name, command
        self.pause = 0.5
        self.starts_at: float | None = None
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, env={**ARENAS, **os.environ}, start_new_session=True)
        self.started, self.starts_at = time.monotonic(), None

    def look(self) -> None:
        """Start it again if it died, once its pause is over; never waits, for the others are to be looked at too."""
        if self.process.poll() is None:
            return
        if self.starts_at is None:
            self.pause = 0.5 if time.monotonic() - self.started > 30 else min(self.pause * 2, 30)
            self.starts_at = time.monotonic() + self.pause
            print(f"The {self.name} stopped (code {self.process.returncode}); starting it again.", file=sys.stderr)  # noqa: T201
            self._end_group()
        elif time.monotonic() >= self.starts_at:
            self.start()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        """Until it has ended, or the deadline has passed; then nothing of it is left."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - time.monotonic()))
        self._end_group()

    def _end_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def become_watcher(*, with_worker: bool = True, opening: str = "") -> NoReturn:
    """This process goes on as the watcher and forgets all that it loaded before. Settings come from the environment.

    `opening` is said on the console once the site answers.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    words = [] if with_worker else [NO_WORKER]
    os.execv(sys.executable, [sys.executable, "-m", "lms.serving", *words, f"{OPENING}{opening}"])  # noqa: S606


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


def serve(settings: Settings, *, with_worker: bool = True, when_up: Callable[[], None] = lambda: None) -> None:
    """Run until SIGINT, SIGTERM or the terminal's end, calling `when_up` once the site answers; then let requests and
    jobs finish."""
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks to outlive the terminal
        # Each process leads a group of its own: a terminal that closes reaches the watcher alone.
        signal.signal(signal.SIGHUP, stop)
    processes = [Watched("web server", web_command(settings))]
    try:
        if with_worker:
            processes.append(Watched("worker", worker_command()))
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


if __name__ == "__main__":
    text = next((word.removeprefix(OPENING) for word in sys.argv if word.startswith(OPENING)), "")
    serve(
        read_settings(),
        with_worker=NO_WORKER not in sys.argv,
        when_up=lambda: print(text, flush=True) if text else None,  # noqa: T201
    )
