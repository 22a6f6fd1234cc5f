"""Crosstrain: training, cross-training and certification of multidisciplinary teams, as an LMS and as a plug-in."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lms.app import create_app
    from lms.plugin import LMS, HostPerson

__all__ = ["LMS", "HostPerson", "create_app"]

_HOMES = {"create_app": "lms.app", "LMS": "lms.plugin", "HostPerson": "lms.plugin"}


def __getattr__(name: str) -> Any:
    """Public names are loaded when they are first used, so that `import lms.courseware` loads no Flask."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
