"""What people hold of what is assigned: certificates, training elsewhere that counts, courses without a certificate."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Date, Integer, and_, case, func, literal, or_, select, union_all

from lms.access import Permission, Viewer
from lms.certification.assignment_rules import AsOf, rules_in_force, thing_of
from lms.certification.models import Certificate
from lms.certification.seeing import seen
from lms.certification.standing import is_valid_at
from lms.certification.training_models import ExternalTraining
from lms.database import db
from lms.learning.assignment_models import Assignment
from lms.learning.models import Enrollment
from lms.learning.portable_sql import last_day


def with_evidence(reach: Any, users: Any, rule: Any, as_of: AsOf) -> Any:
    """Whom a rule reaches, with what they hold of it: whether something is valid, until when, when the last lapsed.

    What people hold is laid under the rows and looked at through a window: a join would be made by loops within loops,
    since no database can guess how many a rule reaches.
    """
    rows = _evidence(users, rule, as_of).subquery("evidence").c
    told = ("is_valid", "lapsed_on", "held_until")
    empty: dict[str, Any] = {
        "is_valid": literal(None, Integer()),
        "lapsed_on": literal(None, Date()),
        "held_until": literal(None, Date()),
    }
    kept = [one for one in reach.c if one.name not in ("user_id", "thing")]
    both: Any = union_all(
        select(
            literal(1).label("is_reach"),
            reach.c.user_id,
            reach.c.thing,
            *kept,
            *(empty[key].label(key) for key in told),
        ),
        select(
            literal(0).label("is_reach"),
            rows.user_id,
            rows.thing,
            *(literal(None, one.type).label(one.name) for one in kept),
            *(rows[key] for key in told),
        ),
    ).cte()  # at the top of the statement: SQLite reads nothing that is nested a hundred deep
    mine = (both.c.user_id, both.c.thing)
    seen = [func.max(both.c[key]).over(partition_by=mine).label(key) for key in told]
    filled = select(*(one for one in both.c if one.name not in told), *seen).subquery("filled")
    return select(*filled.c).where(filled.c.is_reach > 0).subquery("reach")


def _evidence(users: Any, rule: Any, as_of: AsOf, sight: Any = None) -> Any:
    """All that these people hold or held of what the rules assign; of certificates those in `sight`, a condition."""
    certified = _certified(users, rule, as_of)
    return union_all(
        certified if sight is None else certified.where(sight), _trained(users, rule, as_of), _completed(users, rule)
    )


@dataclass(frozen=True, slots=True)
class HeldInSight:
    """What somebody holds of something assigned, as far as a viewer sees it. `until` None: it does not end."""

    until: date | None


def held_in_sight(
    viewer: Viewer, user_ids: Collection[int], assignment_ids: Collection[int], as_of: AsOf
) -> dict[tuple[int, int], HeldInSight]:
    """Of people who hold what is assigned, what the viewer sees of it, by person and assignment; one query.

    Who is missing has it from elsewhere and does not share it: it counts, and that is all that the viewer is told. What
    people hand in and which courses they completed is seen of whoever works there (README, "What an agency sees").
    """
    if not user_ids or not assignment_ids:
        return {}
    rule = rules_in_force(as_of, Assignment.id.in_(sorted(assignment_ids))).subquery("rule")
    sight = seen(viewer, Permission.SEE_PEOPLE, as_of.day)
    rows = _evidence(sorted(user_ids), rule, as_of, sight).subquery("evidence").c
    query = (
        select(
            rows.user_id,
            rule.c.id,
            func.max(case((rows.held_until.is_(None), 1), else_=0)),
            func.max(rows.held_until),
        )
        .join(rule, rule.c.thing == rows.thing)
        .where(rows.is_valid == 1)
        .group_by(rows.user_id, rule.c.id)
    )
    return {
        (user_id, number): HeldInSight(None if is_endless else until)
        for user_id, number, is_endless, until in db.session.execute(query)
    }


def _concerned(user_id: Any, thing: Any, users: Any, rule: Any) -> list[Any]:
    """The conditions that something is of these people (None: of anybody) and of a thing that the rules assign."""
    people = [] if users is None else [user_id.in_(users)]
    return [*people, thing.in_(select(rule.c.thing))]


def _certified(users: Any, rule: Any, as_of: AsOf) -> Any:
    valid = is_valid_at(as_of.now)
    is_cut_short = and_(
        Certificate.revoked_at.is_not(None),
        or_(Certificate.expires_at.is_(None), Certificate.revoked_at < Certificate.expires_at),
    )
    ended_at = case((is_cut_short, Certificate.revoked_at), else_=Certificate.expires_at)
    query = select(
        Certificate.user_id,
        thing_of(Certificate.course_id, Certificate.certification_id).label("thing"),
        case((valid, 1), else_=0).label("is_valid"),
        case((~valid, last_day(ended_at, as_of.zone))).label("lapsed_on"),
        case((valid, last_day(Certificate.expires_at, as_of.zone))).label("held_until"),
    ).where(
        Certificate.kind.in_(("course", "certification")),
        Certificate.superseded_by_id.is_(None),
        Certificate.valid_from <= as_of.now,
        *_concerned(Certificate.user_id, thing_of(Certificate.course_id, Certificate.certification_id), users, rule),
    )
    return query


def _trained(users: Any, rule: Any, as_of: AsOf) -> Any:
    lasts = or_(ExternalTraining.valid_until.is_(None), ExternalTraining.valid_until >= as_of.day)
    query = select(
        ExternalTraining.user_id,
        (ExternalTraining.course_id * 2).label("thing"),
        case((lasts, 1), else_=0).label("is_valid"),
        case((~lasts, ExternalTraining.valid_until)).label("lapsed_on"),
        case((lasts, ExternalTraining.valid_until)).label("held_until"),
    ).where(
        ExternalTraining.state == "approved",
        ExternalTraining.course_id.is_not(None),
        ExternalTraining.completed_on <= as_of.day,
        *_concerned(ExternalTraining.user_id, ExternalTraining.course_id * 2, users, rule),
    )
    return query


def _completed(users: Any, rule: Any) -> Any:
    """Courses completed that gave no certificate; where they gave one, that one speaks."""
    gave = (
        select(Certificate.id)
        .where(
            Certificate.kind == "course",
            Certificate.user_id == Enrollment.user_id,
            Certificate.course_id == Enrollment.course_id,
            Certificate.cycle == Enrollment.cycle,
        )
        .exists()
    )
    nothing = literal(None, Date())
    concerned = _concerned(Enrollment.user_id, Enrollment.course_id * 2, users, rule)
    return select(
        Enrollment.user_id, (Enrollment.course_id * 2).label("thing"), literal(1).label("is_valid"),
        nothing.label("lapsed_on"), nothing.label("held_until"),
    ).where(Enrollment.completed_at.is_not(None), *concerned, ~gave)  # fmt: skip
