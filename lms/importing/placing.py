"""Placing imported people in a course and a team, also before they have an account."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from lms.cohorts import invitations as team_invitations
from lms.cohorts import teams
from lms.cohorts.models import Cohort, CohortInvitation, Member
from lms.database import db
from lms.errors import N_, Conflict
from lms.importing.work import Work
from lms.learning.enrollments import enroll_many
from lms.people.audit import note
from lms.people.importing.models import ImportRow
from lms.people.models import User
from lms.people.signins import load_viewer
from lms.settings import Settings

NO_ADDRESS = N_("Has an account without an e-mail address, so that no invitation into the team could be sent.")


def place_people(work: Work, rows: Sequence[ImportRow], settings: Settings) -> None:
    """Enroll everybody of these rows and bring them into the team, as was confirmed."""
    ids = list(dict.fromkeys(row.user_id for row in rows if row.user_id is not None))
    course_id, cohort_id = work.row.options.get("course_id"), work.row.options.get("cohort_id")
    if course_id:
        for enrollment in enroll_many(ids, course_id, work.now):
            work.change("enrolled", enrollment.user_id, enrollment.id)
            note(
                "enrollment.begun", "enrollment", enrollment.id, actor_id=work.row.asked_by_id, course=course_id,
                user_id=enrollment.user_id,
            )  # fmt: skip
    if cohort_id:
        _into_team(work, ids, db.session.get_one(Cohort, cohort_id), settings)


def _into_team(work: Work, ids: Sequence[int], cohort: Cohort, settings: Settings) -> None:
    """Whoever has no account yet gets a seat; others are asked first, since the team sees what they hold."""
    inside = set(
        db.session.scalars(select(Member.user_id).where(Member.cohort_id == cohort.id, Member.left_at.is_(None)))
    )
    users = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(ids)))}
    accounts = {person.id for person in work.known.by_id.values() if person.has_account}
    for user_id in ids:
        if user_id in inside:
            continue
        try:
            if user_id in accounts:
                _ask(work, cohort, users[user_id], settings)
            else:
                _seat(work, cohort, user_id)
        except Conflict as problem:
            text = problem.message % problem.values if problem.values else problem.message
            work.problems.append((users[user_id].name, text))


def _seat(work: Work, cohort: Cohort, user_id: int) -> None:
    viewer = load_viewer(user_id, today=work.day)
    if viewer is None:
        return
    member = teams.add_member(cohort, viewer, work.now, actor_id=work.row.asked_by_id)
    db.session.flush()
    work.change("seated", user_id, member.id)


def _ask(work: Work, cohort: Cohort, user: User, settings: Settings) -> None:
    if not user.email:
        work.problems.append((user.name, NO_ADDRESS))
        return
    waiting = select(CohortInvitation.id).where(
        CohortInvitation.cohort_id == cohort.id, CohortInvitation.email == user.email,
        CohortInvitation.withdrawn_at.is_(None), CohortInvitation.uses == 0, CohortInvitation.expires_at > work.now,
    )  # fmt: skip
    if db.session.scalar(waiting.limit(1)) is not None:
        return
    invitation = team_invitations.invite_by_mail(
        cohort, user.email, work.now, site_name=settings.site_name, site_url=settings.site_url,
        language=user.language, actor_id=work.row.asked_by_id or cohort.coordinator_id,
    )  # fmt: skip
    work.change("team-invited", user.id, invitation.id)
