"""Pages of one's own licenses: enter, change, end, and choose the one that certificates print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.certification.credit_bodies import Body, load_bodies
from lms.clock import utc_now
from lms.errors import Conflict, Invalid
from lms.people import licenses
from lms.web.agency_choices import choices_to_make
from lms.web.forms.credit import LicenseForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, language, signed_in, today, viewer

blueprint = Blueprint("licenses", __name__)

Page = str | tuple[str, int] | Response


@blueprint.get("/account/licenses")
@signed_in
def list_licenses() -> str:
    """One's own licenses, with their whole numbers."""
    return render_template(
        "licenses/index.html", licenses=licenses.list_licenses(viewer().id), bodies=load_bodies(), today=today()
    )


@blueprint.route("/account/licenses/new", methods=["GET", "POST"])
@signed_in
def add_license() -> Page:
    """Enter a license; never required."""
    person, bodies = viewer(), load_bodies()
    form = LicenseForm()
    form.board.choices = choices_to_make([(one.slug, one.short_name(language())) for one in bodies.values()])
    if form.validate_on_submit():
        values = values_of(form)
        try:
            act(lambda: licenses.add_license(person.id, **values, **of_boards(bodies), now=utc_now()))
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(_("The license is entered. Certificates that you earn from now on go by it."))
            return redirect(url_for(".list_licenses"), code=303)
    return shown("licenses/form.html", form, license=None)


@blueprint.route("/account/licenses/<int:license_id>", methods=["GET", "POST"])
@signed_in
def change_license(license_id: int) -> Page:
    """Correct one, or choose it to be printed; certificates that exist stay as they are."""
    person, bodies = viewer(), load_bodies()
    license = licenses.find_license(person.id, license_id)
    form = LicenseForm(obj=license)
    form.board.choices = [(one.slug, one.short_name(language())) for one in bodies.values()]
    if form.validate_on_submit():
        values = values_of(form)
        try:
            act(lambda: licenses.change_license(person.id, license_id, **values, **of_boards(bodies)))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("The license is changed."))
            return redirect(url_for(".list_licenses"), code=303)
    return shown("licenses/form.html", form, license=license)


@blueprint.route("/account/licenses/<int:license_id>/end", methods=["GET", "POST"])
@signed_in
def end_license(license_id: int) -> Page:
    """End one, after a page that names it."""
    person = viewer()
    license = licenses.find_license(person.id, license_id)
    if request.method == "POST":
        act(lambda: licenses.end_license(person.id, license_id, utc_now()))
        flash_done(_("The license is ended."))
        return redirect(url_for(".list_licenses"), code=303)
    body = load_bodies([license.board]).get(license.board)
    return render_template(
        "confirm.html",
        title=_("End this license?"),
        text=_("New certificates will not go by it. What was printed stays printed."),
        facts=[
            (_("Board"), body.short_name(language()) if body else license.board),
            (_("License number"), license.number),
        ],
        action=url_for(".end_license", license_id=license_id),
        submit_text=_("End the license"),
        cancel_href=url_for(".list_licenses"),
    )


def of_boards(bodies: Mapping[str, Body]) -> dict[str, Any]:
    """The boards that can be chosen, and the one state of those that have one."""
    return {
        "boards": set(bodies),
        "states": {slug: str(one.facts["state"]) for slug, one in bodies.items() if one.facts.get("state")},
    }


def values_of(form: LicenseForm) -> dict[str, Any]:
    return {
        "board": form.board.data,
        "state": form.state.data or "",
        "number": form.number.data or "",
        "expires_on": form.expires_on.data,
        "is_printed": bool(form.is_printed.data),
    }
