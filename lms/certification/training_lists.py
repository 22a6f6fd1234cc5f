"""Training done elsewhere, found and listed: one's own, what waits for a decision, whose one may decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from lms.certification.training_models import ExternalTraining
from lms.database import db
from lms.errors import N_, NotFound
from lms.people.memberships import holds_on
from lms.people.models import Membership, User


def trainings_of(user_id: int) -> list[ExternalTraining]:
    """What a person handed in or has from paper, the newest first."""
    return list(
        db.session.scalars(
            select(ExternalTraining)
            .where(ExternalTraining.user_id == user_id)
            .order_by(ExternalTraining.completed_on.desc(), ExternalTraining.id.desc())
            .limit(500)
        )
    )


def find_own(training_id: int, user_id: int) -> ExternalTraining:
    """A record of that person. Raises NotFound for anybody else's."""
    training = db.session.get(ExternalTraining, training_id)
    if training is None or training.user_id != user_id:
        raise NotFound(N_("There is nothing here that you may see."))
    return training


def find_among(training_id: int, people: Select[Any]) -> ExternalTraining:
    """A record of one of these people. Raises NotFound."""
    training = db.session.scalars(
        select(ExternalTraining).where(ExternalTraining.id == training_id, ExternalTraining.user_id.in_(people))
    ).one_or_none()
    if training is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return training


def queue_of(
    people: Select[Any], state: str, *, before: int | None = None, limit: int = 50
) -> Sequence[tuple[ExternalTraining, str]]:
    """Records of these people in a state, with the person's name: those that wait oldest first, decided ones newest
    first. `before` is the id at which the page before ended."""
    is_waiting = state == "submitted"
    number = ExternalTraining.id
    query = (
        select(ExternalTraining, User.name)
        .join(User, User.id == ExternalTraining.user_id)
        .where(ExternalTraining.state == state, ExternalTraining.user_id.in_(people))
        .order_by(number if is_waiting else number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(number > before if is_waiting else number < before)
    return [(training, name) for training, name in db.session.execute(query)]


def count_waiting(people: Select[Any], but_of: int) -> int:
    """How many records of these people wait; one's own are for somebody else to decide."""
    return (
        db.session.scalar(
            select(func.count(ExternalTraining.id)).where(
                ExternalTraining.state == "submitted",
                ExternalTraining.user_id != but_of,
                ExternalTraining.user_id.in_(people),
            )
        )
        or 0
    )


def people_today(agencies: Select[Any] | None, day: date) -> Select[Any]:
    """Ids of the people with a place in these agencies on a day; of everybody where agencies are None."""
    if agencies is None:
        return select(User.id)
    return select(Membership.user_id).where(Membership.agency_id.in_(agencies), holds_on(day))
