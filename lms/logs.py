"""Structured logs on standard error: one JSON object a line, without names or answers."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

VALUES = re.compile(
    r"^(\[parameters:|DETAIL:|CONTEXT:).*(?:\n(?!\[SQL:|\(Background|Traceback |  File |\n).*)*", re.MULTILINE
)
"""From `[parameters: …]` or PostgreSQL's `DETAIL: …` to the next part of the message: a value may hold line breaks."""


class JsonLines(logging.Formatter):
    """Each record is one line; JSON escapes a newline that somebody put into a field."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "from": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["stack"] = without_values(self.formatException(record.exc_info))
        return json.dumps(line)


def without_values(stack: str) -> str:
    """A stack without what a database error quotes: the parameters of its statement and the row that stood in the way
    hold names, addresses and answers."""
    return VALUES.sub(r"\1 (left out)", stack)


def configure_logs(level: str) -> None:
    """Set up the program's own logger once; a host application's loggers are left alone."""
    logger = logging.getLogger("lms")
    logger.setLevel(level.upper())
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
        logger.propagate = False
