"""What members gave to a team's after-action report, as its coordinator sees it: texts, and ratings only in counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from lms.cohorts.debrief import FEWEST
from lms.cohorts.giving import ACTION, RATINGS, Answer, answers_of
from lms.cohorts.models import Member, Seat
from lms.cohorts.report_models import GivenPart, TeamAction, TeamReport
from lms.database import db
from lms.errors import N_, NotFound
from lms.wall.sight import SYSTEM, looking_as


@dataclass(frozen=True, slots=True)
class Given:
    """One answer that the coordinator reads, and whose it is."""

    part_id: int
    given_at: datetime
    former_given_at: datetime | None
    name: str
    seat_title: dict[str, str] | None
    has_left: bool
    answer: Answer
    language: str
    action_id: int | None = None
    """The action on the list that was made out of it."""
    was_other: bool = False
    """Whether that was made out of an earlier gift, in whose place this one stands."""


@dataclass(frozen=True, slots=True)
class Statement:
    """How many people gave a statement which number; `people` are all who rated it. No counts for fewer than FEWEST."""

    text: str
    people: int
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """A question with ratings, as counts."""

    prompt: str
    language: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class GivenView:
    """What a coordinator sees: actions first, then other texts by their question, then ratings as counts."""

    people: int
    actions: tuple[Given, ...]
    texts: tuple[tuple[str, tuple[Given, ...]], ...]
    ratings: tuple[Counted, ...]


def load_given(report: TeamReport, actions: Sequence[TeamAction]) -> GivenView:
    """What members gave to a report, for its coordinator alone: whoever calls this has asked for that. Two queries.

    A part is its giver's alone behind the second wall: read as the system, and of ratings only counts go on from here.
    """
    with looking_as(SYSTEM):
        parts = db.session.scalars(
            select(GivenPart)
            .options(joinedload(GivenPart.user))
            .where(GivenPart.report_id == report.id)
            .order_by(GivenPart.given_at, GivenPart.id)
        ).all()
        seats = _seats_of(report.cohort_id)
    made = {(one.part_id, one.question_id): one for one in actions}
    read = [_given(part, answer, seats, made) for part in parts for answer in answers_of(part)]
    # One of each person, the last: two accounts that were put together may each have given.
    rated = {
        (part.user_id, answer.question_id): (answer, part.language)
        for part in parts
        for answer in answers_of(part)
        if answer.kind == RATINGS
    }
    texts: dict[str, list[Given]] = {}
    for one in read:
        if one.answer.kind not in (ACTION, RATINGS):
            texts.setdefault(one.answer.question_id, []).append(one)
    return GivenView(
        len({part.user_id for part in parts}),
        tuple(one for one in read if one.answer.kind == ACTION),
        tuple((found[0].answer.prompt, tuple(found)) for found in texts.values()),
        count_ratings(list(rated.values())),
    )


def _given(
    part: GivenPart,
    answer: Answer,
    seats: dict[int, dict[str, str] | None],
    made: dict[tuple[int | None, str | None], TeamAction],
) -> Given:
    action = made.get((part.id, answer.question_id))
    return Given(
        part.id,
        part.given_at,
        part.former_given_at,
        part.user.name,
        seats.get(part.user_id),
        part.user_id not in seats,
        answer,
        part.language,
        action.id if action else None,
        action is not None and action.made_at < part.given_at,
    )


def _seats_of(cohort_id: int) -> dict[int, dict[str, str] | None]:
    """By present member, the title of their seat."""
    rows = db.session.execute(
        select(Member.user_id, Seat.title)
        .outerjoin(Seat, Seat.id == Member.seat_id)
        .where(Member.cohort_id == cohort_id, Member.left_at.is_(None))
    )
    return {int(user_id): title for user_id, title in rows}


def count_ratings(given: Sequence[tuple[Answer, str]]) -> tuple[Counted, ...]:
    """Ratings by question and statement, without names, as the first giver's form words them. Pure."""
    by_question: dict[str, list[tuple[Answer, str]]] = {}
    for answer, language in given:
        by_question.setdefault(answer.question_id, []).append((answer, language))
    counted = []
    for answers in by_question.values():
        first, language = answers[0]
        texts: dict[str, str] = {}
        numbers: dict[str, list[int]] = {}
        for answer, _ in answers:
            for one in answer.ratings:
                texts.setdefault(one.statement_id, one.statement)
                numbers.setdefault(one.statement_id, []).append(one.number)
        statements = tuple(_counted(texts[key], numbers[key], first) for key in texts)
        counted.append(Counted(first.prompt, language, statements))
    return tuple(counted)


def _counted(text: str, numbers: list[int], answer: Answer) -> Statement:
    if len(numbers) < FEWEST:
        return Statement(text, len(numbers), ())
    found = Counter(numbers)
    return Statement(text, len(numbers), tuple((said, found[number]) for number, said in answer.scale))


def count_parts(report_id: int) -> int:
    """How many people gave something; for the coordinator alone."""
    with looking_as(SYSTEM):
        counted = select(func.count(GivenPart.user_id.distinct())).where(GivenPart.report_id == report_id)
        return db.session.scalar(counted) or 0


def find_given_action(report: TeamReport, part_id: int, question_id: str) -> tuple[GivenPart, Answer]:
    """A given answer that is to become an action; for the coordinator alone. Raises NotFound."""
    with looking_as(SYSTEM):
        part = db.session.scalar(
            select(GivenPart)
            .options(joinedload(GivenPart.user))
            .where(GivenPart.id == part_id, GivenPart.report_id == report.id)
        )
    found = next((one for one in answers_of(part) if one.question_id == question_id), None) if part else None
    if part is None or found is None or found.kind != ACTION:
        raise NotFound(N_("This was taken back or given anew meanwhile. Load the report's page again."))
    return part, found
