"""For who runs the site: start it, serve it, deliver its messages, look whether all is there."""

from __future__ import annotations

import sys

import click

from lms.app import create_app
from lms.commands.speaking import load_settings, say
from lms.doctor import examine
from lms.jobs import deliver_due, register
from lms.queue import make_queue
from lms.serving import become_watcher
from lms.starting import start_everything


@click.command("run")
def run_command() -> None:
    """All of it: database, migrations, courses, demo on first run, then web server and worker."""
    start_everything(load_settings(), say)


@click.command("serve")
@click.option("--no-worker", is_flag=True, help="Only the web server.")
def serve_command(no_worker: bool) -> None:
    """Serve the site, with the worker beside it; watches both."""
    load_settings()  # says what is wrong with them, before anything else starts
    become_watcher(with_worker=not no_worker)


@click.command("worker")
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


@click.command("doctor")
def doctor_command() -> None:
    """Look at everything the program needs, and say in plain words what is missing."""
    findings = examine(load_settings())
    for finding in findings:
        say(f"{'ok     ' if finding.is_ok else 'MISSING'} {finding.what}: {finding.detail}")
    sys.exit(0 if all(finding.is_ok for finding in findings) else 1)
