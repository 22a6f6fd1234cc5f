"""For who watches the watchers: whether the audit was changed past the program, and where its chain stands."""

from __future__ import annotations

import re
import sys

import click
from sqlalchemy.exc import SQLAlchemyError

from lms.app import create_app
from lms.commands.speaking import load_settings, say
from lms.people.audit_checking import Check, check_chain
from lms.people.sealing import present_head, seal_all
from lms.settings import SettingsError

LINE = re.compile(r"(?:\d+\s+)?([0-9a-f]{64})")
"""What `lms audit head` prints, its position first; or the hash alone."""


@click.group("audit")
def audit_group() -> None:
    """The audit's chain of hashes."""


@audit_group.command("verify")
@click.option(
    "--head",
    "noted_head",
    help="The line of `lms audit head`, in quotes, as it was noted earlier; it must still be in the chain.",
)
def verify_command(noted_head: str | None) -> None:
    """Walk the chain and name the first broken place. Ends with 1 where there is one, with 2 where nothing could be
    looked at."""
    found = LINE.fullmatch((noted_head or "").strip().lower())
    if noted_head is not None and found is None:
        raise click.BadParameter(
            "give the line of `lms audit head` in quotes, or its 64 hexadecimal digits", param_hint="--head"
        )
    try:
        chosen = load_settings()
        if chosen.database.startswith("sqlite") and not chosen.instance.is_dir():
            raise SettingsError(f"LMS_INSTANCE_PATH: there is no folder {chosen.instance}.")
        with create_app(chosen).app_context():
            check = check_chain(found[1] if found else None)
    except (SQLAlchemyError, SettingsError) as error:
        say(f"Nothing was looked at: the database cannot be read ({_first_line(error)}).", is_error=True)
        sys.exit(2)
    tell(check)
    sys.exit(0 if check.broken is None else 1)


def _first_line(error: Exception) -> str:
    """Why, without the statement."""
    return (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]


def tell(check: Check) -> None:
    """Say what a walk found, the trouble last."""
    say(f"{check.sealed} events are sealed and whole; the head is {check.head.position} {check.head.head}.")
    if check.waiting and check.waiting_since is not None:
        say(f"{check.waiting} events wait for their seal, the oldest since {check.waiting_since.isoformat()}.")
    for event_id, day in check.blanked:
        say(f"Event {event_id}: its reason was blanked by erasure on {day.date().isoformat()}.")
    if check.blanked_count > len(check.blanked):
        say(f"So were {check.blanked_count - len(check.blanked)} more.")
    for event_id in check.late:
        say(f"Event {event_id} claims to be more than an hour older than what was sealed before it: look at it.")
    if not check.compared:
        say(
            "No earlier head was compared: an end that was cut off would not show. Give --head, out of the weekly mail."
        )
    if check.broken is not None:
        broken = check.broken
        which = f", event {broken.event_id}" if broken.event_id is not None else ""
        detail = broken.detail[:1].upper() + broken.detail[1:]
        say(f"BROKEN at position {broken.position}{which}: {broken.kind}. {detail}.")


@audit_group.command("seal")
def seal_command() -> None:
    """Seal what waits now; the worker does so every few seconds."""
    with create_app().app_context():
        say(f"{seal_all()} events sealed")


@audit_group.command("head")
def head_command() -> None:
    """Print the position and hash of the last link, to be noted where nobody of this machine can change it."""
    with create_app().app_context():
        head = present_head()
    say(f"{head.position} {head.head}")
