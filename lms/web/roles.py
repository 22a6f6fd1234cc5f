"""Pages of roles: give one to a person, take one back. Either holds at the person's next request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms.access import Permission, Viewer, require_over, scope
from lms.clock import start_of_day
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people import roles
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership, RoleGrant, User
from lms.wall.sight import SYSTEM, looking_as
from lms.web.agency_choices import agency_choices, choices_to_make, find_agency
from lms.web.arriving import home
from lms.web.forms.people import RoleForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, needs, settings, today, viewer
from lms.web.people import find_person, reaches_person

blueprint = Blueprint("roles", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.GRANT_ROLES

NAMES = {
    "learner": N_("Everybody"),
    "state-administrator": N_("State administrator"),
    "agency-administrator": N_("Agency administrator"),
    "author": N_("Author of courses"),
    "coordinator": N_("Coordinator of teams"),
}
MEANINGS = {
    "state-administrator": N_("sees and manages everything but the text of courses"),
    "agency-administrator": N_("invites and manages the people of an agency, its reports and its teams"),
    "author": N_("writes and publishes courses for everybody"),
    "coordinator": N_("makes teams of several agencies and leads them"),
}


@blueprint.app_template_filter()
def role_name(role: str) -> str:
    return str(_(NAMES[role])) if role in NAMES else role


@blueprint.route("/people/<int:user_id>/roles", methods=["GET", "POST"])
@needs(OVER)
@fresh
def grant_role(user_id: int) -> Page:
    """Give a role over an agency in scope and all below it."""
    person = viewer()
    user = find_person(person, user_id, OVER)
    form = RoleForm()
    form.role.choices = choices_to_make([(role, role_name(role)) for role in roles.roles_to_give(person)])
    everywhere = [(0, _("(everywhere)"))] if scope(person, OVER) is None else []
    form.agency_id.choices = choices_to_make([*agency_choices(person, OVER, *workplaces(user)), *everywhere])
    if form.validate_on_submit():
        agency = find_agency(person, OVER, form.agency_id.data) if form.agency_id.data else None
        role, agency_id, last = form.role.data, agency.id if agency else None, form.until.data
        until = start_of_day(last + timedelta(days=1), settings().time_zone) if last else None
        try:
            act(lambda: roles.grant_role(person, user_id, role, agency_id, until=until, last_day=last))
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(_("%(name)s has the role from now on.", name=user.name))
            return redirect(url_for("people.show_person", user_id=user_id), code=303)
    meanings = [(role_name(role), _(MEANINGS[role])) for role in roles.roles_to_give(person)]
    return shown("people/role.html", form, user=user, meanings=meanings)


@blueprint.route("/people/<int:user_id>/roles/<int:grant_id>/revoke", methods=["GET", "POST"])
@needs(OVER)
@fresh
def revoke_role(user_id: int, grant_id: int) -> Page:
    """Take a role back, after a page that names it."""
    person = viewer()
    grant, agency, user = find_grant(person, user_id, grant_id)
    name = user.name  # a write forgets what was read, and the wall may hide whoever works elsewhere
    if request.method == "POST":
        act(lambda: roles.revoke_role(person, grant_id))
        flash_done(_("%(name)s does not have that role any more.", name=name))
        target = home() if user_id == person.id else page_of(person, user_id)
        return redirect(target, code=303)
    roles.refuse_leaving_alone(person, grant)
    if roles.can_give_back(person, grant):
        title = _("Take back a role of %(name)s?", name=name)
        text = _("It ends at the person's next click. You can give it again.")
    else:
        title = _("Take back your own role?")
        text = _("This is you. It ends at your next click, and you cannot give it back to yourself: another can.")
    return render_template(
        "confirm.html",
        title=title,
        text=text,
        facts=[(_("Role"), role_name(grant.role)), (_("Over"), agency.name if agency else _("(everywhere)"))],
        action=url_for("roles.revoke_role", user_id=user_id, grant_id=grant_id),
        submit_text=_("Take back"),
        cancel_href=page_of(person, user_id),
    )


def workplaces(user: User) -> Sequence[Agency]:
    """Where somebody works today: a role is mostly given over one of these, or one above."""
    here = select(Membership.agency_id).where(Membership.user_id == user.id, holds_on(today()))
    return db.session.scalars(select(Agency).where(Agency.id.in_(here))).all()


def find_grant(person: Viewer, user_id: int, grant_id: int) -> tuple[RoleGrant, Agency | None, User]:
    """A role of that person, over an agency in scope, wherever they work. Raises NotFound."""
    with looking_as(SYSTEM):  # a role over one's agency is one's business also where its holder works elsewhere
        grant = db.session.get(RoleGrant, grant_id)
        user = db.session.get(User, user_id)
    if grant is None or user is None or grant.user_id != user_id:
        raise NotFound(N_("There is nothing here that you may see."))
    agency = db.session.get(Agency, grant.agency_id) if grant.agency_id else None
    # A role everywhere lies in nobody's subtree: the path "/" is reached only from everywhere.
    require_over(person, OVER, agency.path if agency else "/")
    return grant, agency, user


def page_of(person: Viewer, user_id: int) -> str:
    """The person's page, or the list of roles for who may not see it."""
    if reaches_person(person, user_id, Permission.SEE_PEOPLE):
        return url_for("people.show_person", user_id=user_id)
    return url_for("role_list.list_roles")
