"""Roles in one place: who may do what over whom and until when, what each role may do, and another last day."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms.access import LEARNER, POLICY, Permission, Viewer, scope, visible_agencies, visible_users
from lms.clock import local_day, start_of_day, utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid
from lms.people import roles
from lms.people.grants import STATES, GrantFilter, GrantPage, list_grants
from lms.people.models import ROLES, Agency, User
from lms.web.agency_choices import filter_choices, find_agency, number_in
from lms.web.forms.people import LastDayForm, RoleFilters
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, needs, settings, viewer
from lms.web.navigation import page_url
from lms.web.roles import MEANINGS, find_grant, page_of, role_name

blueprint = Blueprint("role_list", __name__)

OVER = Permission.GRANT_ROLES

STATE_NAMES = {
    "current": N_("Roles that hold now"),
    "soon": N_("Roles that end within two weeks"),
    "ended": N_("Roles that have ended"),
}


@blueprint.get("/people/roles")
@needs(OVER)
def list_roles() -> str:
    """All roles over agencies in scope, searched and filtered, and what each of them may do."""
    person = viewer()
    agency = find_agency(person, OVER, number_in("agency")) if request.args.get("agency") else None
    wanted = wanted_grants(agency)
    page = list_grants(
        visible_agencies(person, OVER),
        wanted,
        utc_now(),
        is_everywhere=scope(person, OVER) is None,
        before=number_in("before"),
    )
    return render_template(
        "people/roles.html",
        page=page,
        form=filters(person, agency, wanted),
        reached=reached(person, page),
        may_give=lambda row: roles.may_give(person, row.grant.role, row.agency.path if row.agency else None),
        state=wanted.state,
        is_filtered=any(request.args.get(name) for name in ("q", "agency", "role", "ending")),
        next_href=page_url(before=page.next_before) if page.next_before else None,
        first_href=page_url(before=None) if request.args.get("before") else None,
        matrix=matrix(),
        columns_of_roles=[(role, role_name(role)) for role in (LEARNER, *reversed(ROLES))],
        meanings=[(role_name(role), _(MEANINGS[role])) for role in reversed(ROLES)],
    )


def wanted_grants(agency: Agency | None) -> GrantFilter:
    role, state = request.args.get("role", ""), request.args.get("ending", "")
    return GrantFilter(
        role=role if role in ROLES else None,
        under=agency.path if agency else None,
        search=request.args.get("q", ""),
        state=state if state in STATES else "current",
    )


def filters(person: Viewer, agency: Agency | None, wanted: GrantFilter) -> RoleFilters:
    form = RoleFilters(
        formdata=None,
        q=wanted.search,
        agency=str(agency.id) if agency else "",
        role=wanted.role or "",
        ending=wanted.state,
    )
    form.agency.choices = filter_choices(person, OVER, agency)
    form.role.choices = [("", _("All roles")), *((role, role_name(role)) for role in reversed(ROLES))]
    form.ending.choices = [(state, _(STATE_NAMES[state])) for state in STATES]
    return form


def reached(person: Viewer, page: GrantPage) -> set[int]:
    """Those of the people on the page to whose own page the viewer may go."""
    numbers = {row.holder.id for row in page.rows}
    if not numbers:
        return set()
    query = select(User.id).where(User.id.in_(numbers), User.id.in_(visible_users(person, Permission.SEE_PEOPLE)))
    return set(db.session.scalars(query))


def matrix() -> list[tuple[str, set[str]]]:
    """What may be done, in words, and which roles may: from the one table. What everybody may, each may."""
    everybody = {LEARNER, *ROLES}
    return [
        (
            _(permission.value),
            everybody
            if permission in POLICY[LEARNER]
            else {role for role, permissions in POLICY.items() if permission in permissions},
        )
        for permission in Permission
    ]


@blueprint.route("/people/<int:user_id>/roles/<int:grant_id>/until", methods=["GET", "POST"])
@needs(OVER)
@fresh
def change_last_day(user_id: int, grant_id: int) -> str | tuple[str, int] | Response:
    """Another last day of a role, or none."""
    person, zone = viewer(), settings().time_zone
    grant, agency, user = find_grant(person, user_id, grant_id)
    last_day = local_day(grant.until - timedelta(microseconds=1), zone) if grant.until else None
    # Before any write, which forgets what was read: the wall may hide whoever works elsewhere.
    name = user.name
    facts = [(_("Role"), role_name(grant.role)), (_("Over"), agency.name if agency else _("(everywhere)"))]
    form = LastDayForm(until=last_day)
    if form.validate_on_submit():
        day = form.until.data
        until = start_of_day(day + timedelta(days=1), zone) if day else None
        try:
            act(lambda: roles.change_last_day(person, grant_id, until, day))
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(_("The last day of the role is changed."))
            return redirect(page_of(person, user_id), code=303)
    return shown(
        "people/last_day.html", form, name=name, facts=facts, back=page_of(person, user_id), list=url_for(".list_roles")
    )
