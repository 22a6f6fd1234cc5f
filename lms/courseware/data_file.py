"""A data file beside the courses: one YAML mapping, or a sentence that says why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from lms.errors import Invalid


def read_mapping(path: Path, fault: Callable[[str, str], Invalid]) -> dict[str, Any]:
    """What the file holds. Raises what `fault` makes of the file's name and of what is wrong."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise fault(path.name, "it is not YAML") from None
    if not isinstance(values, dict):
        raise fault(path.name, "it is not a mapping")
    return values
