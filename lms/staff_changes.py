"""Changes to many people of a staff list at once: by the worker, with the rights of then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select

from lms import batches
from lms.access import Permission, Viewer, require_over, scope, visible_agencies
from lms.batches import Batch, Piece
from lms.catalog.models import Course
from lms.certification.assignment_rules import AsOf
from lms.clock import utc_now
from lms.database import db, run_transaction
from lms.errors import N_, Conflict, Invalid, LmsError, NotAllowed
from lms.importing import inviting_many
from lms.importing.inviting_many import Forecast, Reach
from lms.learning import enrollments
from lms.people import disabling, memberships
from lms.people.audit import note
from lms.people.finding import ANYBODY, RosterFilter, chosen_ids
from lms.people.models import Agency, Membership, User
from lms.people.roster import is_wholly_within
from lms.reporting.staff_choices import Choice, filter_of
from lms.reporting.staff_lists import GONE, asker_of, reach_of

KIND = "staff-change"
ACTIONS = ("end", "move", "enroll", "invite", "disable")
PEOPLE_PER_PIECE = 50
MOST_TICKED = 500
MOST_NAMED = 200
"""So many names of people to whom it was done are kept."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done to each: `agency_id` for a move, `course_slug` for an enrollment, `day` for either of the
    places."""

    action: str
    day: date
    agency_id: int | None = None
    course_slug: str | None = None


def check_change(viewer: Viewer, change: Change) -> None:
    """Raises Invalid, Conflict or NotFound where it could be done to nobody."""
    if change.action not in ACTIONS:
        raise Invalid(N_("Choose what to do."), "action")
    if change.action == "move":
        agency = db.session.get(Agency, change.agency_id) if change.agency_id else None
        if agency is None:
            raise Invalid(N_("Choose an agency."), "agency_id")
        require_over(viewer, Permission.MANAGE_PEOPLE, agency.path)
        if agency.archived_at is not None:
            raise Conflict(N_("This agency is archived; nobody can join it."))
    if change.action == "enroll" and _course_id(change.course_slug) is None:
        raise Invalid(N_("Choose a course."), "course")


def meant_by(action: str, choice: Choice) -> Choice:
    """Whom a choice means for an action. Somebody who was ticked to be invited and has left since, or whose account was
    switched off, is named with the reason; so the list is not asked again how they stand."""
    return replace(choice, status=ANYBODY) if action == "invite" and choice.only is not None else choice


def foresee_invitations(viewer: Viewer, choice: Choice, as_of: AsOf) -> Forecast:
    """What inviting would do now to whom a choice means."""
    agencies = visible_agencies(viewer, Permission.MANAGE_PEOPLE)
    wanted = filter_of(viewer, choice, Permission.MANAGE_PEOPLE, as_of)
    return inviting_many.foresee(Reach(agencies, wanted.under, as_of.day), chosen_ids(agencies, wanted, day=as_of.day))


def check_reading(batch: Batch, viewer: Viewer) -> None:
    """Names of who was left out are for who still manages all whom it was about. Raises NotAllowed."""
    if not batches.reaches_all(batch, viewer, [Permission.MANAGE_PEOPLE]):
        raise NotAllowed(GONE)


def ask(viewer: Viewer, choice: Choice, change: Change, total: int) -> Batch:
    """Have it done. The caller commits. Raises what `check_change` raises, Invalid where too many are ticked, Conflict
    where enough of it is under way."""
    batches.refuse_many(KIND, asked_by_id=viewer.id)
    check_change(viewer, change)
    if choice.only is not None and not 0 < len(choice.only) <= MOST_TICKED:
        raise Invalid(N_("Tick at least one person."))
    params = {
        "choice": meant_by(change.action, choice).to_json(),
        "action": change.action,
        "day": change.day.isoformat(),
        "agency_id": change.agency_id,
        "course_slug": change.course_slug,
    }
    return batches.begin(KIND, params, asked_by_id=viewer.id, total=total)


def change_piece(batch: Batch, runtime: Any) -> Piece:
    """The next fifty people, each by the asker's rights of now. Run again after a kill, what was done is left out as
    done already."""
    as_of = AsOf.at(utc_now(), runtime.settings.time_zone)
    day = as_of.day
    viewer = asker_of(batch, Permission.MANAGE_PEOPLE, day)
    params = batch.params
    change = Change(params["action"], date.fromisoformat(params["day"]), params["agency_id"], params["course_slug"])
    check_change(viewer, change)
    wanted = filter_of(viewer, Choice.from_json(params["choice"]), Permission.MANAGE_PEOPLE, as_of)
    reach = reach_of(batch, viewer, Permission.MANAGE_PEOPLE, wanted)
    agencies = visible_agencies(viewer, Permission.MANAGE_PEOPLE)
    after = int(batch.cursor.get("after", 0))
    ids = list(db.session.scalars(chosen_ids(agencies, wanted, day=day, after=after, limit=PEOPLE_PER_PIECE)))
    db.session.rollback()
    step = _step_of(batch, viewer, change, wanted, day, runtime.settings.site_url)
    named, problems = run_transaction(lambda: step(ids)) if ids else ([], [])
    return Piece(
        done=len(ids) - len(problems),
        problems=problems,
        cursor={"after": ids[-1] if ids else after},
        result={**batch.result, "reach": reach, "named": [*batch.result.get("named", []), *named][:MOST_NAMED]},
        is_last=len(ids) < PEOPLE_PER_PIECE,
    )


def _step_of(
    batch: Batch, viewer: Viewer, change: Change, wanted: RosterFilter, day: date, site_url: str
) -> Callable[[list[int]], tuple[list[str], list[tuple[str, str]]]]:
    """What is done to the people of a piece; returns for whom it was done (invitations have a page of their own), and
    who was left out, with the reason."""
    if change.action != "invite":
        return lambda ids: _change_all(viewer, ids, change, wanted.under, day)
    reach = Reach(visible_agencies(viewer, Permission.MANAGE_PEOPLE), wanted.under, day)
    before, since = batch.done, batch.created_at

    def invite(ids: list[int]) -> tuple[list[str], list[tuple[str, str]]]:
        return [], inviting_many.invite_some(
            reach, ids, invited_by_id=viewer.id, since=since, before=before, site_url=site_url
        )

    return invite


def _change_all(
    viewer: Viewer, ids: Sequence[int], change: Change, under: str | None, day: date
) -> tuple[list[str], list[tuple[str, str]]]:
    """For whom it was done, and who was left out with the reason; one that fails undoes nothing of the others."""
    names = dict(db.session.execute(select(User.id, User.name).where(User.id.in_(ids))).all())
    named, problems = [], []
    for user_id in ids:
        try:
            with db.session.begin_nested():
                _change_one(viewer, user_id, change, under, day)
                db.session.flush()
        except LmsError as problem:
            problems.append((names[user_id], problem.message % problem.values))
        else:
            named.append(names[user_id])
    return named, problems


def _change_one(viewer: Viewer, user_id: int, change: Change, under: str | None, day: date) -> None:
    """Raises LmsError with the sentence why not."""
    agencies = visible_agencies(viewer, Permission.MANAGE_PEOPLE)
    if change.action == "disable":
        may = scope(viewer, Permission.MANAGE_PEOPLE) is None or is_wholly_within(user_id, agencies, day)
        disabling.disable_account(viewer, user_id, may_manage_all=may)
    elif change.action == "enroll":
        course_id = _course_id(change.course_slug)
        assert course_id is not None
        enrollment = enrollments.enroll(user_id, course_id)
        note("enrollment.begun", "enrollment", enrollment.id, actor_id=viewer.id, course=course_id)
    else:
        _change_places(viewer, user_id, change, under)


def _change_places(viewer: Viewer, user_id: int, change: Change, under: str | None) -> None:
    query = (
        select(Membership)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(
            Membership.user_id == user_id,
            Membership.ended_on.is_(None),
            Membership.agency_id.in_(visible_agencies(viewer, Permission.MANAGE_PEOPLE)),
        )
    )
    if under is not None:
        query = query.where(Agency.path.like(f"{under}%"))
    places = [one for one in db.session.scalars(query) if one.agency_id != change.agency_id]
    if not places:
        raise Conflict(N_("There was no place to change."))
    for place in places:
        if change.action == "move" and change.agency_id is not None:
            memberships.move_membership(
                place.id, agency_id=change.agency_id, discipline=place.discipline, day=change.day, actor_id=viewer.id
            )
        else:
            memberships.end_membership(place.id, day=change.day, actor_id=viewer.id)


def _course_id(slug: str | None) -> int | None:
    return db.session.scalar(select(Course.id).where(Course.slug == slug, Course.archived_at.is_(None)))
