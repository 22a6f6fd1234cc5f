"""README's example of the course language, with every type of question, a picture, a video, a story and a tabletop."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from lms.courseware.course import Course
from lms.courseware.read import read_course
from tests.courseware.test_readme import examples


def picture() -> bytes:
    stored = BytesIO()
    Image.new("RGBA", (40, 20), (10, 80, 120, 128)).save(stored, "PNG")
    return stored.getvalue()


@pytest.fixture
def files() -> dict[str, bytes]:
    found = {path: picture() if path.endswith(".png") else content for path, content in examples().items()}
    return {**found, "media/call.md": b"# The call\n\nA door opens. Somebody asks what is needed.\n"}


@pytest.fixture
def course(files: dict[str, bytes]) -> Course:
    read, _ = read_course(files, "night-shift")
    assert read is not None
    return read
