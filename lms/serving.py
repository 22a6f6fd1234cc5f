"""`lms serve`: starts the web server and the worker, watches both, and stops them together.

Started as a program of its own (`python -m lms.serving`), it holds 8 MB: the watcher needs none of the application.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import FrameType
from typing import NoReturn

from lms.settings import Settings, read_settings

NO_WORKER = "--no-worker"
GRACE_SECONDS = 20
"""How long a process may finish its requests or its job after it was asked to stop."""


ARENAS = {"MALLOC_ARENA_MAX": "2"}
"""glibc gives each thread a heap of its own, which then stays as large as that thread's largest request made it."""


def web_command(settings: Settings) -> list[str]:
    """Granian (see lms/webserver.py), which in this field's measurements served 1.6 to 2.1 times gunicorn's pages."""
    command = [sys.executable, "-m", "lms.webserver", "--interface", "wsgi", "--host", settings.host]
    command += ["--port", str(settings.port), "--workers", str(settings.web_workers)]
    command += ["--blocking-threads", str(settings.web_threads), "--no-ws", "--log-level", "warning"]
    command += ["--workers-kill-timeout", str(GRACE_SECONDS), "--respawn-failed-workers", "lms.wsgi:app"]
    return command


def worker_command() -> list[str]:
    return [sys.executable, "-m", "lms.cli", "worker"]


class Watched:
    """One process that is started again when it dies, slower each time it dies at once."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name, self.command = name, command
        self.pause = 0.5
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, env={**ARENAS, **os.environ})
        self.started = time.monotonic()

    def look(self) -> None:
        if self.process.poll() is None:
            return
        self.pause = 0.5 if time.monotonic() - self.started > 30 else min(self.pause * 2, 30)
        print(f"The {self.name} stopped (code {self.process.returncode}); starting it again.", file=sys.stderr)  # noqa: T201
        time.sleep(self.pause)
        self.start()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()


def become_watcher(*, with_worker: bool = True) -> NoReturn:
    """This process goes on as the watcher and forgets all that it loaded before. Settings come from the environment."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "lms.serving", *([] if with_worker else [NO_WORKER])])  # noqa: S606


def serve(settings: Settings, *, with_worker: bool = True) -> None:
    """Run until SIGINT or SIGTERM; then let requests and jobs finish."""
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    processes = [Watched("web server", web_command(settings))]
    if with_worker:
        processes.append(Watched("worker", worker_command()))
    while not stopping:
        time.sleep(0.3)
        for process in processes:
            if not stopping:
                process.look()
    for process in processes:
        process.stop()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in processes:
        process.wait(deadline)


if __name__ == "__main__":
    serve(read_settings(), with_worker=NO_WORKER not in sys.argv)
