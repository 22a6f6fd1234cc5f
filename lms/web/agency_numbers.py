"""Pages of the ids by which others know an agency: add one, end one."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.errors import N_, Conflict, Invalid
from lms.people import agency_numbers
from lms.people.agency_models import NUMBER_KINDS, AgencyNumber
from lms.web.agency_choices import choices_to_make, find_agency
from lms.web.forms.agencies import NumberForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, needs, today, viewer

blueprint = Blueprint("agency_numbers", __name__)

OVER = Permission.MANAGE_AGENCIES

KINDS = {
    "nces-district": N_("NCES district id"),
    "nces-school": N_("NCES school id"),
    "ccn": N_("CMS certification number (CCN)"),
    "npi": N_("National Provider Identifier (NPI)"),
    "state": N_("State id"),
    "other": N_("Other id"),
}


@blueprint.app_template_filter()
def number_kind_name(number: AgencyNumber) -> str:
    name = _(KINDS[number.kind])
    return f"{name}: {number.label}" if number.label else name


@blueprint.route("/agencies/<int:agency_id>/numbers/new", methods=["GET", "POST"])
@needs(OVER)
def add_number(agency_id: int) -> str | tuple[str, int] | Response:
    """Add an id by which others know the agency."""
    person = viewer()
    agency = find_agency(person, OVER, agency_id)
    form = NumberForm(started_on=today())
    form.kind.choices = choices_to_make([(kind, _(KINDS[kind])) for kind in NUMBER_KINDS])
    day = form.started_on.data
    if form.validate_on_submit() and day is not None:
        values = {"kind": form.kind.data, "label": form.label.data or "", "value": form.value.data or ""}
        try:
            act(lambda: agency_numbers.add_number(agency_id, **values, started_on=day, actor_id=person.id))
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(_("The id is added."))
            return redirect(url_for("agencies.show_agency", agency_id=agency_id), code=303)
    return shown("agencies/number.html", form, agency=agency)


@blueprint.post("/agencies/<int:agency_id>/numbers/<int:number_id>/end")
@needs(OVER)
def end_number(agency_id: int, number_id: int) -> Response:
    """End an id today; it stays on the page, with its days."""
    person = viewer()
    find_agency(person, OVER, agency_id)
    day = today()
    act(lambda: agency_numbers.end_number(agency_id, number_id, day=day, actor_id=person.id))
    flash_done(_("The id has ended."))
    return redirect(url_for("agencies.show_agency", agency_id=agency_id), code=303)
