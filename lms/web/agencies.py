"""Pages of agencies: the tree, one agency, add, change, move, archive and bring back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from lms.access import Permission, Viewer, allows_over, scope, visible_agencies, within
from lms.clock import utc_now
from lms.counties import counties
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people import agencies as tree
from lms.people.agency_history import former_names, former_states, is_called, who_may_here
from lms.people.agency_numbers import numbers_of
from lms.people.joining import count_open_ways
from lms.people.models import Agency
from lms.people.roster import count_people
from lms.web import audit
from lms.web.agency_choices import KINDS, agency_choices, as_tree, choices_to_make, find_agency, kind_name, number_in
from lms.web.forms.people import AgencyForm, MoveForm, NewAgencyForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, needs, today, viewer

blueprint = Blueprint("agencies", __name__)

Page = str | tuple[str, int] | Response

MOST_SHOWN = 400
"""Of a larger tree only the upper two levels are shown, and the search."""

OVER = Permission.MANAGE_AGENCIES


@blueprint.app_template_filter()
def agency_kind_name(kind: str) -> str:
    return kind_name(kind)


@blueprint.app_template_filter()
def county_name(fips: str | None) -> str:
    """The county's name, empty where none is known."""
    return counties().get(fips or "", "")


@blueprint.get("/agencies")
@needs(OVER)
def list_agencies() -> str:
    """The agencies in scope as a tree, or those that were searched for by a name, present or past, or an id."""
    person = viewer()
    search, shows_archived = request.args.get("q", "").strip(), request.args.get("archived") == "1"
    query = select(Agency).where(within(person, OVER)).order_by(Agency.path).limit(MOST_SHOWN + 1)
    if not shows_archived:
        query = query.where(Agency.archived_at.is_(None))
    if search:
        query = query.where(is_called(search))
    found = list(db.session.scalars(query))
    is_cut = len(found) > MOST_SHOWN
    if is_cut and not search:
        depth = func.length(Agency.path) - func.length(func.replace(Agency.path, "/", ""))
        top = db.session.scalar(select(func.min(depth)).where(within(person, OVER))) or 0
        found = list(db.session.scalars(query.where(depth <= top + 1)))
    return render_template(
        "agencies/index.html",
        branches=as_tree(found[:MOST_SHOWN]),
        former=former_names([one.id for one in found], search) if search else {},
        search=search,
        shows_archived=shows_archived,
        is_cut=is_cut,
        may_add=True,
    )


@blueprint.get("/agencies/<int:agency_id>")
@needs(OVER)
def show_agency(agency_id: int) -> str:
    """One agency: what is known, who may do what, what lies below, what it was called and where it lay before."""
    person = viewer()
    agency = find_agency(person, OVER, agency_id)
    below = db.session.scalars(
        select(Agency).where(Agency.path.like(f"{agency.path}%"), Agency.id != agency.id).limit(MOST_SHOWN)
    ).all()
    return render_template(
        "agencies/agency.html",
        agency=agency,
        above=above_of(person, agency),
        branches=as_tree(below),
        people=count_people(visible_agencies(person, Permission.SEE_PEOPLE), agency.path, today()),
        latest=audit.latest_of_agency(person, agency),
        numbers=numbers_of(agency.id),
        former=former_states(agency.id),
        holders=who_may_here(agency, utc_now()),
        may_move=may_place(person, agency),
        may_brand=allows_over(person, Permission.MANAGE_BRANDING, agency.path),
    )


@blueprint.route("/agencies/new", methods=["GET", "POST"])
@needs(OVER)
def add_agency() -> Page:
    """A new agency below one in scope."""
    person = viewer()
    parent = find_agency(person, OVER, number_in("below")) if request.args.get("below") else None
    for_list = number_in("list") if request.args.get("list") else None
    form = NewAgencyForm(parent_id=parent.id if parent else None, name=request.args.get("name", "")[:200])
    fill_choices(form, person)
    form.kind.choices = choices_to_make(form.kind.choices)
    form.parent_id.choices = choices_to_make(parent_choices(person, parent))
    if form.validate_on_submit():
        values = values_of(form)
        parent_id = form.parent_id.data or None
        require_parent(person, parent_id)
        try:
            made = act(lambda: tree.create_agency(**values, parent_id=parent_id, actor_id=person.id))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("%(name)s is added.", name=made.name))
            if for_list is not None:
                flash_done(_("Press “Keep this and check again”, so that its rows are looked at once more."))
                return redirect(url_for("people_import.show_import", import_id=for_list), code=303)
            return redirect(url_for("agencies.show_agency", agency_id=made.id), code=303)
    return shown("agencies/form.html", form, agency=None)


@blueprint.route("/agencies/<int:agency_id>/edit", methods=["GET", "POST"])
@needs(OVER)
def change_agency(agency_id: int) -> Page:
    """Rename, or correct kind, county and code."""
    person = viewer()
    agency = find_agency(person, OVER, agency_id)
    form = AgencyForm(obj=agency)
    fill_choices(form, person, agency.kind)
    if form.validate_on_submit():
        values = values_of(form)
        try:
            act(lambda: tree.change_agency(agency_id, **values, actor_id=person.id))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("The agency is changed."))
            return redirect(url_for("agencies.show_agency", agency_id=agency_id), code=303)
    return shown("agencies/form.html", form, agency=agency)


@blueprint.route("/agencies/<int:agency_id>/move", methods=["GET", "POST"])
@needs(OVER)
def move_agency(agency_id: int) -> Page:
    """Put an agency, with all below it, under another one in scope."""
    person, day = viewer(), today()
    agency = find_placeable(person, agency_id)
    form = MoveForm(parent_id=agency.parent_id or 0)
    form.parent_id.choices = parent_choices(person, agency)
    if form.validate_on_submit():
        parent_id = form.parent_id.data or None
        require_parent(person, parent_id)
        try:
            act(lambda: tree.move_agency(agency_id, parent_id, day=day, actor_id=person.id))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("The agency is moved, with all below it."))
            return redirect(url_for("agencies.show_agency", agency_id=agency_id), code=303)
    return shown("agencies/move.html", form, agency=agency)


@blueprint.route("/agencies/<int:agency_id>/archive", methods=["GET", "POST"])
@needs(OVER)
def archive_agency(agency_id: int) -> Page:
    """Take an agency out of use, after a page that says what that means."""
    person = viewer()
    agency = find_placeable(person, agency_id)
    if request.method == "POST":
        act(lambda: tree.archive_agency(agency_id, actor_id=person.id))
        flash_done(_("%(name)s is archived.", name=agency.name))
        return redirect(url_for("agencies.list_agencies"), code=303)
    people = count_people(visible_agencies(person, Permission.SEE_PEOPLE), agency.path, today())
    invited, codes = count_open_ways(agency_id, utc_now())
    return render_template(
        "confirm.html",
        title=_("Archive %(name)s?", name=agency.name),
        text=_(
            "Nobody can be invited into it any more, and it leaves every list of choices. Nothing is due or overdue of "
            "people by their place there any more. People, certificates and reports stay as they are. Invitations and "
            "codes to join do not work while it is archived. Agencies below it have to be moved or archived first. You "
            "can bring it back."
        ),
        facts=[
            (_("People who work there now"), people),
            (_("Open invitations"), invited),
            (_("Codes to join that can be used"), codes),
        ],
        action=url_for("agencies.archive_agency", agency_id=agency_id),
        submit_text=_("Archive"),
        cancel_href=url_for("agencies.show_agency", agency_id=agency_id),
    )


@blueprint.post("/agencies/<int:agency_id>/restore")
@needs(OVER)
def restore_agency(agency_id: int) -> Response:
    """Bring an archived agency back into use."""
    person, day = viewer(), today()
    find_placeable(person, agency_id)
    act(lambda: tree.restore_agency(agency_id, day=day, actor_id=person.id))
    flash_done(_("The agency is in use again."))
    return redirect(url_for("agencies.show_agency", agency_id=agency_id), code=303)


def may_place(person: Viewer, agency: Agency) -> bool:
    """What an agency is called is its own business; where it stands, and whether, is for who is above it."""
    above = agency.path.removesuffix(f"{agency.id}/")
    return scope(person, OVER) is None or (above != "/" and allows_over(person, OVER, above))


def find_placeable(person: Viewer, agency_id: int) -> Agency:
    """An agency in scope whose place the viewer may change. Raises NotFound, Conflict."""
    agency = find_agency(person, OVER, agency_id)
    if not may_place(person, agency):
        raise Conflict(N_("Only who administers the agency above can move or archive this one."))
    return agency


def require_parent(person: Viewer, parent_id: int | None) -> None:
    """Raises NotFound where the viewer may not put anything there."""
    if parent_id is not None:
        find_agency(person, OVER, parent_id)
    elif scope(person, OVER) is not None:
        raise NotFound(N_("There is nothing here that you may see."))


def parent_choices(person: Viewer, chosen: Agency | None) -> list[tuple[int, str]]:
    """Agencies to be below of; the top only for who may everywhere."""
    top = [(0, _("(at the top)"))] if scope(person, OVER) is None else []
    return [*top, *agency_choices(person, OVER, chosen)]


def above_of(person: Viewer, agency: Agency) -> list[Agency]:
    """The agencies above it that are in scope, from the top."""
    ids = [int(part) for part in agency.path.strip("/").split("/")[:-1]]
    found = db.session.scalars(select(Agency).where(Agency.id.in_(ids), within(person, OVER))).all()
    return sorted(found, key=lambda one: len(one.path))


def fill_choices(form: AgencyForm, person: Viewer, present: str = "") -> None:
    """The kinds to choose from: a state is added by who administers everything; what an agency is already stays."""
    is_everywhere = scope(person, OVER) is None
    form.kind.choices = [
        (code, _(name)) for code, name in KINDS.items() if code != "state" or is_everywhere or present == "state"
    ]
    names = sorted(counties().items(), key=lambda one: one[1])
    form.county_fips.choices = [("", _("(none)")), *names]


def values_of(form: AgencyForm) -> dict[str, Any]:
    return {
        "name": form.name.data,
        "kind": form.kind.data,
        "county_fips": form.county_fips.data or None,
        "code": form.code.data,
        "ori": form.ori.data,
    }
