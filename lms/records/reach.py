"""Whose record somebody may have made, and of which days: one's own, and that of people in one's agencies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from lms.access import Permission, Viewer, scope, visible_agencies, within
from lms.certification.record_shares import shares_all
from lms.database import db
from lms.errors import N_, Invalid, NotFound
from lms.people.models import Agency, Membership

FOREVER = date.max


@dataclass(frozen=True, slots=True)
class Reach:
    """What somebody may put into a record of one person.

    `spans` empty: any day, for oneself, for who may everywhere, and where the person shares all with an agency in
    scope. Else only days of the spans (first day, first day after), on which the person had a place in one's agencies.
    `paths`: the person has left, and only what belongs to agencies below these goes in.
    """

    paths: tuple[str, ...] | None = None
    spans: tuple[tuple[date, date], ...] = ()

    def require(self, since: date, until: date) -> None:
        """Raises Invalid where a day from `since` to `until` lies outside."""
        if not self.spans:
            return
        if not any(first <= since and until < end for first, end in self.spans):
            first, end = self.spans[-1]
            raise Invalid(
                N_(
                    "A record may only hold days on which this person worked for your agencies, or all where they share"
                    " it with one of them: such as %(first)s to %(last)s."
                ),
                field="since",
                first=first.isoformat(),
                last=(min(end, until + timedelta(days=1)) - timedelta(days=1)).isoformat(),
            )


def reach_of(viewer: Viewer, user_id: int, today: date) -> Reach:
    """What the viewer may have made of a person's record. Raises NotFound for whoever is out of reach."""
    if user_id == viewer.id or scope(viewer, Permission.MAKE_RECORDS) is None:
        return Reach()
    places = db.session.execute(
        select(Membership.started_on, Membership.ended_on)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Membership.user_id == user_id, within(viewer, Permission.MAKE_RECORDS))
        .order_by(Membership.started_on, Membership.id)
    ).all()
    spans = joined([(first, end or FOREVER) for first, end in places if end is None or end > first])
    if not spans:
        raise NotFound(N_("There is nothing here that you may see."))
    if any(first <= today < end for first, end in spans):
        return (
            Reach()
            if shares_all(user_id, visible_agencies(viewer, Permission.MAKE_RECORDS), today)
            else Reach(None, spans)
        )
    return Reach(scope(viewer, Permission.MAKE_RECORDS), spans)


def joined(spans: list[tuple[date, date]]) -> tuple[tuple[date, date], ...]:
    """Spans in order, those that overlap or touch made one."""
    found: list[tuple[date, date]] = []
    for first, end in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((first, end))
    return tuple(found)
