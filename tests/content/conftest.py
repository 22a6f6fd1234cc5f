"""Each shipped course in turn, read once for all tests of its content, and only when one runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content.curriculum import FOLDERS, Loaded, load


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def loaded(request: pytest.FixtureRequest) -> Loaded:
    folder: Path = request.param
    return load(folder)
