"""An after-action report of a team: a member's submitted form, what they gave of it, and an action on the list."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from lms import journey
from lms.assessment import attempts
from lms.assessment.models import Attempt, Response
from lms.assessment.sittings import load_responses, load_sitting
from lms.catalog.versions import course_of
from lms.clock import utc_now
from lms.cohorts import after_action, giving
from lms.cohorts.after_action import ActionText
from lms.cohorts.models import Cohort
from lms.database import db
from lms.learning.models import Enrollment
from lms.learning.progress import load_standing
from lms.people.viewer import Viewer

COURSE, FORM = "tabletop-exercise", "after-action-form"
WORDS = "OWNER-OF-A saw it\nno list\nhang it up\nOWNER-OF-A, School of A\n2027-03-01"


def give_a_report(person: Viewer, cohort_id: int, coordinator_id: int) -> tuple[int, int, int]:
    """Ids of the submitted attempt, of what was given and of the action. In the caller's transaction.

    What comes before the form in its course is not taken: the attempt is begun past the journey.
    """
    now = utc_now()
    journey.enroll(person, COURSE)
    enrollment = db.session.scalars(select(Enrollment).where(Enrollment.user_id == person.id)).all()[-1]
    standing = load_standing(person.id, COURSE)
    module = course_of(standing.version_id, standing.content_hash).module(FORM, "en")
    assert module is not None
    attempt_id = attempts.start_attempt(enrollment.id, standing.version_id, module, language="en", now=now)
    for question in ("tt-form-worked", "tt-form-action-1", "tt-form-facilitator"):
        db.session.add(
            Response(attempt_id=attempt_id, question_id=question, sequence=1, value={"text": WORDS}, saved_at=now)
        )
    attempt = db.session.get_one(Attempt, attempt_id)
    attempt.submitted_at, attempt.receipt = now, attempts.new_receipt()
    db.session.flush()
    sitting = load_sitting(person.id, attempt_id)
    offered = giving.offered_answers(sitting, load_responses(attempt_id), "en")
    chosen = [one.question_id for one in offered]
    part = giving.give_answers(sitting, offered, chosen, cohort_id, user_id=person.id, language="en", now=now)
    text = ActionText("", "", "Hang it up", "OWNER-OF-A", now.date() + timedelta(days=90))
    team = db.session.get_one(Cohort, cohort_id)
    action = after_action.add_action(team, text, actor_id=coordinator_id, today=now.date(), now=now)
    return attempt_id, part.id, action.id
