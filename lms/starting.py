"""`lms run`: from an empty folder to a running site with demo people, in one go; again in seconds."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import func, select

from lms.app import create_app
from lms.database import db
from lms.demo import DEMO_PASSWORD, DEMO_PEOPLE, make_demo
from lms.errors import Conflict, LmsError, Sentence
from lms.people.models import User
from lms.publishing import course_folders, course_roots, publish_data, publish_folder
from lms.schema import upgrade
from lms.serving import become_watcher
from lms.settings import Settings

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def can_listen(host: str, port: int) -> bool:
    """Whether a server of ours may take this port."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def is_port_free(settings: Settings) -> bool:
    """Whether the web server can listen there."""
    return can_listen(settings.host, settings.port)


def free_port_above(settings: Settings) -> int:
    """The next port that is free, to be offered instead; the one above where none of the next twenty is."""
    above = range(settings.port + 1, min(settings.port + 21, 65_536))
    return next((port for port in above if is_port_free(replace(settings, port=port))), settings.port + 1)


def start_everything(settings: Settings, say: Callable[[str], None]) -> None:
    """Set up and serve; returns when it is stopped. Demo people are made on a loopback address only."""
    if not is_port_free(settings):
        raise SystemExit(
            f"Port {settings.port} of {settings.host} cannot be used: another program listens there, or this one may "
            f"not. Stop that program, or choose another port: PORT={free_port_above(settings)} make run"
            f", or lms run --port {free_port_above(settings)}"
        )
    course_roots(settings)
    settings.instance.mkdir(parents=True, exist_ok=True)
    upgrade(settings.owner_database, application_url=settings.database)
    may_have_demo = not settings.is_production and settings.host in LOOPBACK
    if may_have_demo:
        settings = replace(settings, demo=True)
    app = create_app(settings)
    with app.app_context():
        publish_all(settings, say)
        people = db.session.scalar(select(func.count()).select_from(User)) or 0
        if may_have_demo and not people:
            try_demo(settings, say)
        is_demo = may_have_demo and db.session.scalar(select(User.id).where(User.is_demo).limit(1)) is not None
        db.session.remove()
        db.engine.dispose()
    if is_demo:
        os.environ["LMS_DEMO"] = "true"  # the web server's processes allow the demo's password, and show who there is
    become_watcher(opening=opening_text(settings, is_demo))


def try_demo(settings: Settings, say: Callable[[str], None]) -> None:
    """Make the demo, or say why not: the site publishes other courses than those that it is about."""
    try:
        make_demo(settings, say)
    except Conflict as error:
        say(f"  {error.message} `lms create-admin` makes the first account.")


def publish_all(settings: Settings, say: Callable[[str], None]) -> None:
    """Publish what is new; a changed course waits for its author to say what the change means."""
    for root in course_roots(settings):
        for folder in course_folders(root):
            try:
                done = publish_folder(folder)
            except LmsError as error:
                say(f"  {folder.name} was not published: {Sentence(error.message, error.values)}")
                continue
            except Exception as error:
                say(f"  {folder.name} was not published: {error}")
                continue
            if done.outcome != "unchanged":
                say(f"  published {folder.name}, version {done.version.number}")
        publish_data(root)


def opening_text(settings: Settings, is_demo: bool) -> str:
    """What the console says once the site answers: its address, and who can sign in to the demo."""
    address = f"http://{settings.host}:{settings.port}"
    lines = ["", f"Crosstrain is at {address}  (Ctrl-C stops it)"]
    if is_demo:
        lines += [f"Mail is shown at {address}/dev/mail", "", f"Demo sign-ins, password {DEMO_PASSWORD}:"]
        lines += [f"  {person.email:<32}{person.what}" for person in DEMO_PEOPLE]
    return "\n".join([*lines, ""])
