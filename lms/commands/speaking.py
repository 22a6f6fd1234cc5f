"""How commands speak: lines on standard output, one sentence on standard error where something is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from lms.errors import LmsError
from lms.settings import Settings, SettingsError, read_settings

T = TypeVar("T")


def say(text: str, *, is_error: bool = False) -> None:
    click.echo(text, err=is_error)


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


def called(step: Callable[[], T]) -> T:
    """What a service returns; its refusal becomes one line on standard error and exit code 1."""
    try:
        return step()
    except LmsError as error:
        raise click.ClickException(sentence(error)) from None
