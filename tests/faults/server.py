"""A real server process for the tests that kill it: `python -m tests.faults.server DATABASE INSTANCE PORT [WHEN]`.

WHEN is `before-commit` or `after-commit`: the process kills itself, as a power cut would, at that moment of the first
submit.
"""

from __future__ import annotations

import os
import signal
import sys

from flask import has_request_context, request
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.serving import run_simple

from lms.app import create_app
from lms.database import LmsSession

SECRET = "a secret for tests only, 32 characters or more"


def die_in_a_submit(*_: object) -> None:
    if has_request_context() and request.path.endswith("/submit"):
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    database, instance, port, *when = sys.argv[1:]
    app = create_app(
        {"database_url": database, "instance_path": instance, "secret_key": SECRET, "site_url": "http://127.0.0.1"}
    )
    if when == ["before-commit"]:

        def before(session: Session) -> None:
            if session.info.get("writing"):
                session.flush()
                die_in_a_submit()

        event.listen(LmsSession, "before_commit", before)
    if when == ["after-commit"]:
        event.listen(LmsSession, "after_commit", lambda session: session.info.get("writing") and die_in_a_submit())
    run_simple("127.0.0.1", int(port), app, threaded=True)


if __name__ == "__main__":
    main()
