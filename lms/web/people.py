"""Pages of people: the list of who is in scope, and one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms import unmerging
from lms.access import Permission, Viewer, allows, allows_over, scope, visible_agencies, visible_users
from lms.certification.assigned import assigned_to
from lms.certification.assignment_rules import AsOf
from lms.certification.credit_bodies import load_bodies
from lms.certification.models import Certificate
from lms.certification.reasons import why_not_yet
from lms.certification.record_shares import shares_all
from lms.certification.seeing import seen
from lms.certification.transcript import Line, load_transcript
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, NotFound
from lms.people import addresses, roles
from lms.people.audit import note
from lms.people.finding import address_of
from lms.people.licenses import LONGEST_NUMBER, list_licenses
from lms.people.merged import leads_to
from lms.people.models import Agency, RoleGrant, User, grant_holds
from lms.people.roster import RosterPage, RosterPlace, is_wholly_within, list_people, places_of
from lms.people.second_factors import factors_of
from lms.reporting.staff_choices import Choice, filter_of, subject_of
from lms.reporting.staff_standings import standings_on_page
from lms.wall.sight import SYSTEM, looking_as
from lms.web import audit
from lms.web.assignments import STATE_TAGS
from lms.web.certification import MISSING_WORDS, STATUS_TAGS
from lms.web.certifications import in_reach
from lms.web.guards import act, language, needs, settings, today, viewer
from lms.web.navigation import page_url
from lms.web.people_filters import (
    CHANGES,
    OF_CERTIFICATION,
    ROW_TAGS,
    choice_in,
    export_address,
    filters,
    order_in,
    order_links,
    standing_words,
)
from lms.web.waiting import lines_of, waiting_for

blueprint = Blueprint("people", __name__)


@blueprint.get("/people")
@needs(Permission.SEE_PEOPLE)
def show_people() -> str:
    """Who works in the viewer's agencies: searched, filtered, paged; a license is found by its whole number."""
    person = viewer()
    choice = choice_in(person, request.args)
    as_of = AsOf.at(utc_now(), settings().time_zone)
    wanted = filter_of(person, choice, Permission.SEE_PEOPLE, as_of)
    number = request.args.get("license", "").strip()[:LONGEST_NUMBER]
    wanted = replace(wanted, license_number=number)
    order, form = order_in(request.args), filters(person, choice, number)
    page = list_people(
        visible_agencies(person, Permission.SEE_PEOPLE),
        wanted,
        day=today(),
        after=request.args.get("after"),
        before=request.args.get("before"),
        order=order,
    )
    if number:
        total = page.total
        act(lambda: note("license.searched", "license", None, actor_id=person.id, found=total))
    return render_template(
        "people/index.html",
        page=page,
        order=order,
        orders=order_links(order),
        **subject_values(person, choice, page, as_of, dict(form.course.choices)),
        waiting=lines_of(waiting_for(person)),
        more=more_links(person),
        is_narrowed=replace(choice, search="") != Choice() or bool(number),
        form=form,
        may_import=allows(person, Permission.MANAGE_PEOPLE),
        export_href=export_address() if choice.status == "current" and not number else None,
        query=request.query_string.decode("ascii", "replace"),
        manages=allows(person, Permission.MANAGE_PEOPLE),
        actions=CHANGES,
        by_license=bool(number),
        is_filtered=choice != Choice() or bool(number),
        next_href=page_url(after=page.next_cursor, before=None) if page.next_cursor else None,
        previous_href=page_url(before=page.previous_cursor, after=None) if page.previous_cursor else None,
    )


def subject_values(
    person: Viewer, choice: Choice, page: RosterPage, as_of: AsOf, titles: Mapping[str, str]
) -> dict[str, Any]:
    """How the people of a page stand with the course or certification that the list is about, and what it is called."""
    subject = subject_of(choice)
    if subject is None:
        return {"subject_title": None}
    is_everywhere = scope(person, Permission.SEE_PEOPLE) is None
    ids = [row.user_id for row in page.rows]
    present = [row.user_id for row in page.rows if is_everywhere or any(one.holds_on(as_of.day) for one in row.places)]
    key = subject.slug if subject.course_id is not None else OF_CERTIFICATION + subject.slug
    return {
        "subject_title": titles.get(key, subject.slug),
        "standings": standings_on_page(person, subject, ids, present, as_of),
        "row_tags": ROW_TAGS,
        "standing_words": standing_words,
    }


def more_links(person: Viewer) -> list[tuple[str, str]]:
    """What else there is to do about people, as far as the viewer may."""
    links = (
        (Permission.MANAGE_PEOPLE, _("Open invitations"), "invitations.list_invitations"),
        (Permission.MANAGE_PEOPLE, _("Requests to join"), "join_requests.decide"),
        (Permission.APPROVE_TRAINING, _("Training done elsewhere"), "training_queue.list_queue"),
        (Permission.GRANT_ROLES, _("Roles"), "role_list.list_roles"),
        (
            Permission.REVOKE_CERTIFICATES,
            _("Names to be printed"),
            "certificate_changes.list_name_requests",
        ),
        (Permission.MANAGE_PEOPLE, _("Likely duplicates"), "merging.list_duplicates"),
        (Permission.MANAGE_PEOPLE, _("Requests to be erased"), "privacy.list_erasures"),
    )
    return [(text, url_for(endpoint)) for permission, text, endpoint in links if allows(person, permission)]


@blueprint.get("/people/<int:user_id>")
@needs(Permission.SEE_PEOPLE)
def show_person(user_id: int) -> str | Response:
    """One person as their administrator sees them: places and roles in scope, and what they hold."""
    person = viewer()
    with looking_as(SYSTEM):  # the account that was put together with another one has no place any more
        stands_for = leads_to(user_id)
    if stands_for != user_id:
        find_person(person, stands_for, Permission.SEE_PEOPLE)
        return redirect(url_for(".show_person", user_id=stands_for), code=303)
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
    may_disable = (
        manages
        and user.id != person.id
        and is_wholly_within(user.id, visible_agencies(person, Permission.MANAGE_PEOPLE), today())
    )
    address = db.session.scalar(select(address_of()).where(User.id == user.id))
    return render_template(
        "people/person.html",
        user=user,
        factors=factors_of(user.id) if may_disable else None,
        address=address,
        places=places,
        grants=visible_grants(person, user.id),
        lines=visible_lines(person, user.id),
        **not_yet_of(person, user.id, places),
        **assigned_values(person, user.id),
        sees_everything=scope(person, Permission.SEE_PEOPLE) is None,
        shares_all=shares_all(user.id, in_scope, today()),
        today=today(),
        status_tags=STATUS_TAGS,
        licenses=seen,
        bodies=load_bodies({one.board for one in seen}) if seen else {},
        manages=manages,
        merges=unmerging.merges_of(user.id) if manages else [],
        may_merge=manages and user.id != person.id and user.erased_at is None,
        latest=audit.latest_of_person(person, user.id, address, user.name),
        may_make_record=reaches_person(person, user.id, Permission.MAKE_RECORDS),
        gives_roles=bool(roles.roles_to_give(person)),
        may_disable=may_disable,
        may_invite=may_disable and is_here and addresses.is_unclaimed(user.id),
        numbers=addresses.staff_numbers(user.id, visible_agencies(person, Permission.MANAGE_PEOPLE)),
    )


def not_yet_of(person: Viewer, user_id: int, places: list[RosterPlace]) -> dict[str, Any]:
    """Why not yet, as the person sees it; nothing of whoever works in none of the viewer's agencies today, nor where it
    would rest on records that these do not see."""
    is_everywhere = scope(person, Permission.SEE_PEOPLE) is None
    is_present = is_everywhere or any(place.holds_on(today()) for place in places)
    if not is_present or not (is_everywhere or is_seen_whole(person, user_id)):
        return {"not_yet": [], "in_reach": []}
    found = why_not_yet(user_id, language(), today())
    return {"not_yet": found, "in_reach": in_reach(user_id), "missing_words": MISSING_WORDS}


def assigned_values(person: Viewer, user_id: int) -> dict[str, Any]:
    """What is assigned to somebody by a place in the viewer's scope, and whether the viewer may assign to them."""
    moment = AsOf.at(utc_now(), settings().time_zone)
    lines = assigned_to(user_id, moment, viewer=person, permission=Permission.SEE_PEOPLE)
    may_assign = user_id != person.id and reaches_person(person, user_id, Permission.ASSIGN_TRAINING)
    return {"assigned": lines, "may_assign": may_assign, "state_tags": STATE_TAGS}


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
            grant_holds(utc_now()),
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


def visible_lines(person: Viewer, user_id: int) -> list[Line]:
    """Certificates that an administrator sees, by the one rule (`certification.seeing`)."""
    query = select(Certificate.code).where(Certificate.user_id == user_id, seen(person, Permission.SEE_PEOPLE, today()))
    codes = set(db.session.scalars(query))
    return [line for line in load_transcript(user_id, utc_now()).lines if line.code in codes]


def is_seen_whole(person: Viewer, user_id: int) -> bool:
    """Whether nothing that the person holds is hidden from the viewer; asked past the second wall, which would not say
    that it hides something."""
    with looking_as(SYSTEM):
        hidden = select(Certificate.id).where(
            Certificate.user_id == user_id, ~seen(person, Permission.SEE_PEOPLE, today())
        )
        return db.session.scalar(hidden.limit(1)) is None
