"""Open invitations into a place that ends or moves: nobody comes in again, or twice, by a mail that was sent before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import or_, select

from lms.clock import utc_now
from lms.database import db
from lms.outbox import forget_unsent
from lms.people.audit import note
from lms.people.models import Agency, Invitation, Membership, User

Target = tuple[int, str]
"""An agency and a discipline."""


def invitations_into(places: Sequence[Membership]) -> list[tuple[Invitation, Membership]]:
    """What was neither accepted nor withdrawn and leads the same person into one of these places; also what is too old
    by now, and could be sent again."""
    people = {place.user_id for place in places}
    if not people:
        return []
    persons: dict[str | None, set[int | None]] = {}
    rows = db.session.execute(
        select(User.id, User.merged_into_id, User.email).where(
            or_(User.id.in_(people), User.merged_into_id.in_(people)), User.email.is_not(None)
        )
    )
    for user_id, stands_for, email in rows:
        persons.setdefault(email, set()).update({user_id, stands_for})
    by_place: dict[tuple[int | None, int | None, str | None], Membership] = {
        (place.user_id, place.agency_id, place.discipline): place for place in places
    }
    found = db.session.scalars(
        select(Invitation)
        .where(
            or_(Invitation.for_user_id.in_(people), Invitation.email.in_(persons)),
            Invitation.agency_id.in_({place.agency_id for place in places}),
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .order_by(Invitation.id)
    )
    pairs = []
    for one in found:
        persons_of = {one.for_user_id, *persons.get(one.email, ())}
        theirs = (by_place.get((user_id, one.agency_id, one.discipline)) for user_id in persons_of)
        place = next(filter(None, theirs), None)
        if place is not None:
            pairs.append((one, place))
    return pairs


def other_places(places: Sequence[Membership]) -> dict[int, Target]:
    """By person, the newest open place that is none of these, in an agency in use."""
    query = (
        select(Membership.user_id, Membership.agency_id, Membership.discipline)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(
            Membership.user_id.in_({place.user_id for place in places}),
            Membership.id.not_in([place.id for place in places]),
            Membership.ended_on.is_(None),
            Agency.archived_at.is_(None),
        )
        .order_by(Membership.id)
    )
    return {user_id: (agency_id, discipline) for user_id, agency_id, discipline in db.session.execute(query)}


def follow_end(places: Sequence[Membership], *, day: date, actor_id: int | None) -> None:
    """What was sent to let people into places that end: it leads to the place that the person still has, where an
    import placed them; else it can be used until that day, and not at all where that has come. The caller commits."""
    db.session.flush()
    pairs = invitations_into(places)
    others = other_places(places) if pairs else {}
    now = utc_now()
    for invitation, place in pairs:
        target = others.get(place.user_id) if invitation.for_user_id == place.user_id else None
        if target is not None:
            _lead_to(invitation, target, actor_id)
        elif day > now.date():
            invitation.expires_at = min(invitation.expires_at, datetime.combine(day, time(), UTC))
        else:
            withdraw_now(invitation, now, actor_id)
    db.session.flush()


def follow_move(place: Membership, target: Target, *, actor_id: int | None) -> None:
    """What was sent to let somebody into a place leads to the new one. The caller commits."""
    db.session.flush()
    for invitation, _place in invitations_into([place]):
        _lead_to(invitation, target, actor_id)
    db.session.flush()


def ends_later(user_id: int, target: Target, day: date) -> bool:
    """Whether a person has a place already, and its last day has been set: nobody begins it again by an invitation."""
    agency_id, discipline = target
    query = select(Membership.id).where(
        Membership.user_id == user_id,
        Membership.agency_id == agency_id,
        Membership.discipline == discipline,
        Membership.ended_on > day,
    )
    return db.session.scalar(query.limit(1)) is not None


def withdraw_now(invitation: Invitation, now: datetime, actor_id: int | None) -> None:
    """The link ends; a mail with it that has not gone out yet never does."""
    end_links([invitation], now)
    note("invitation.withdrawn", "invitation", invitation.id, actor_id=actor_id, agency_id=invitation.agency_id)


def end_links(invitations: Sequence[Invitation], now: datetime) -> None:
    """The same for links in whose place new ones are sent."""
    for invitation in invitations:
        invitation.withdrawn_at = now
    forget_unsent([f"invitation:{invitation.token_hash}" for invitation in invitations])


def _lead_to(invitation: Invitation, target: Target, actor_id: int | None) -> None:
    before = invitation.agency_id
    invitation.agency_id, invitation.discipline = target
    note(
        "invitation.moved",
        "invitation",
        invitation.id,
        actor_id=actor_id,
        agency_id=target[0],
        from_agency=before,
        discipline=target[1],
    )
