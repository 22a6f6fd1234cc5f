"""Answers of a form that somebody gives to their team's after-action report: offered, given as a copy, taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import contains_eager, joinedload

from lms.assessment.attempts import new_receipt
from lms.assessment.models import Response
from lms.assessment.sittings import Sitting, values_of
from lms.cohorts.models import Cohort, CohortTemplate, Member
from lms.cohorts.report_models import GivenPart, TeamReport
from lms.cohorts.teams import current_member, lock_cohort, refuse_closed
from lms.cohorts.templates import exercise_courses
from lms.courseware.course import Question
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people.audit import note
from lms.people.models import User
from lms.wall.sight import SYSTEM, looking_as

ACTION, TEXT, RATINGS = "action", "text", "ratings"


@dataclass(frozen=True, slots=True)
class Rating:
    """A statement, and the number that somebody gave it."""

    statement_id: str
    statement: str
    number: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it is offered and given: its question as a text, and what was written or rated.

    `kind` is ACTION (a written one of a pool that holds actions), TEXT (another written one) or RATINGS; `scale` has
    each number of a scale with what it means.
    """

    question_id: str
    kind: str
    prompt: str
    text: str = ""
    ratings: tuple[Rating, ...] = ()
    scale: tuple[tuple[int, str], ...] = ()

    def said(self, number: int) -> str:
        return dict(self.scale).get(number, str(number))

    def to_json(self) -> dict[str, Any]:
        if self.kind != RATINGS:
            return {"question": self.question_id, "kind": self.kind, "prompt": self.prompt, "text": self.text}
        return {
            "question": self.question_id,
            "kind": self.kind,
            "prompt": self.prompt,
            "ratings": [{"id": r.statement_id, "statement": r.statement, "number": r.number} for r in self.ratings],
            "scale": [list(step) for step in self.scale],
        }


def answers_of(part: GivenPart) -> tuple[Answer, ...]:
    """What was given, in the order of the form."""
    return tuple(
        Answer(
            one["question"],
            one["kind"],
            one["prompt"],
            one.get("text", ""),
            tuple(Rating(each["id"], each["statement"], each["number"]) for each in one.get("ratings", ())),
            tuple((number, said) for number, said in one.get("scale", ())),
        )
        for one in part.answers
    )


def offered_answers(sitting: Sitting, responses: Mapping[str, Response], language: str) -> list[Answer]:
    """The answers of a submitted form that may be given: what was written, and ratings. Private reflections are none
    of them, nor is any other type of question; nor are quizzes, which are marked, and surveys, which ask for the
    course alone."""
    module = sitting.module(language)
    if not module.is_form or sitting.attempt.submitted_at is None:
        return []
    actions = {one.id for pool in module.pools if pool.holds_actions for one in pool.questions}
    given = values_of(responses)
    found = (_offered(one, given.get(key), key in actions) for key, one in sitting.questions(language).items())
    return [one for one in found if one is not None]


def _offered(question: Question, response: Any, is_action: bool) -> Answer | None:
    if question.type == "written":
        text = str((response or {}).get("text", "")).strip()
        return Answer(question.id, ACTION if is_action else TEXT, question.prompt, text) if text else None
    if question.type == "likert":
        numbers = (response or {}).get("ratings", {})
        rated = tuple(Rating(o.id, o.text, int(numbers[o.id])) for o in question.options if o.id in numbers)
        scale = tuple((number, question.payload.said(number)) for number in question.payload.numbers)
        return Answer(question.id, RATINGS, question.prompt, ratings=rated, scale=scale) if rated else None
    return None


@dataclass(frozen=True, slots=True)
class Receiver:
    """A team that somebody may give to, and who reads it there."""

    cohort_id: int
    name: str
    coordinator: str
    is_closed: bool
    """Whether its report is closed, so that nothing can be given now."""


def receivers_of(user_id: int, slug: str) -> list[Receiver]:
    """The open teams that somebody is a member of now, and whose kind plays this course's exercise. Two queries."""
    rows = db.session.execute(
        select(Cohort, CohortTemplate.rules)
        .join(Member, Member.cohort_id == Cohort.id)
        .join(CohortTemplate, CohortTemplate.id == Cohort.template_id)
        .options(joinedload(Cohort.coordinator))
        .where(Member.user_id == user_id, Member.left_at.is_(None), Cohort.archived_at.is_(None))
        .order_by(Cohort.name, Cohort.id)
    ).all()
    playing = [cohort for cohort, rules in rows if slug in exercise_courses(rules).values()]
    closed = _closed([one.id for one in playing])
    return [Receiver(one.id, one.name, one.coordinator.name, one.id in closed) for one in playing]


def _closed(cohort_ids: Collection[int]) -> set[int]:
    newest: dict[int, bool] = {}
    rows = db.session.execute(
        select(TeamReport.cohort_id, TeamReport.closed_at)
        .where(TeamReport.cohort_id.in_(sorted(cohort_ids)))
        .order_by(TeamReport.number)
    )
    for cohort_id, closed_at in rows:
        newest[cohort_id] = closed_at is not None
    return {cohort_id for cohort_id, is_closed in newest.items() if is_closed}


def open_report(cohort: Cohort, now: datetime) -> TeamReport:
    """The report that the team writes now; the first is begun by whatever comes first. Raises Conflict where it is
    closed and the next was not begun, and for an archived team. Holds the team's row; the caller commits."""
    lock_cohort(cohort.id)
    db.session.refresh(cohort)
    refuse_closed(cohort)
    newest = newest_report(cohort.id)
    if newest is None:
        newest = TeamReport(cohort_id=cohort.id, number=1, begun_at=now)
        db.session.add(newest)
        db.session.flush()
    if newest.closed_at is not None:
        raise Conflict(N_("This team's report is closed. Nothing can be added to it."))
    return newest


def newest_report(cohort_id: int) -> TeamReport | None:
    return db.session.scalars(
        select(TeamReport).where(TeamReport.cohort_id == cohort_id).order_by(TeamReport.number.desc()).limit(1)
    ).one_or_none()


def give_answers(
    sitting: Sitting,
    offered: Sequence[Answer],
    chosen: Collection[str],
    cohort_id: int,
    *,
    user_id: int,
    language: str,
    now: datetime,
) -> GivenPart:
    """Give copies of the chosen answers to a team's report, in place of what was given to it before.

    Raises NotFound for a team that the person is no member of or that plays no such exercise, Invalid where nothing is
    chosen, Conflict for an archived team or a closed report. The caller commits.
    """
    if cohort_id not in {one.cohort_id for one in receivers_of(user_id, sitting.slug)}:
        raise NotFound(N_("You are no member of this team, so you cannot give anything to it."))
    answers = [one.to_json() for one in offered if one.question_id in chosen]
    if not answers:
        raise Invalid(N_("Tick at least one answer that you want to give."), field="answers")
    cohort = db.session.get_one(Cohort, cohort_id)
    report = open_report(cohort, now)
    if current_member(cohort_id, user_id) is None:  # since the team's row is held, nobody leaves any more
        raise NotFound(N_("You are no member of this team, so you cannot give anything to it."))
    former = db.session.scalars(
        select(GivenPart)
        .where(GivenPart.report_id == report.id, GivenPart.user_id == user_id)
        .order_by(GivenPart.given_at.desc(), GivenPart.id.desc())
    ).all()
    for other in former[1:]:  # of an account that was put together with this one
        db.session.delete(other)
    if former:
        part = former[0]
        part.former_given_at = part.given_at
    else:
        part = GivenPart(report_id=report.id, user_id=user_id)
        db.session.add(part)
    part.slug, part.module_id, part.language = sitting.slug, sitting.attempt.module_id, language
    part.team, part.answers, part.receipt, part.given_at = cohort.name, answers, new_receipt(), now
    db.session.flush()
    _note("report-part.given", cohort, part, user_id, answers=len(answers))
    return part


def take_back(user_id: int, part_id: int) -> GivenPart:
    """Delete what was given, as if it had not been; also after leaving the team. Raises NotFound for anybody else's,
    Conflict once the report is closed. The caller commits."""
    part = db.session.get(GivenPart, part_id)
    if part is None or part.user_id != user_id:
        raise NotFound(N_("There is nothing here that you may see."))
    cohort = db.session.get_one(Cohort, part.report.cohort_id)
    lock_cohort(cohort.id)
    db.session.refresh(part.report)
    if part.report.closed_at is not None:
        raise Conflict(N_("This team's report is closed. What was given to it cannot be taken back any more."))
    _note("report-part.taken-back", cohort, part, user_id)
    db.session.execute(delete(GivenPart).where(GivenPart.id == part_id))
    db.session.expunge(part)
    return part


@dataclass(frozen=True, slots=True)
class OwnPart:
    """What somebody gave, as they see it themselves."""

    id: int
    cohort_id: int
    team: str
    coordinator: str
    receipt: str
    given_at: datetime
    former_given_at: datetime | None
    closed_at: datetime | None
    answers: tuple[Answer, ...]


def own_parts(user_id: int, *, module: tuple[str, str] | None = None, cohort_id: int | None = None) -> list[OwnPart]:
    """What somebody gave out of a form (course and module), or to a team; the newest first.

    Read as the system: it is one's own also after one has left the team, which one sees no more. Of the team only its
    name and its coordinator's are told.
    """
    asked = (
        select(GivenPart, User.name)
        .join(GivenPart.report)
        .join(TeamReport.cohort)
        .join(User, User.id == Cohort.coordinator_id)
        .options(contains_eager(GivenPart.report).contains_eager(TeamReport.cohort))
        .order_by(GivenPart.given_at.desc(), GivenPart.id.desc())
    )
    if module is not None:
        asked = asked.where(GivenPart.slug == module[0], GivenPart.module_id == module[1])
    if cohort_id is not None:
        asked = asked.where(TeamReport.cohort_id == cohort_id)
    with looking_as(SYSTEM):
        rows = db.session.execute(asked.where(GivenPart.user_id == user_id)).all()
    return [
        OwnPart(
            part.id,
            part.report.cohort_id,
            part.report.cohort.name,
            coordinator,
            part.receipt,
            part.given_at,
            part.former_given_at,
            part.report.closed_at,
            answers_of(part),
        )
        for part, coordinator in rows
    ]


def _note(action: str, cohort: Cohort, part: GivenPart, user_id: int, **detail: Any) -> None:
    note(action, "cohort", cohort.id, actor_id=user_id, agency_id=cohort.agency_id, part_id=part.id, **detail)
