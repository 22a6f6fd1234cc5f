"""What a team's page says of its after-action report, and who reads what members gave to it."""

from __future__ import annotations

from dataclasses import dataclass

from lms.access import Viewer
from lms.cohorts import after_action
from lms.cohorts.given import count_parts
from lms.cohorts.giving import newest_report
from lms.cohorts.models import Cohort


def coordinates(person: Viewer, cohort: Cohort) -> bool:
    """What members gave, they gave to the coordinator: who leads the team by a role over its agency does not see it."""
    return cohort.coordinator_id == person.id


@dataclass(frozen=True, slots=True)
class ReportCard:
    """What a team's page says of its report. `people` gave something; None for whoever does not read it."""

    actions: int
    is_closed: bool
    people: int | None


def report_card(person: Viewer, cohort: Cohort, *, is_offered: bool) -> ReportCard | None:
    """None where there is no report and the team is not about to write one."""
    report = newest_report(cohort.id)
    if report is None:
        return ReportCard(0, False, 0 if coordinates(person, cohort) else None) if is_offered else None
    actions = after_action.list_actions([report.id]).get(report.id, [])
    people = count_parts(report.id) if coordinates(person, cohort) else None
    return ReportCard(len(actions), report.closed_at is not None, people)
