"""Node and the packages of tests/node, for verifiers that are not ours; where they are missing, tests say so."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "node"

NEEDED = "jose"


def missing() -> str | None:
    """Why no test with Node can run; None where it can."""
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (FOLDER / "node_modules" / NEEDED).is_dir():
        return "the packages of tests/node are not installed: run “make install-dev”, which needs npm"
    return None


def ask(script: str, question: dict[str, Any]) -> Any:
    """What a script of tests/node answers: JSON in, JSON out. Skips the test where Node is missing."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    done = subprocess.run(
        ["node", script], cwd=FOLDER, input=json.dumps(question), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
