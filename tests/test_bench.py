"""The benchmark's people reach the pages that it measures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lms.database import db
from tests.bench.site import COURSE, Site


def test_whom_the_benchmark_signs_in_reaches_what_it_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    site = Site(tmp_path, 2)
    ((code, holder),) = site.certificates(1)
    learner, administrator = site.learner(is_ready=True), site.administrator()
    client = site.app.test_client(use_cookies=False)

    answers = {
        address: client.get(address, headers={"Cookie": cookie}).status_code
        for address, cookie in (
            (f"/learn/{COURSE}/{site.first}", learner),
            (f"/learn/{COURSE}/{site.final}", learner),
            (f"/certificates/{code}.pdf", holder),
            ("/reports", administrator),
            ("/reports/certified.csv", administrator),
        )
    }
    with site.app.app_context():
        db.engine.dispose()

    assert set(answers.values()) == {200}, answers
