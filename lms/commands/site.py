"""For who runs the site: start it, serve it, deliver its messages, look whether all is there."""

from __future__ import annotations

import os
import sys

import click

from lms.app import create_app
from lms.commands.speaking import load_settings, say
from lms.doctor import examine
from lms.jobs import deliver_due, seal, work
from lms.people import policies
from lms.serving import become_watcher
from lms.settings import Settings, SettingsError
from lms.starting import start_everything


@click.command("run")
@click.option("--port", type=click.IntRange(1, 65535), help="Listen on this port, whatever LMS_PORT says.")
def run_command(port: int | None) -> None:
    """All of it: database, migrations, courses, demo on first run, then web server and worker."""
    if port is not None:
        os.environ["LMS_PORT"] = str(port)  # so that web server and worker, which are processes of their own, know it
    start_everything(starting_settings(), say)


def starting_settings() -> Settings:
    """The settings, where all that a site reads with them at its start can be read."""
    chosen = load_settings()
    try:
        policies.in_force(chosen.policies)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    return chosen


@click.command("serve")
@click.option("--no-worker", is_flag=True, help="Only the web server.")
def serve_command(no_worker: bool) -> None:
    """Serve the site, with the worker beside it; watches both."""
    starting_settings()  # says what is wrong with them, before anything else starts
    become_watcher(with_worker=not no_worker)


@click.command("worker")
@click.option("--once", is_flag=True, help="Deliver what is due and stop.")
def worker_command(once: bool) -> None:
    """Deliver mail and other messages of the outbox, and seal the audit."""
    app = create_app()
    if once:
        seal(app)
        count = 0
        while done := deliver_due(app):
            count += done
        say(f"{count} messages delivered")
        return
    work(app)


@click.command("doctor")
def doctor_command() -> None:
    """Look at everything the program needs, and say in plain words what is missing."""
    findings = examine(load_settings())
    for finding in findings:
        say(f"{'ok     ' if finding.is_ok else 'MISSING'} {finding.what}: {finding.detail}")
    sys.exit(0 if all(finding.is_ok for finding in findings) else 1)
