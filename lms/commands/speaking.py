"""How commands speak: lines on standard output, one sentence on standard error where something is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from lms.errors import LmsError
from lms.settings import Settings, SettingsError, read_settings

T = TypeVar("T")


def say(text: str, *, is_error: bool = False) -> None:
    click.echo(text, err=is_error)


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def course_folder(path: Path) -> Path:
    """The folder, where it is one course; otherwise one sentence that says what is missing."""
    if not path.is_dir():
        raise click.ClickException(f"There is no folder {path}.")
    if not (path / "course.yaml").is_file():
        raise click.ClickException(
            f"There is no course in {path}: a course has a course.yaml at its top. `lms new course` makes one."
        )
    return path


def load_settings() -> Settings:
    try:
        return read_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def sentence(error: LmsError) -> str:
    return str(error)


def sentence_for(error: Exception) -> str | None:
    """What a shell is told in place of a traceback: for a refusal, a bad setting, or a database that cannot be used.
    None for a bug. What loaded no SQLAlchemy cannot have raised its errors, so this loads it neither."""
    if isinstance(error, LmsError):
        return sentence(error)
    if isinstance(error, SettingsError):
        return str(error)
    raised = sys.modules.get("sqlalchemy.exc")
    if raised is not None and isinstance(error, (raised.OperationalError, raised.ProgrammingError)):
        if type(error.orig).__name__ not in NOT_OURS:
            return None
        reason = str(error.orig).strip().splitlines()[0]
        return (
            f"The database cannot be used ({reason}): `lms db upgrade` makes its tables, `lms doctor` says what is "
            "missing."
        )
    return None


NOT_OURS = {"OperationalError", "UndefinedTable", "UndefinedColumn", "InsufficientPrivilege"}
"""What the drivers call a database that is not there, has no tables yet, or lets nobody in; the rest is a bug."""


def called(step: Callable[[], T]) -> T:
    """What a service returns; its refusal becomes one line on standard error and exit code 1."""
    try:
        return step()
    except LmsError as error:
        raise click.ClickException(sentence(error)) from None
