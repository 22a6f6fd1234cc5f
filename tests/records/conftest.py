"""A nurse who has worked through the tiny course, an administrator, and records made of her."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader

from lms import journey
from lms.answering import right_answers
from lms.assessment.sittings import load_sitting
from lms.batches import Batch
from lms.clock import local_day, utc_now
from lms.courseware.folder import load_folder
from lms.database import db
from lms.jobs import deliver_due
from lms.people.signins import load_viewer
from lms.people.viewer import Viewer
from lms.records import asking
from lms.records.asking import Asked
from tests.support.world import TEST_COURSES, World

MORE = """
### What do you think of it?

<!-- q: t-reflect; type: reflection; lo: LO1 -->

Only you read this.

### How much do you agree?

<!-- q: t-scale; type: likert; scale: 1..5 -->

- I know the steps

### Match each helper to a place.

<!-- q: t-match; type: matching; lo: LO1 -->

| helper | place |
|---|---|
| The nurse | The clinic |
| The counselor | The school |
|  | The moon |
"""

SECRET = "ZEBRA-what-I-only-told-myself"


def course_files() -> dict[str, bytes]:
    """The tiny course, its final quiz with shuffled options and with what nobody marks."""
    files = load_folder(TEST_COURSES / "tiny")
    text = files["en/90-final.md"].decode()
    text = text.replace("feedback: after-submit", "shuffle_options: true, feedback: after-submit")
    return {**files, "en/90-final.md": (text + MORE).encode(), "media/dot.png": PNG}


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c626001000000050001"
)


@dataclass
class Made:
    """A finished record, taken apart."""

    pdf: bytes
    files: dict[str, bytes]

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.files["record.json"])
        return found

    @property
    def text(self) -> str:
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(self.pdf)).pages)

    def archive(self, name: str) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(self.files[name])) as archive:
            return {one: archive.read(one) for one in archive.namelist()}

    @property
    def all_bytes(self) -> bytes:
        """Everything that can be read out of it: printed text, attached files, what is packed in these."""
        packed = [one for name in self.files if name.endswith(".zip") for one in self.archive(name).values()]
        return b"\0".join([self.text.encode(), *self.files.values(), *packed])


def question(record: dict[str, Any], key: str, attempt: int = -1) -> dict[str, Any]:
    found = [one for one in record["courses"][0]["attempts"][attempt]["questions"] if one["id"] == key]
    return dict(found[0])


class Records:
    """Who is in the story; each step commits."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world = app, world
        self.settings = app.extensions["lms"].settings
        self.agency = world.agency("General Hospital")
        self.nurse = world.user("Nora Núñez", agency=self.agency)
        self.administrator = world.user("Ada Admin", agency=self.agency)
        world.grant(self.administrator, "agency-administrator", self.agency)
        self.files = course_files()
        self.version = world.publish_files(self.files)

    def publish(self, files: dict[str, bytes], change: str) -> None:
        self.world.write(lambda: journey.publish(files, change=change, published_by_id=None))

    def viewer(self, user: int) -> Viewer:
        found = self.world.read(lambda: load_viewer(user))
        assert found is not None
        return found

    def learn(self, user: int | None = None, now: datetime | None = None) -> None:
        """Enroll, and read what is to be read."""
        viewer = self.viewer(user or self.nurse)
        self.world.write(lambda: journey.enroll(viewer, "tiny", now))
        for module in ("first-steps", "second-steps"):
            self.world.write(
                lambda module=module: journey.complete_module(viewer, "tiny", module, self.settings, now)  # type: ignore[misc]
            )

    def answer(
        self,
        module: str = "final",
        values: Mapping[str, Any] | None = None,
        *,
        user: int | None = None,
        language: str = "en",
        now: datetime | None = None,
    ) -> int:
        """An attempt, submitted; with the right answers where none are given."""
        viewer = self.viewer(user or self.nurse)
        attempt = self.world.write(
            lambda: journey.start_attempt(viewer, "tiny", module, self.settings, language=language, now=now)
        )
        given = values if values is not None else self.right(viewer.id, attempt)
        self.world.write(
            lambda: journey.submit_attempt(
                viewer, attempt, given, f"key-{attempt}", self.settings, language=language, now=now
            )
        )
        return attempt

    def right(self, user: int, attempt: int) -> Mapping[str, Any]:
        return self.world.read(lambda: right_answers(load_sitting(user, attempt)))

    def certified(self) -> None:
        """The whole course, to the certificate."""
        self.learn()
        self.answer("second-steps")
        self.answer("final")

    @property
    def today(self) -> date:
        return local_day(utc_now(), self.settings.time_zone)

    def asked(self, **changes: Any) -> Asked:
        values = {
            "user_id": self.nurse,
            "since": date(2026, 1, 1),
            "until": self.today,
            "purpose": "court",
            "reason": "Request 12",
            "language": "en",
            "is_own": False,
        }
        return Asked(**{**values, **changes})

    def ask(self, by: int | None = None, **changes: Any) -> int:
        viewer = self.viewer(by or self.administrator)
        return self.world.write(lambda: asking.ask(self.asked(**changes), viewer, self.today).id)

    def batch(self, batch_id: int) -> Batch:
        return self.world.read(lambda: db.session.get_one(Batch, batch_id))

    def make(self, by: int | None = None, **changes: Any) -> Made:
        """A record as its asker gets it."""
        batch_id = self.ask(by, **changes)
        deliver_due(self.app)
        batch = self.batch(batch_id)
        assert batch.state == "finished", (batch.state, batch.cause)
        (listed,) = batch.result["files"]
        content = self.app.extensions["lms"].files.read(listed["stored"])
        assert content is not None
        reader = PdfReader(io.BytesIO(content))
        return Made(content, {name: bytes(data[0]) for name, data in reader.attachments.items()})


@pytest.fixture
def records(app: Flask, world: World) -> Records:
    shutil.rmtree(app.extensions["lms"].settings.instance / "files" / "records", ignore_errors=True)
    with time_machine.travel(datetime(2026, 1, 5, 12, 0, tzinfo=UTC), tick=True):
        return Records(app, world)
