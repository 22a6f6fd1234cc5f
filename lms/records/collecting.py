"""The record as plain values, out of one reading of the database; everything else is drawn from it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from lms.assessment.models import Attempt
from lms.clock import local_day, utc_now
from lms.database import db
from lms.errors import N_, NotFound
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import User
from lms.people.signins import load_viewer
from lms.records import elsewhere, person, training
from lms.records.asking import Asked, check
from lms.records.reach import Reach
from lms.records.training import Between, moment
from lms.settings import Settings

FORMAT = "crosstrain-training-record"
FORMAT_VERSION = 2
SCHEMA = "record.schema.json"
"""Beside this file; a record carries it."""


def collect(
    asked: Asked, *, asked_by_id: int, asked_at: datetime, audit_event: int | None, number: int, settings: Settings
) -> dict[str, Any]:
    """The whole record. What was done after its last day is not in it, nor what nobody but the person may read.

    Whoever asked must still reach the person. Raises NotFound, NotAllowed or Invalid where they do not.
    """
    reach = require_reach(asked, asked_by_id, settings)
    between = between_of(asked, settings)
    user, asker = db.session.get_one(User, asked.user_id), db.session.get_one(User, asked_by_id)
    held = person.certificates_in(user.id, between, reach.paths)
    events, is_whole = person.audit_in(user.id, between, [one.id for one in held], reach.paths)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "site": {
            "name": settings.site_name,
            "address": settings.site_url.rstrip("/"),
            "provider": settings.provider_name,
            "time_zone": settings.time_zone,
        },
        "made": {
            "number": number,
            "asked_at": moment(asked_at),
            "asked_by": asker.name,
            "asked_by_number": asker.id,
            "audit_event": audit_event,
        },
        "asked": {
            "since": asked.since.isoformat(),
            "until": asked.until.isoformat(),
            "purpose": asked.purpose,
            "reason": asked.reason,
            "is_own": asked.is_own,
            "is_of_former_agency": reach.paths is not None,
        },
        "person": person.who(user, asked.since, asked.until, between, reach.paths),
        "courses": training.courses_in(user.id, between, is_own=asked.is_own),
        "certificates": [person.certificate_line(one, between) for one in held],
        "trainings": elsewhere.trainings_in(user.id, asked.since, asked.until, between, reach.paths),
        "audit": {"is_whole": is_whole, "events": events},
    }


def require_reach(asked: Asked, asked_by_id: int, settings: Settings) -> Reach:
    """What the asker may put in today. Raises NotFound where they no longer may, Invalid for days outside."""
    viewer = load_viewer(asked_by_id)
    if viewer is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return check(asked, viewer, local_day(utc_now(), settings.time_zone))


def between_of(asked: Asked, settings: Settings) -> Between:
    return Between(asked.start(settings.time_zone), asked.end(settings.time_zone))


def counts(asked: Asked, reach: Reach, settings: Settings) -> dict[str, int]:
    """How much a record will hold, for the page that asks once more."""
    between = between_of(asked, settings)
    attempts = (
        select(Attempt.id)
        .join(Enrollment, Enrollment.id == Attempt.enrollment_id)
        .where(
            Enrollment.user_id == asked.user_id,
            Attempt.started_at < between.end,
            Attempt.submitted_at.is_(None) | (Attempt.submitted_at >= between.start),
        )
    )
    modules = (
        select(ModuleProgress.id)
        .join(Enrollment, Enrollment.id == ModuleProgress.enrollment_id)
        .where(
            Enrollment.user_id == asked.user_id,
            ModuleProgress.opened_at < between.end,
            func.coalesce(ModuleProgress.completed_at, ModuleProgress.read_at, ModuleProgress.opened_at)
            >= between.start,
        )
    )
    return {
        "modules": db.session.scalar(select(func.count()).select_from(modules.subquery())) or 0,
        "attempts": db.session.scalar(select(func.count()).select_from(attempts.subquery())) or 0,
        "certificates": len(person.certificates_in(asked.user_id, between, reach.paths)),
        "trainings": len(elsewhere.trainings_in(asked.user_id, asked.since, asked.until, between, reach.paths)),
    }


def to_bytes(record: dict[str, Any]) -> bytes:
    """The JSON that a record carries: readable, the same for the same record."""
    return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
