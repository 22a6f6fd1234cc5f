"""Issuing a certification to many: a batch for whoever asked, over the people in their reach when it runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from lms import batches, journey
from lms.access import Permission, allows, present_users, scope
from lms.batches import Batch, Piece
from lms.certification import certifying
from lms.certification.certifying import CurrentRule
from lms.certification.concerned import people_concerned
from lms.certification.facts import AwardSite
from lms.certification.models import Certificate
from lms.certification.requirements import Decision, Lack
from lms.clock import local_day, utc_now
from lms.database import db, run_transaction
from lms.errors import N_, NotAllowed, NotFound
from lms.people.models import User
from lms.people.signins import load_viewer
from lms.people.viewer import Viewer
from lms.settings import Settings

BATCH_KIND = "issue-certification"
PEOPLE_PER_PIECE = 20
"""Looking at one and issuing took 35 ms on a busy machine, and while one writes nobody else does (SQLite): an answer
must not wait for a hundred of them."""

MOST_NAMED = 1000


def issue_piece(batch: Batch, runtime: Any) -> Piece:
    """The next few people, in one transaction. Run again after a kill it issues nothing twice, and counts whom the
    killed piece had served."""
    settings: Settings = runtime.settings
    now = utc_now()
    asker = _asker(batch, settings, now)
    current = next(iter(certifying.current_rules(str(batch.params["slug"]))), None)
    if current is None:
        raise NotFound(N_("This certification is not in use any more."))
    everybody = people_concerned(current.rule.courses, current.certification_id).where(
        User.id.in_(present_users(asker, Permission.ISSUE_CERTIFICATES, local_day(now, settings.time_zone)))
    )
    after = int(batch.cursor.get("after", 0))
    ids = list(db.session.scalars(everybody.where(User.id > after).limit(PEOPLE_PER_PIECE)))
    total = batch.total
    if total is None:
        total = db.session.scalar(select(func.count()).select_from(everybody.order_by(None).subquery()))
    names, problems = run_transaction(lambda: _issue(batch, current, ids, now, settings)) if ids else ([], [])
    return Piece(
        done=len(names),
        problems=problems,
        cursor={"after": ids[-1] if ids else after},
        total=total,
        result={
            "named": [*batch.result.get("named", []), *names][:MOST_NAMED],
            "reach": batches.reach_with(batch, scope(asker, Permission.ISSUE_CERTIFICATES)),
        },
        is_last=len(ids) < PEOPLE_PER_PIECE,
    )


def _asker(batch: Batch, settings: Settings, now: datetime) -> Viewer:
    """Who asked, as they are now: what they may not any more, the batch may not either. Raises NotAllowed."""
    asker = load_viewer(batch.asked_by_id, today=local_day(now, settings.time_zone))
    if asker is None or not allows(asker, Permission.ISSUE_CERTIFICATES):
        raise NotAllowed(N_("Whoever asked for this may not issue certifications any more."))
    return asker


def check_reading(batch: Batch, viewer: Viewer) -> None:
    """Whoever asked must still reach all whom it was about when they read who got it and who not. Raises NotAllowed."""
    if not batches.reaches_all(batch, viewer, [Permission.ISSUE_CERTIFICATES]):
        raise NotAllowed(N_("Whoever asked for this may not issue certifications any more."))


def _issue(
    batch: Batch, current: CurrentRule, ids: list[int], now: datetime, settings: Settings
) -> tuple[list[str], list[tuple[str, str]]]:
    """Names of who got one, and of who did not with what they lack."""
    site = AwardSite.from_settings(settings)
    named = db.session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    names: dict[int, str] = {one.id: one.name for one in named}
    served = set(
        db.session.scalars(
            select(Certificate.user_id).where(
                Certificate.user_id.in_(ids),
                Certificate.certification_id == current.certification_id,
                Certificate.issued_at >= batch.created_at,
            )
        )
    )
    got: list[str] = []
    problems: list[tuple[str, str]] = []
    for standing in certifying.standings_of(ids, [current], now, settings.time_zone):
        user_id = standing.user_id
        if standing.decision.is_earned:
            journey.award_certifications(user_id, site, now, actor_id=batch.asked_by_id, slug=current.rule.slug)
            got.append(names[user_id])
        elif user_id in served:
            got.append(names[user_id])
        else:
            problems.append((names[user_id], written_lacks(standing.decision)))
    return got, problems


def written_lacks(decision: Decision) -> str:
    """What somebody lacks, to be kept; the page says it in its reader's words (`lms/web/lacks.py`)."""
    lacks = [{key: value for key, value in asdict(one).items() if value} for one in decision.lacks]
    return json.dumps(lacks, default=lambda day: day.isoformat())


def read_lacks(text: str) -> tuple[Lack, ...]:
    """The way back. Raises ValueError for what is not from there."""
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("these are no lacks")
    return tuple(_lack(one) for one in found)


def _lack(values: dict[str, Any]) -> Lack:
    day = values.get("on")
    return Lack(
        values["reason"],
        tuple(values.get("courses", ())),
        values.get("count", 1),
        datetime.fromisoformat(day).date() if day else None,
        values.get("percent"),
        tuple(values.get("disciplines", ())),
    )
