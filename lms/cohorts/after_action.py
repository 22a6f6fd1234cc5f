"""A team's after-action report: its list of actions, its end, and the next one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select

from lms.clock import add_months
from lms.cohorts.giving import newest_report, open_report
from lms.cohorts.models import Cohort
from lms.cohorts.report_models import GivenPart, TeamAction, TeamReport
from lms.cohorts.teams import lock_cohort, refuse_closed
from lms.database import count_changed, db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people.audit import note

ASKED_ACTIONS = 3
"""So many actions, each with an owner and a date, make an after-action report (the plan's M7)."""

MOST_ACTIONS = 200
"""More is no list that a team works off."""

LATEST_MONTHS = 36
"""A day further away than that is a typing mistake."""


@dataclass(frozen=True, slots=True)
class ActionText:
    """What can be typed of an action."""

    seen: str = ""
    cause: str = ""
    step: str = ""
    owner: str = ""
    due_on: date | None = None
    done_on: date | None = None


def list_reports(cohort_id: int) -> list[TeamReport]:
    """The newest first."""
    return list(
        db.session.scalars(
            select(TeamReport).where(TeamReport.cohort_id == cohort_id).order_by(TeamReport.number.desc())
        )
    )


def list_actions(report_ids: Iterable[int]) -> dict[int, list[TeamAction]]:
    """By report: what is to be done first, by its day; what is done below. One query."""
    found: dict[int, list[TeamAction]] = {}
    rows = db.session.scalars(
        select(TeamAction)
        .where(TeamAction.report_id.in_(sorted(report_ids)))
        .order_by(TeamAction.done_on.is_not(None), TeamAction.due_on, TeamAction.id)
    )
    for one in rows:
        found.setdefault(one.report_id, []).append(one)
    return found


_BULLET = re.compile(r"\A(?:[-*•–]|[0-9]{1,2}[.)])\s+")
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})|([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", re.ASCII)


def drafted(text: str) -> ActionText:
    """The fields out of five lines: seen, cause, step, owner, date. Other than five lines all go into what was seen, to
    be parted by whoever reads them; a day that is not written in numbers (2027-03-01, 3/1/2027) stays empty. Pure."""
    lines = [_BULLET.sub("", line.strip()) for line in text.splitlines() if line.strip()]
    if len(lines) != 5:
        return ActionText(seen=text.strip())
    seen, cause, step, owner, day = lines
    return ActionText(seen, cause, step, owner[:200], _day_in(day))


def _day_in(text: str) -> date | None:
    match = _DAY.search(text)
    if match is None:
        return None
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[4], match[5])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def add_action(
    cohort: Cohort,
    text: ActionText,
    *,
    source: tuple[int, str] | None = None,
    actor_id: int,
    today: date,
    now: datetime,
) -> TeamAction:
    """Put an action on the team's list; `source` is the part and question that it was made of. Raises Invalid, Conflict
    for a closed report or an archived team. The caller commits."""
    report = open_report(cohort, now)
    cleaned = _checked(text, cohort, today)
    held = db.session.scalar(select(func.count()).select_from(TeamAction).where(TeamAction.report_id == report.id))
    if (held or 0) >= MOST_ACTIONS:
        raise Conflict(N_("This list is full: it has %(most)s actions."), most=MOST_ACTIONS)
    part_id, question_id = source or (None, None)
    action = TeamAction(report_id=report.id, part_id=part_id, question_id=question_id, made_by_id=actor_id, made_at=now)
    _fill(action, cleaned)
    db.session.add(action)
    db.session.flush()
    _note("action.added", cohort, actor_id, action_id=action.id, part_id=part_id)
    return action


def find_action(cohort: Cohort, action_id: int) -> TeamAction:
    """An action of this team's lists. Raises NotFound."""
    action = db.session.scalar(
        select(TeamAction)
        .join(TeamReport, TeamReport.id == TeamAction.report_id)
        .where(TeamAction.id == action_id, TeamReport.cohort_id == cohort.id)
    )
    if action is None:
        raise NotFound(N_("There is no such action on this team's list any more."))
    return action


def change_action(cohort: Cohort, action_id: int, text: ActionText, *, actor_id: int, today: date) -> TeamAction:
    """Change an action, also of a closed report: the review after it looks at what was done. Raises Invalid, NotFound,
    Conflict for an archived team. The caller commits."""
    lock_cohort(cohort.id)
    refuse_closed(cohort)
    action = find_action(cohort, action_id)
    _fill(action, _checked(text, cohort, today))
    done_on = action.done_on.isoformat() if action.done_on else None
    _note("action.changed", cohort, actor_id, action_id=action.id, due_on=action.due_on.isoformat(), done_on=done_on)
    db.session.flush()
    return action


def remove_action(cohort: Cohort, action_id: int, *, actor_id: int) -> None:
    """Take an action off the list of the open report. Raises NotFound, Conflict. The caller commits."""
    lock_cohort(cohort.id)
    refuse_closed(cohort)
    action = find_action(cohort, action_id)
    if action.report.closed_at is not None:
        raise Conflict(N_("This team's report is closed. Its actions stay; they can be changed or marked as done."))
    _note("action.removed", cohort, actor_id, action_id=action.id)
    db.session.execute(delete(TeamAction).where(TeamAction.id == action_id))


def close_report(cohort: Cohort, *, actor_id: int, now: datetime) -> TeamReport:
    """From now on nothing is given to it, taken back or put on its list. Raises Conflict; the caller commits."""
    report = open_report(cohort, now)
    report.closed_at, report.closed_by_id = now, actor_id
    _note("report.closed", cohort, actor_id, number=report.number)
    db.session.flush()
    return report


def begin_next_report(cohort: Cohort, *, actor_id: int, now: datetime) -> TeamReport:
    """The report of the next exercise. What members gave to the one before has served and is deleted; the actions stay.
    Raises Conflict where one is open; the caller commits."""
    lock_cohort(cohort.id)
    refuse_closed(cohort)
    before = newest_report(cohort.id)
    if before is None or before.closed_at is None:
        raise Conflict(N_("The report before is not closed yet."))
    deleted = count_changed(delete(GivenPart).where(GivenPart.report_id == before.id))
    report = TeamReport(cohort_id=cohort.id, number=before.number + 1, begun_at=now)
    db.session.add(report)
    _note("report.begun", cohort, actor_id, number=report.number, parts_deleted=deleted)
    db.session.flush()
    return report


def _checked(text: ActionText, cohort: Cohort, today: date) -> ActionText:
    cleaned = ActionText(
        text.seen.strip(), text.cause.strip(), text.step.strip(), text.owner.strip(), text.due_on, text.done_on
    )
    if not cleaned.step:
        raise Invalid(N_("Say what will be done: a step that one can see."), field="step")
    if not cleaned.owner:
        raise Invalid(N_("Name one owner: a person, with the agency."), field="owner")
    if cleaned.due_on is None:
        raise Invalid(N_("Say by which day."), field="due_on")
    if cleaned.due_on < cohort.starts_on or cleaned.due_on > add_months(today, LATEST_MONTHS):
        raise Invalid(N_("This day lies before the team began, or more than three years ahead."), field="due_on")
    if cleaned.done_on is not None and cleaned.done_on > today:
        raise Invalid(N_("The day cannot be in the future."), field="done_on")
    return cleaned


def _fill(action: TeamAction, text: ActionText) -> None:
    assert text.due_on is not None
    action.seen, action.cause, action.step, action.owner = text.seen, text.cause, text.step, text.owner
    action.due_on, action.done_on = text.due_on, text.done_on


def _note(action: str, cohort: Cohort, actor_id: int, **detail: Any) -> None:
    note(action, "cohort", cohort.id, actor_id=actor_id, agency_id=cohort.agency_id, **detail)
