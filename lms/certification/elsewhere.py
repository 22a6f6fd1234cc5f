"""Credit of training done elsewhere: which body gave it, in which area, so that it counts in a year's hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from lms.certification.credit_bodies import load_bodies
from lms.certification.models import ExternalTraining
from lms.database import db
from lms.errors import N_, Invalid, NotFound
from lms.people.audit import note
from lms.people.models import User

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An approved training with its person."""

    training: ExternalTraining
    name: str


def approved_trainings() -> Sequence[Elsewhere]:
    """Approved training done elsewhere, the latest first; those without a body before those with one."""
    rows = db.session.execute(
        select(ExternalTraining, User.name)
        .join(User, User.id == ExternalTraining.user_id)
        .where(ExternalTraining.state == "approved")
        .order_by(
            ExternalTraining.credit_body.is_not(None), ExternalTraining.completed_on.desc(), ExternalTraining.id.desc()
        )
        .limit(MOST_SHOWN)
    )
    return [Elsewhere(training, name) for training, name in rows]


def find_training(training_id: int) -> Elsewhere:
    """Raises NotFound for what was not approved, too."""
    row = db.session.execute(
        select(ExternalTraining, User.name)
        .join(User, User.id == ExternalTraining.user_id)
        .where(ExternalTraining.id == training_id, ExternalTraining.state == "approved")
    ).one_or_none()
    if row is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return Elsewhere(row[0], row[1])


def set_credit(
    training_id: int, *, body: str, category: str, topic: str, provider_number: str, actor_id: int
) -> ExternalTraining:
    """Say which body gave credit for a training; an empty `body` takes it back. The caller commits.

    Raises Invalid, NotFound.
    """
    training = find_training(training_id).training
    found = load_bodies([body]).get(body) if body else None
    if body and found is None:
        raise Invalid(N_("Choose a body from the list."), "body")
    if not body and (category or topic or provider_number.strip()):
        raise Invalid(N_("Choose the body that gave this credit."), "body")
    if found is not None and category and category not in found.ids("categories"):
        raise Invalid(N_("This body has no such area."), "category")
    if found is not None and topic and topic not in found.ids("topics"):
        raise Invalid(N_("This body has no such topic."), "topic")
    training.credit_body, training.credit_category = body or None, category or None
    training.credit_topic, training.credit_provider_number = topic or None, provider_number.strip()[:64] or None
    note(
        "training.credited",
        "user",
        training.user_id,
        actor_id=actor_id,
        training=training.id,
        body=body,
        category=category,
        topic=topic,
    )
    return training
