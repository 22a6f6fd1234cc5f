"""For who writes a course: check it, start a new one. Loads neither the web nor the database."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import click

from lms.clock import utc_now
from lms.commands.speaking import called, counted, course_folder, say
from lms.courseware import check as checker
from lms.courseware.new import new_course, new_module


@click.command("check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "style", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@click.option("--against", metavar="REV", help="Compare with a git revision: ids that vanished, answers that changed.")
@click.option("--show-allowed", is_flag=True, help="Also list the warnings that authors have answered, and why.")
def check_command(paths: tuple[Path, ...], style: str, against: str | None, show_allowed: bool) -> None:
    """Check courses: file:line: CODE message. Exit 1 on an error."""
    today = date.today()  # noqa: DTZ011 - the author's own day
    problems = called(lambda: checker.check_paths(paths, today, against=against, show_allowed=show_allowed))
    text = checker.format_problems(problems, style)
    if text:
        say(text)
    errors = sum(problem.is_error for problem in problems)
    say(f"{counted(errors, 'error')}, {counted(len(problems) - errors, 'warning')}", is_error=True)
    sys.exit(checker.exit_code(problems))


@click.group("new")
def new_group() -> None:
    """Start a course or a module that already checks clean."""


@new_group.command("course")
@click.argument("course_id")
@click.option("--title", default="A new course", show_default=True)
@click.option("--into", type=click.Path(path_type=Path), default=Path("courses"), show_default=True)
def new_course_command(course_id: str, title: str, into: Path) -> None:
    """Make the folder of a new course."""
    folder = into / course_id
    if folder.exists():
        raise click.ClickException(f"{folder} is there already; nothing was changed.")
    write_files(folder, called(lambda: new_course(course_id, title, today=utc_now().date())))


@new_group.command("module")
@click.argument("course", type=click.Path(path_type=Path))
@click.argument("module_id")
@click.option("--title", default="A new module", show_default=True)
def new_module_command(course: Path, module_id: str, title: str) -> None:
    """Make a module's file; add its id to course.yaml yourself, where it belongs."""
    course_folder(course)
    number = len(list((course / "en").glob("[0-8]*.md"))) + 1
    files = called(lambda: new_module(module_id, title, number, today=utc_now().date()))
    for path in files:
        if (course / path).exists():
            raise click.ClickException(f"{course / path} is there already; nothing was changed.")
    write_files(course, files)
    say(f"Now add  - {{id: {module_id}}}  to the modules in {course / 'course.yaml'}.")


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        say(f"{folder / path}")
