"""Pages of who sees one's records and why, and of sharing what was earned elsewhere with an agency where one works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms.certification import record_shares
from lms.certification.models import Certificate
from lms.certification.seeing import seen_by
from lms.certification.share_models import RecordShare
from lms.certification.transcript import Line, load_transcript
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, NotFound
from lms.people.models import Agency, Membership
from lms.web.agency_choices import number_of
from lms.web.guards import act, flash_done, signed_in, today, viewer

blueprint = Blueprint("sharing", __name__)


@dataclass(frozen=True, slots=True)
class Looker:
    """An agency where one works or worked: since when, how much it sees, and what more could be shared with it."""

    agency_id: int
    name: str
    since: date
    until: date | None
    sees: int
    whole: RecordShare | None
    shared: tuple[tuple[RecordShare, Line], ...]
    hidden: tuple[Line, ...]


@blueprint.get("/account/sharing")
@signed_in
def show_sharing() -> str:
    """Who sees one's records and why; what is shared with whom."""
    person = viewer()
    rows = db.session.execute(
        select(Membership, Agency)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Membership.user_id == person.id)
        .order_by(Membership.started_on.desc(), Membership.id)
    ).all()
    places: dict[int, list[tuple[Membership, Agency]]] = {}
    for membership, agency in rows:
        places.setdefault(agency.id, []).append((membership, agency))
    lines = load_transcript(person.id, utc_now()).lines
    lookers = [looker_of(person.id, found, lines) for found in places.values()]
    return render_template(
        "accounts/sharing.html",
        present=[one for one in lookers if one.until is None or one.until > today()],
        past=[one for one in lookers if one.until is not None and one.until <= today()],
    )


def looker_of(user_id: int, places: list[tuple[Membership, Agency]], lines: tuple[Line, ...]) -> Looker:
    """What one agency sees. Its places there may be several."""
    agency = places[0][1]
    ends = [place.ended_on for place, _agency in places]
    until = None if None in ends else max(day for day in ends if day is not None)
    here = select(Agency.id).where(Agency.id == agency.id)
    seen = set(db.session.scalars(select(Certificate.id).where(Certificate.user_id == user_id, seen_by(here, today()))))
    shares = [one for one in record_shares.open_shares(user_id) if one.agency_id == agency.id]
    by_id = {line.id: line for line in lines}
    return Looker(
        agency_id=agency.id,
        name=agency.name,
        since=min(place.started_on for place, _agency in places),
        until=until,
        sees=len(seen),
        whole=next((one for one in shares if one.certificate_id is None), None),
        shared=tuple((one, by_id[one.certificate_id]) for one in shares if one.certificate_id in by_id),
        hidden=tuple(line for line in lines if line.id not in seen),
    )


@blueprint.post("/account/sharing")
@signed_in
def share() -> Response:
    """Share one certificate, or all, with an agency where one works."""
    person = viewer()
    agency_id, code = number_of(request.form.get("agency", "")) or 0, request.form.get("code", "")
    certificate_id = None
    if code:
        certificate_id = db.session.scalar(
            select(Certificate.id).where(Certificate.code == code, Certificate.user_id == person.id)
        )
        if certificate_id is None:
            raise NotFound(N_("There is nothing here that you may see."))
    day = today()
    act(lambda: record_shares.share(person.id, agency_id, certificate_id, day=day, now=utc_now()))
    flash_done(_("Shared. You can take it back at any time."))
    return redirect(url_for(".show_sharing"), code=303)


@blueprint.post("/account/sharing/<int:share_id>/end")
@signed_in
def take_back(share_id: int) -> Response:
    """Take back what was shared: it is hidden from the next click on."""
    person = viewer()
    act(lambda: record_shares.take_back(person.id, share_id, now=utc_now()))
    flash_done(_("Taken back. The agency does not see it any more."))
    return redirect(url_for(".show_sharing"), code=303)
