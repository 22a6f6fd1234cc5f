"""The counties of the state by FIPS code: one file, for agencies, maps, reports and the resource directory."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path


@cache
def counties() -> dict[str, str]:
    """Names of the counties by FIPS code, in the order of the codes, which is the order of the names."""
    names: dict[str, str] = json.loads(Path(__file__).with_name("counties.json").read_text(encoding="utf-8"))
    return names
