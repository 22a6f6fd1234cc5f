"""Inside a host application: the person whom the host hands over is the viewer; signing in is the host's business."""

from __future__ import annotations

from typing import Any

from flask import Flask, request

from lms.access import Viewer
from lms.clock import local_day, utc_now
from lms.database import db, run_transaction
from lms.people import identities, signins
from lms.settings import Settings

HOST_PERSON = "lms.host_person"
HOST_PREFIX = "lms.host_prefix"
ISSUER = "host"


def is_hosted(environ: dict[str, Any]) -> bool:
    return HOST_PREFIX in environ


def host_viewer(environ: dict[str, Any], settings: Settings) -> Viewer | None:
    """The viewer of the person handed over; made on first sight, brought up to date when the host's word changed."""
    person = environ.get(HOST_PERSON)
    if not isinstance(person, identities.HostPerson):
        return None
    rules = identities.read_role_rules(settings.host_roles)
    day = local_day(utc_now(), settings.time_zone)
    user_id = identities.find_person(ISSUER, person.subject)
    if user_id is None or identities.needs_update(user_id, person, rules):
        db.session.rollback()
        user_id = run_transaction(lambda: identities.take_person(ISSUER, person, rules, utc_now(), day=day))
    return signins.load_viewer(user_id, today=day)


def install(app: Flask, settings: Settings) -> None:
    """Tell templates whether signing in and out is ours or the host's."""

    @app.context_processor
    def hosting_values() -> dict[str, object]:
        return {"is_hosted": is_hosted(request.environ), "host_home": settings.host_home_url}
