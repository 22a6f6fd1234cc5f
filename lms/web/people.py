"""Pages of people: the list of who is in scope, and one person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from lms.access import Permission, Viewer, allows_over, scope, visible_agencies, visible_users
from lms.certification.credit_bodies import load_bodies
from lms.certification.models import Certificate
from lms.certification.reasons import why_not_yet
from lms.certification.transcript import Line, load_transcript
from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, NotFound
from lms.people import roles
from lms.people.licenses import list_licenses
from lms.people.models import Agency, RoleGrant, User
from lms.people.roster import STATUSES, UNPLACED, RosterFilter, RosterPlace, is_wholly_within, list_people, places_of
from lms.web.agency_choices import discipline_choices, filter_choices, find_agency, number_in
from lms.web.certification import MISSING_WORDS, STATUS_TAGS
from lms.web.certifications import in_reach
from lms.web.forms.people import RosterFilters
from lms.web.guards import language, needs, today, viewer
from lms.web.navigation import page_url

blueprint = Blueprint("people", __name__)

STATUS_NAMES = {
    "current": N_("People who work here now"),
    "past": N_("People who have left"),
    "disabled": N_("Accounts that are switched off"),
    UNPLACED: N_("People without an agency"),
}


@blueprint.get("/people")
@needs(Permission.SEE_PEOPLE)
def show_people() -> str:
    """Who works in the viewer's agencies: searched, filtered, paged."""
    person = viewer()
    agency_id = number_in("agency")
    agency = find_agency(person, Permission.SEE_PEOPLE, agency_id) if request.args.get("agency") else None
    wanted = wanted_people(person, agency)
    page = list_people(
        visible_agencies(person, Permission.SEE_PEOPLE),
        wanted,
        day=today(),
        after=request.args.get("after"),
        before=request.args.get("before"),
    )
    return render_template(
        "people/index.html",
        page=page,
        form=filters(person, agency, wanted),
        is_filtered=bool(wanted.search or wanted.under or wanted.discipline or wanted.status != "current"),
        next_href=page_url(after=page.next_cursor, before=None) if page.next_cursor else None,
        previous_href=page_url(before=page.previous_cursor, after=None) if page.previous_cursor else None,
    )


def wanted_people(person: Viewer, agency: Agency | None) -> RosterFilter:
    is_everywhere = scope(person, Permission.SEE_PEOPLE) is None
    status, discipline = request.args.get("status", ""), request.args.get("discipline", "")
    return RosterFilter(
        search=request.args.get("q", ""),
        under=agency.path if agency else None,
        discipline=discipline if discipline in DISCIPLINES else None,
        status=status if status in STATUSES or (status == UNPLACED and is_everywhere) else "current",
        is_everywhere=is_everywhere,
    )


def filters(person: Viewer, agency: Agency | None, wanted: RosterFilter) -> RosterFilters:
    form = RosterFilters(
        formdata=None,
        q=wanted.search,
        agency=str(agency.id) if agency else "",
        discipline=wanted.discipline or "",
        status=wanted.status,
    )
    form.agency.choices = filter_choices(person, Permission.SEE_PEOPLE, agency)
    form.discipline.choices = discipline_choices()
    statuses = [*STATUSES, UNPLACED] if wanted.is_everywhere else STATUSES
    form.status.choices = [(status, _(STATUS_NAMES[status])) for status in statuses]
    return form


@blueprint.get("/people/<int:user_id>")
@needs(Permission.SEE_PEOPLE)
def show_person(user_id: int) -> str:
    """One person as their administrator sees them: places and roles in scope, and what they hold."""
    person = viewer()
    user = find_person(person, user_id, Permission.SEE_PEOPLE)
    in_scope = visible_agencies(person, Permission.SEE_PEOPLE)
    places = places_of([user.id], in_scope).get(user.id, [])
    manages = scope(person, Permission.MANAGE_PEOPLE) is None or bool(
        db.session.scalar(
            select(Agency.id)
            .where(Agency.id.in_(visible_agencies(person, Permission.MANAGE_PEOPLE)))
            .where(Agency.id.in_([place.agency_id for place in places]))
            .limit(1)
        )
    )
    is_here = user.id == person.id or any(place.ended_on is None or place.ended_on > today() for place in places)
    seen = list_licenses(user.id) if is_here else []
    return render_template(
        "people/person.html",
        user=user,
        places=places,
        grants=visible_grants(person, user.id),
        lines=visible_lines(person, user.id, places),
        **not_yet_of(person, user.id, places),
        today=today(),
        status_tags=STATUS_TAGS,
        licenses=seen,
        bodies=load_bodies({one.board for one in seen}) if seen else {},
        manages=manages,
        may_make_record=reaches_person(person, user.id, Permission.MAKE_RECORDS),
        gives_roles=bool(roles.roles_to_give(person)),
        may_disable=manages
        and user.id != person.id
        and is_wholly_within(user.id, visible_agencies(person, Permission.MANAGE_PEOPLE), today()),
    )


def not_yet_of(person: Viewer, user_id: int, places: list[RosterPlace]) -> dict[str, Any]:
    """Why not yet, as the person sees it; nothing of whoever works in none of the viewer's agencies today."""
    if scope(person, Permission.SEE_PEOPLE) is not None and not any(place.holds_on(today()) for place in places):
        return {"not_yet": [], "in_reach": []}
    found = why_not_yet(user_id, language(), today())
    return {"not_yet": found, "in_reach": in_reach(user_id), "missing_words": MISSING_WORDS}


def reaches_person(person: Viewer, user_id: int, permission: Permission) -> bool:
    """Whether a permission of the viewer reaches a person."""
    query = select(User.id).where(User.id == user_id, User.id.in_(visible_users(person, permission)))
    return db.session.scalar(query) is not None


def find_person(person: Viewer, user_id: int, permission: Permission) -> User:
    """The person, in scope. Raises NotFound for one that is not there and for another agency's alike."""
    user = db.session.scalars(
        select(User).where(User.id == user_id, User.id.in_(visible_users(person, permission)))
    ).one_or_none()
    if user is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return user


def visible_grants(person: Viewer, user_id: int) -> list[tuple[RoleGrant, str | None, bool]]:
    """Roles over agencies in scope, with the agency's name and whether the viewer may take them back."""
    rows = db.session.execute(
        select(RoleGrant, Agency)
        .outerjoin(Agency, Agency.id == RoleGrant.agency_id)
        .where(
            RoleGrant.user_id == user_id,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.until.is_(None) | (RoleGrant.until > utc_now()),
        )
        .order_by(RoleGrant.id)
    )
    shown: list[tuple[RoleGrant, str | None, bool]] = []
    for grant, agency in rows:
        path = agency.path if agency else None
        # A role everywhere lies in nobody's subtree: the path "/" is reached only from everywhere.
        if allows_over(person, Permission.SEE_PEOPLE, path or "/"):
            shown.append((grant, agency.name if agency else None, roles.may_give(person, grant.role, path)))
    return shown


def visible_lines(person: Viewer, user_id: int, places: list[RosterPlace]) -> list[Line]:
    """Certificates that an administrator sees: all while the person works here, those awarded here once they left."""
    lines = list(load_transcript(user_id, utc_now()).lines)
    if scope(person, Permission.SEE_PEOPLE) is None or any(place.holds_on(today()) for place in places):
        return lines
    awarded_here = select(Certificate.code).where(
        Certificate.user_id == user_id,
        Certificate.agency_id.in_(visible_agencies(person, Permission.SEE_PEOPLE)),
    )
    codes = set(db.session.scalars(awarded_here))
    return [line for line in lines if line.code in codes]
