"""The web server and the worker, parted from one process that has loaded the application, so that it is there once."""

from __future__ import annotations

import gc
import sys

from flask import Flask
from granian.cli import cli as granian

from lms.app import create_app
from lms.jobs import work
from lms.serving import GRACE_SECONDS, NO_WORKER, OPENING, serve
from lms.settings import Settings, read_settings

app: Flask
"""What the web server's processes find made when they are parted from this one."""


def serve_pages(settings: Settings) -> None:
    """Granian, which in this field's measurements served 1.6 to 2.1 times gunicorn's pages."""
    words = ["--interface", "wsgi", "--host", settings.host, "--port", str(settings.port), "--no-ws"]
    words += ["--workers", str(settings.web_workers), "--blocking-threads", str(settings.web_threads)]
    words += ["--workers-kill-timeout", str(GRACE_SECONDS // 2), "--respawn-failed-workers", "--log-level", "warning"]
    granian([*words, f"{__name__}:app"])


def main() -> None:
    """What `become_watcher` goes on as. No connection and no thread may be there yet: they would not survive this."""
    global app
    settings = read_settings()
    app = create_app()
    gc.collect()
    gc.freeze()  # what is shared is not written to by the collector's marks
    parts = {"web server": lambda: serve_pages(settings)}
    if NO_WORKER not in sys.argv:
        parts["worker"] = lambda: work(app)
    text = next((word.removeprefix(OPENING) for word in sys.argv if word.startswith(OPENING)), "")
    serve(settings, parts, when_up=lambda: print(text, flush=True) if text else None)  # noqa: T201


if __name__ == "__main__":
    from lms import webserver  # under its own name, by which the web server finds the application

    webserver.main()
