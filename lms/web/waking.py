"""Waking the worker once a request has queued a message, so that a mail goes out at once and not within a minute."""

from __future__ import annotations

import logging
from sqlite3 import Error as SqliteError

from flask import Flask, current_app
from redis.exceptions import RedisError
from werkzeug.wrappers import Response

from lms.database import db
from lms.outbox import QUEUED
from lms.queue import Tasks, declare_tasks, make_queue
from lms.settings import Settings

log = logging.getLogger("lms.web")


def _tasks(settings: Settings) -> Tasks:
    found: Tasks | None = current_app.extensions.get("lms-tasks")
    if found is None:
        found = current_app.extensions["lms-tasks"] = declare_tasks(make_queue(settings), lambda: 0, lambda: 0)
    return found


def install(app: Flask, settings: Settings) -> None:
    """After a request that queued something: push its delivery. A lost push is harmless; the worker looks by itself."""

    @app.after_request
    def wake_worker(response: Response) -> Response:
        if db.session.info.pop(QUEUED, False) and not current_app.testing:
            try:
                _tasks(settings).deliver_now()
            except (SqliteError, RedisError, OSError) as error:
                log.warning("the worker was not woken: %s", type(error).__name__)
        return response
