"""Fixtures of other rooms that faults are shown with."""

from tests.certification.conftest import learners  # noqa: F401 - a fixture
