"""`lms run`: from an empty folder to a running site with demo people, in one go; again in seconds."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import func, select

from lms.app import create_app
from lms.cohorts.templates import publish_templates
from lms.database import db, run_transaction
from lms.demo import DEMO_PASSWORD, DEMO_PEOPLE, make_demo
from lms.people.models import User
from lms.publishing import course_folders, publish_folder
from lms.resources import data_folder
from lms.schema import upgrade
from lms.serving import serve
from lms.settings import Settings

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def is_port_free(settings: Settings) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return False
    return True


def start_everything(settings: Settings, say: Callable[[str], None]) -> None:
    """Set up and serve; returns when it is stopped. Demo people are made on a loopback address only."""
    if not is_port_free(settings):
        raise SystemExit(f"Port {settings.port} is in use. Choose another: PORT={settings.port + 1} make run")
    settings.instance.mkdir(parents=True, exist_ok=True)
    upgrade(settings.owner_database, application_url=settings.database)
    is_demo = not settings.is_production and settings.host in LOOPBACK
    if is_demo:
        settings = replace(settings, demo=True)
        os.environ["LMS_DEMO"] = "true"
    app = create_app(settings)
    with app.app_context():
        publish_all(settings, say)
        people = db.session.scalar(select(func.count()).select_from(User)) or 0
        if is_demo and not people:
            make_demo(settings, say)
        db.session.remove()
        db.engine.dispose()
    tell_addresses(settings, is_demo, say)
    serve(settings)


def publish_all(settings: Settings, say: Callable[[str], None]) -> None:
    """Publish what is new; a changed course waits for its author to say what the change means."""
    roots = (
        [data_folder("courses")]
        if not settings.courses
        else [Path(part.strip()) for part in settings.courses.split(",") if part.strip()]
    )
    for root in roots:
        for folder in course_folders(root):
            try:
                done = publish_folder(folder)
            except Exception as error:
                say(f"  {folder.name} was not published: {error}")
                continue
            if done.outcome != "unchanged":
                say(f"  published {folder.name}, version {done.version.number}")
        templates = root / "cohorts"
        if templates.is_dir():
            run_transaction(lambda folder=templates: publish_templates(folder))  # type: ignore[misc]


def tell_addresses(settings: Settings, is_demo: bool, say: Callable[[str], None]) -> None:
    address = f"http://{settings.host}:{settings.port}"
    say(f"\nCrosstrain is at {address}  (Ctrl-C stops it)")
    if is_demo:
        say(f"Mail is shown at {address}/dev/mail")
        say(f"\nDemo sign-ins, password {DEMO_PASSWORD}:")
        for person in DEMO_PEOPLE:
            say(f"  {person.email:<32}{person.what}")
    say("")
