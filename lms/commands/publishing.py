"""For who publishes a course: look at it in the browser, then publish it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lms.app import create_app
from lms.catalog.publish import CourseHasErrors, CourseUnfinished, Publication
from lms.commands.speaking import counted, course_folder, load_settings, say, sentence
from lms.courseware import check as checker
from lms.errors import LmsError
from lms.preview import preview
from lms.publishing import course_folders, course_roots, publish_data, publish_folder
from lms.starting import can_listen

ALL_THE_SAME = "Write what is missing; --allow-unfinished publishes all the same."


@click.command("publish")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--change", type=click.Choice(["correction", "revision", "retrain"]), help="What a changed course means.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
@click.option("--allow-unfinished", is_flag=True, help="Publish also where places are still to be filled in (W012).")
def publish_command(path: Path | None, change: str | None, dry_run: bool, allow_unfinished: bool) -> None:
    """Publish a course folder, or all courses below a folder (without PATH: LMS_COURSES, or the shipped ones)."""
    roots = [path] if path else course_roots(load_settings())
    for root in roots:
        if not root.is_dir() or not course_folders(root):
            course_folder(root)
    app = create_app()
    failed = 0
    with app.app_context():
        for folder in (folder for root in roots for folder in course_folders(root)):
            try:
                done = publish_folder(folder, change=change, is_dry_run=dry_run, may_be_unfinished=allow_unfinished)
                say(describe(folder.name, done, dry_run))
            except CourseHasErrors as error:
                failed += 1
                say(checker.format_text(error.problems), is_error=True)
                say(f"{folder.name}: not published, {counted(len(error.problems), 'error')}", is_error=True)
            except CourseUnfinished as error:
                failed += 1
                say(checker.format_text(error.places), is_error=True)
                say(f"{folder.name}: not published. {sentence(error)} {ALL_THE_SAME}", is_error=True)
            except LmsError as error:
                failed += 1
                say(f"{folder.name}: {sentence(error)}", is_error=True)
        for root in () if dry_run else roots:
            for line in publish_data(root):
                say(line)
    sys.exit(1 if failed else 0)


def describe(name: str, done: Publication, is_dry_run: bool) -> str:
    if done.outcome == "unchanged":
        return f"{name}: unchanged, version {done.version.number}"
    would = "would be" if is_dry_run else "is"
    moved = {0: "", 1: ", 1 person in progress moves with it"}.get(
        done.touched, f", {done.touched} people in progress move with it"
    )
    renew = {0: "", 1: ", 1 holder is asked to renew"}.get(
        done.asked_to_renew, f", {done.asked_to_renew} holders are asked to renew"
    )
    return f"{name}: {would} published as version {done.version.number} ({done.outcome}){moved}{renew}; " + counted(
        done.warnings, "warning"
    )


@click.command("preview")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(1, 65535), default=8020, show_default=True)
def preview_command(path: Path, port: int) -> None:
    """Show a course folder in the browser with the checker's findings; reloads on save."""
    course_folder(path)
    if not can_listen("127.0.0.1", port):
        raise click.ClickException(
            f"Port {port} cannot be used: another program listens there. Choose one with --port."
        )
    say(f"Preview of {path.name} at http://127.0.0.1:{port}  (Ctrl-C stops it)")
    preview(path, port)
