"""Credit of training done elsewhere: which body gave it, in which area, so that it counts in a year's hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, tuple_

from lms.certification.credit_bodies import load_bodies
from lms.certification.training_models import ExternalTraining
from lms.database import db
from lms.errors import N_, Invalid, NotFound
from lms.people.audit import note
from lms.people.models import User


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An approved training with its person."""

    training: ExternalTraining
    name: str


def approved_trainings(
    people: Select[Any], *, has_body: bool, after: int | None = None, limit: int = 50
) -> Sequence[Elsewhere]:
    """Approved training of these people with a body that gave credit, or without one, the latest first. `after` is the
    id at which the page before ended."""
    query = _approved(people).where(
        ExternalTraining.credit_body.is_not(None) if has_body else ExternalTraining.credit_body.is_(None)
    )
    if after is not None:
        last = select(ExternalTraining.completed_on, ExternalTraining.id).where(ExternalTraining.id == after)
        query = query.where(tuple_(ExternalTraining.completed_on, ExternalTraining.id) < last.scalar_subquery())
    rows = db.session.execute(
        query.order_by(ExternalTraining.completed_on.desc(), ExternalTraining.id.desc()).limit(limit)
    )
    return [Elsewhere(training, name) for training, name in rows]


def _approved(people: Select[Any]) -> Select[Any, Any]:
    query = select(ExternalTraining, User.name).join(User, User.id == ExternalTraining.user_id)
    return query.where(ExternalTraining.state == "approved", ExternalTraining.user_id.in_(people))


def find_training(training_id: int, people: Select[Any]) -> Elsewhere:
    """Raises NotFound for what is of nobody of these people, or was not approved."""
    row = db.session.execute(_approved(people).where(ExternalTraining.id == training_id)).one_or_none()
    if row is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return Elsewhere(row[0], row[1])


def set_credit(
    training_id: int, people: Select[Any], *, body: str, category: str, topic: str, provider_number: str, actor_id: int
) -> ExternalTraining:
    """Say which body gave credit for a training of one of these people; an empty `body` takes it back. The caller
    commits. Raises Invalid, NotFound.
    """
    training = find_training(training_id, people).training
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
