"""Inviting many people of a staff list who were placed by an import: who gets a mail, and why others get none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select

from lms.clock import utc_now
from lms.database import db
from lms.errors import N_
from lms.importing.inviting import Invitee, due_at, send_invitations
from lms.people.audit import note
from lms.people.finding import address_of
from lms.people.invitations import has_account_of_their_own
from lms.people.invited_places import end_links
from lms.people.models import Agency, Invitation, Membership, User
from lms.people.uninvited import is_invited
from lms.wall.sight import SYSTEM, looking_as

GOES = ""
"""In place of a reason: a mail goes out."""

LEFT_OUT = {
    "disabled": N_("This account is switched off."),
    "account": N_("This person has an account already."),
    "left": N_("This person has no place at your agencies any more."),
    "no-address": N_(
        "No e-mail address of this person is known. Add it on the page of the person, or import it with the staff list."
    ),
    "invited": N_("An invitation that can still be used went out already. “Open invitations” can send it again."),
}


@dataclass(frozen=True, slots=True)
class Reach:
    """Over which agencies somebody invites, and only below `under`, if that is said; on which day."""

    agencies: Select[Any]
    under: str | None
    day: date

    def places(self) -> Select[Any]:
        """Places that an invitation may speak of: `user_id` of each."""
        query = (
            select(Membership.user_id)
            .join(Agency, Agency.id == Membership.agency_id)
            .where(
                Membership.agency_id.in_(self.agencies),
                or_(Membership.ended_on.is_(None), Membership.ended_on > self.day),
                Agency.archived_at.is_(None),
            )
        )
        return query if self.under is None else query.where(Agency.path.like(f"{self.under}%"))


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many mails would go out, the last of them when, and how many people get none, by the reason."""

    mails: int
    until: datetime
    left_out: Sequence[tuple[str, int]]


def foresee(reach: Reach, chosen: Select[Any]) -> Forecast:
    """What would become of the people whose ids a query gives. One query."""
    now = utc_now()
    with looking_as(SYSTEM):  # as it will be done: whether a provider leads to the account is hidden from lists
        reasons = select(_reason(reach, now).label("reason")).where(User.id.in_(chosen.order_by(None))).subquery()
        rows = db.session.execute(select(reasons.c.reason, func.count()).group_by(reasons.c.reason))
        counts = {one[0]: one[1] for one in rows}
    mails = counts.get(GOES, 0)
    left_out = [(sentence, counts[reason]) for reason, sentence in LEFT_OUT.items() if counts.get(reason)]
    return Forecast(mails, due_at(now, max(mails - 1, 0)), left_out)


def invite_some(
    reach: Reach, ids: Collection[int], *, invited_by_id: int, since: datetime, before: int, site_url: str
) -> list[tuple[str, str]]:
    """Invite those of these people who can be; who was left out, with the reason. The caller commits.

    Whom the same person invited `since` counts as done: the work may run again after a kill. `before` mails of the same
    work are queued already.
    """
    now = utc_now()
    db.session.execute(select(User.id).where(User.id.in_(ids)).order_by(User.id).with_for_update())
    rows = db.session.execute(
        select(User.id, User.name, User.language, address_of().label("address"), _reason(reach, now).label("reason"))
        .where(User.id.in_(ids))
        .order_by(User.id)
    ).all()
    done = set(
        db.session.scalars(
            select(Invitation.for_user_id).where(
                Invitation.for_user_id.in_(ids),
                Invitation.invited_by_id == invited_by_id,
                Invitation.created_at >= since,
            )
        )
    )
    going = [row for row in rows if row.reason == GOES]
    places = _places(reach, [row.id for row in going])
    _withdraw_old(reach, list(places), now)
    invitees = [Invitee(row.id, row.name, row.address, *places[row.id], row.language) for row in going]
    sent = send_invitations(invitees, invited_by_id=invited_by_id, before=before, now=now, site_url=site_url)
    for one in sent:
        note("invitation.sent", "invitation", one.id, actor_id=invited_by_id, agency_id=one.agency_id)
    return [(row.name, LEFT_OUT[row.reason]) for row in rows if row.reason != GOES and row.id not in done]


def _reason(reach: Reach, now: datetime) -> ColumnElement[str]:
    """Why a person gets no mail, or GOES."""
    return case(
        (User.disabled_at.is_not(None), "disabled"),
        (has_account_of_their_own(), "account"),
        (User.id.not_in(reach.places()), "left"),
        (address_of().is_(None), "no-address"),
        (is_invited(reach.agencies, address_of(), now), "invited"),
        else_=GOES,
    )


def _places(reach: Reach, ids: Collection[int]) -> dict[int, tuple[int, str, str]]:
    """The agency, its name and the discipline of the earliest place of each."""
    query = (
        reach.places().where(Membership.user_id.in_(ids)).order_by(Membership.started_on.desc(), Membership.id.desc())
    )
    rows = db.session.execute(query.add_columns(Agency.id, Agency.name, Membership.discipline))
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _withdraw_old(reach: Reach, ids: Collection[int], now: datetime) -> None:
    """Links that ran out leave the list of open invitations: a new one stands there."""
    old = select(Invitation).where(
        Invitation.for_user_id.in_(ids),
        Invitation.agency_id.in_(reach.agencies),
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
    )
    end_links(db.session.scalars(old).all(), now)
