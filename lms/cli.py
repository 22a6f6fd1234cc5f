"""The `lms` command: check and publish courses, run the site and its worker, look after the database."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

import click

from lms.app import create_app
from lms.catalog.publish import CourseHasErrors, Publication
from lms.certification.issued import find_issued
from lms.certification.standing import status_of
from lms.clock import utc_now
from lms.cohorts.templates import publish_templates
from lms.courseware import check as checker
from lms.courseware.new import new_course, new_module
from lms.database import run_transaction
from lms.demo import make_demo
from lms.doctor import examine
from lms.errors import LmsError
from lms.jobs import deliver_due, register
from lms.keeping import back_up, restore_from
from lms.people.accounts import create_administrator
from lms.people.passwords import check_password, hash_password
from lms.preview import preview
from lms.publishing import course_folders, publish_folder
from lms.queue import make_queue
from lms.resources import data_folder
from lms.schema import upgrade
from lms.seeding import seed
from lms.serving import serve as run_servers
from lms.settings import Settings, SettingsError, read_settings
from lms.starting import start_everything
from lms.wall.sight import SYSTEM, standing_as

T = TypeVar("T")


def say(text: str, *, is_error: bool = False) -> None:
    click.echo(text, err=is_error)


def load_settings() -> Settings:
    try:
        return read_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def sentence(error: LmsError) -> str:
    return error.message % error.values if error.values else error.message


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crosstrain", message="%(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Crosstrain: training, certification and teams, from Markdown courses."""
    context.with_resource(standing_as(SYSTEM))  # whoever has a shell here has the database


@cli.command("check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--format", "style", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@click.option("--against", metavar="REV", help="Compare with a git revision: ids that vanished, answers that changed.")
def check_command(paths: tuple[Path, ...], style: str, against: str | None) -> None:
    """Check courses: file:line: CODE message. Exit 1 on an error."""
    problems = checker.check_paths(paths, date.today(), against=against)  # noqa: DTZ011 - the author's own day
    text = checker.format_problems(problems, style)
    if text:
        say(text)
    errors = sum(problem.is_error for problem in problems)
    say(f"{errors} errors, {len(problems) - errors} warnings", is_error=True)
    sys.exit(checker.exit_code(problems))


@cli.command("publish")
@click.argument("path", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--change", type=click.Choice(["correction", "revision", "retrain"]), help="What a changed course means.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
def publish_command(path: Path | None, change: str | None, dry_run: bool) -> None:
    """Publish a course folder, or all courses below a folder (the shipped ones without PATH)."""
    app = create_app()
    failed = 0
    with app.app_context():
        for folder in course_folders(path or data_folder("courses")):
            try:
                done = publish_folder(folder, change=change, is_dry_run=dry_run)
                say(describe(folder.name, done, dry_run))
            except CourseHasErrors as error:
                failed += 1
                say(checker.format_text(error.problems), is_error=True)
                say(f"{folder.name}: not published, {len(error.problems)} errors", is_error=True)
            except LmsError as error:
                failed += 1
                say(f"{folder.name}: {sentence(error)}", is_error=True)
        templates = (path or data_folder("courses")) / "cohorts"
        if templates.is_dir() and not dry_run:
            count = run_transaction(lambda: publish_templates(templates))
            say(f"cohort templates: {count}")
    sys.exit(1 if failed else 0)


def describe(name: str, done: Publication, is_dry_run: bool) -> str:
    if done.outcome == "unchanged":
        return f"{name}: unchanged, version {done.version.number}"
    would = "would be" if is_dry_run else "is"
    moved = f", {done.touched} people in progress move with it" if done.touched else ""
    renew = f", {done.asked_to_renew} holders are asked to renew" if done.asked_to_renew else ""
    return f"{name}: {would} published as version {done.version.number} ({done.outcome}){moved}{renew}"


@cli.group("new")
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
@click.argument("course", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("module_id")
@click.option("--title", default="A new module", show_default=True)
def new_module_command(course: Path, module_id: str, title: str) -> None:
    """Make a module's file; add its id to course.yaml yourself, where it belongs."""
    number = len(list((course / "en").glob("[0-8]*.md"))) + 1
    files = called(lambda: new_module(module_id, title, number, today=utc_now().date()))
    for path in files:
        if (course / path).exists():
            raise click.ClickException(f"{course / path} is there already; nothing was changed.")
    write_files(course, files)
    say(f"Now add  - {{id: {module_id}}}  to the modules in {course / 'course.yaml'}.")


def called(step: Callable[[], T]) -> T:
    """What a service returns; its refusal becomes one line on standard error and exit code 1."""
    try:
        return step()
    except LmsError as error:
        raise click.ClickException(sentence(error)) from None


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        say(f"{folder / path}")


@cli.command("preview")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--port", default=8020, show_default=True)
def preview_command(path: Path, port: int) -> None:
    """Show a course folder in the browser with the checker's findings; reloads on save."""
    say(f"Preview of {path.name} at http://127.0.0.1:{port}  (Ctrl-C stops it)")
    preview(path, port)


@cli.command("run")
def run_command() -> None:
    """All of it: database, migrations, courses, demo on first run, then web server and worker."""
    start_everything(load_settings(), say)


@cli.command("serve")
@click.option("--no-worker", is_flag=True, help="Only the web server.")
def serve_command(no_worker: bool) -> None:
    """Serve the site, with the worker beside it; watches both."""
    run_servers(load_settings(), with_worker=not no_worker)


@cli.command("worker")
@click.option("--once", is_flag=True, help="Deliver what is due and stop.")
def worker_command(once: bool) -> None:
    """Deliver mail and other messages of the outbox."""
    app = create_app()
    if once:
        count = 0
        while done := deliver_due(app):
            count += done
        say(f"{count} messages delivered")
        return
    queue = make_queue(app.extensions["lms"].settings)
    register(queue, app)
    consumer = queue.create_consumer(workers=2, worker_type="thread", periodic=True, check_worker_health=True)
    consumer.run()


@cli.command("demo")
def demo_command() -> None:
    """Make the demo agencies, people and a team that is one nurse short (only where there are no people yet)."""
    app = create_app()
    with app.app_context():
        called(lambda: make_demo(app.extensions["lms"].settings, say))


@cli.command("seed")
@click.option("--learners", type=click.IntRange(min=1), required=True, help="How many learners to make.")
def seed_command(learners: int) -> None:
    """Make synthetic agencies, people and records for load tests; nobody of them can sign in."""
    app = create_app()
    with app.app_context():
        called(lambda: seed(app.extensions["lms"].settings, learners, say))


@cli.command("doctor")
def doctor_command() -> None:
    """Look at everything the program needs, and say in plain words what is missing."""
    findings = examine(load_settings())
    for finding in findings:
        say(f"{'ok     ' if finding.is_ok else 'MISSING'} {finding.what}: {finding.detail}")
    sys.exit(0 if all(finding.is_ok for finding in findings) else 1)


@cli.command("create-admin")
@click.option("--email", prompt=True)
@click.option("--name", prompt=True)
@click.password_option()
def create_admin_command(email: str, name: str, password: str) -> None:
    """Make a state administrator."""
    app = create_app()
    settings: Settings = app.extensions["lms"].settings
    called(lambda: check_password(password, site_name=settings.site_name, email=email))
    hashed = hash_password(password)
    now = utc_now()
    with app.app_context():
        called(
            lambda: run_transaction(lambda: create_administrator(email=email, name=name, password_hash=hashed, now=now))
        )
    say(f"{email} may sign in as state administrator.")


@cli.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
def backup_command(target: Path) -> None:
    """Write the database and the stored files into one archive, while the site runs."""
    back_up(load_settings(), target)
    say(f"Written: {target}")


@cli.command("restore")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do it without asking.")
def restore_command(source: Path, yes: bool) -> None:
    """Put a backup in the place of the present database and files."""
    settings = load_settings()
    if not yes:
        click.confirm("This replaces the present database and files. Go on?", abort=True)
    restore_from(settings, source)
    say("Restored.")


@cli.group("db")
def db_group() -> None:
    """The database's shape."""


@db_group.command("upgrade")
def upgrade_command() -> None:
    """Bring the database to the newest shape."""
    settings = load_settings()
    settings.instance.mkdir(parents=True, exist_ok=True)
    role = upgrade(settings.owner_database, application_url=settings.database)
    say("The database is up to date.")
    if role is not None:
        say(f"The role {role} has what the application needs, and the second wall holds for it.")


@cli.group("certificate")
def certificate_group() -> None:
    """Certificates on paper and in files."""


@certificate_group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify_command(file: Path) -> None:
    """Say whether exactly this PDF was issued here, and how it stands today. Exit 1 if not valid."""
    app = create_app()
    with app.app_context():
        found = find_issued(file.read_bytes())
        if found is None:
            raise click.ClickException("These exact bytes were not issued here: changed, or from somewhere else.")
        status = status_of(found, utc_now())
    say(f"{found.code}: {status}")
    sys.exit(0 if status == "valid" else 1)


def main() -> int:
    """The console script."""
    cli()
    return 0


if __name__ == "__main__":
    sys.exit(main())
