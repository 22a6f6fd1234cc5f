"""What after-action reports keep of one person: what they gave, and their name where they own an action."""

from __future__ import annotations

import re
from collections.abc import Collection

from sqlalchemy import select

from lms.cohorts.report_models import TeamAction, TeamReport
from lms.database import db
from lms.people.persons import Claim, stays

TEAM = "the team: its members, its coordinator, administrators of its agency"
NAMELESS = stays("stays: an id, no name")

REPORT_CLAIMS = (
    Claim(
        "lms_given_parts",
        "user_id",
        "given_to_a_teams_report",
        holds="the answers of a form that somebody gave to their team's after-action report, as copies",
        why="so that the coordinator can write the report out of them",
        kept="until taken back, or until the team begins its next report",
        seen_by="the person; the team's coordinator, ratings only in counts from three people on",
        export={
            "team": "team",
            "report": "report_id>lms_team_reports.number",
            "course": "slug",
            "module": "module_id",
            "language": "language",
            "answers": "answers",
            "receipt": "receipt",
            "given_at": "given_at",
            "in_place_of_what_was_given_at": "former_given_at",
        },
    ),
    Claim(
        "lms_team_actions",
        "made_by_id",
        "actions_you_put_on_a_teams_list",
        holds="who put an action on a team's list; the owner of an action, as typed",
        why="so that the team does what it agreed on",
        kept="as long as the team, as an id; an owner's name until that person is erased",
        seen_by=TEAM,
        export={
            "report": "report_id>lms_team_reports.number",
            "seen": "seen",
            "cause": "cause",
            "step": "step",
            "owner": "owner",
            "due_on": "due_on",
            "done_on": "done_on",
            "made_at": "made_at",
        },
        kept_back=("part_id", "question_id"),
        erase=NAMELESS,
    ),
    Claim(
        "lms_team_reports",
        "closed_by_id",
        "reports_you_closed",
        holds="who closed a team's after-action report",
        why="to know whom to ask",
        kept="as long as the team, as an id",
        seen_by=TEAM,
        export={"team": "cohort_id>lms_cohorts.name", "number": "number", "closed_at": "closed_at"},
        kept_back=("begun_at",),
        erase=NAMELESS,
    ),
)


def erase_from_actions(cohort_ids: Collection[int], names: Collection[str]) -> None:
    """Take a person's names out of the actions of the teams that they sat in."""
    actions = select(TeamAction).join(TeamReport, TeamReport.id == TeamAction.report_id)
    for one in db.session.scalars(actions.where(TeamReport.cohort_id.in_(sorted(cohort_ids)))).all():
        for field in ("seen", "cause", "step", "owner"):
            text = without(getattr(one, field), names)
            if text != getattr(one, field):
                setattr(one, field, text)
    db.session.flush()


def without(text: str, names: Collection[str]) -> str:
    """A text in which "…" stands for each of the names, the longest first; only where one stands as words of its own,
    so that who is called Al leaves "also" whole. Pure."""
    known = sorted(filter(None, names), key=len, reverse=True)
    if not known:
        return text
    return re.sub(rf"(?<!\w)(?:{'|'.join(re.escape(name) for name in known)})(?!\w)", "…", text, flags=re.IGNORECASE)
