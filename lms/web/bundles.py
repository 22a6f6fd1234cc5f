"""Many certificates as files: asked for on one page, made by the worker, fetched from the page of the long work."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms.access import Permission, require, require_over
from lms.catalog.facts import title_of
from lms.catalog.versions import current_versions
from lms.certification.certifying import current_rules
from lms.certification.models import Certification
from lms.database import db
from lms.errors import N_, Conflict, Invalid
from lms.reporting import bundles
from lms.reporting.bundle_keeping import DAYS_KEPT, KIND, Wish, check_fetching
from lms.web import batches
from lms.web.agency_choices import filter_choices, find_agency, number_in
from lms.web.forms.bundles import BundleForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, language, needs, viewer

blueprint = Blueprint("bundles", __name__)

batches.TITLES[KIND] = N_("Certificates as files")
batches.DAYS_KEPT[KIND] = DAYS_KEPT
batches.GATES[KIND] = check_fetching


@blueprint.route("/reports/certificates", methods=["GET", "POST"])
@needs(Permission.SEE_REPORTS)
@fresh
def ask_certificates() -> str | tuple[str, int] | Response:
    """The certificates of an agency, a course, a time, as a zip with an index, and as one PDF for printing."""
    person = require(viewer(), Permission.SEE_PEOPLE)
    form = BundleForm(agency=str(number_in("agency") or ""))
    number = int(form.agency.data) if (form.agency.data or "").isdecimal() and len(form.agency.data) < 19 else None
    chosen = find_agency(person, Permission.SEE_REPORTS, number) if form.agency.data else None
    form.agency.choices = filter_choices(person, Permission.SEE_REPORTS, chosen)
    form.what.choices = what_choices()
    if form.validate_on_submit():
        if chosen is not None:
            require_over(person, Permission.SEE_PEOPLE, chosen.path)
        try:
            wish = read_wish(form, chosen.id if chosen else None)
            batch_id = act(lambda: bundles.ask(wish, asked_by_id=person.id).id)
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(_("The work has begun. You may leave this page."))
            return redirect(url_for("batches.show_batch", batch_id=batch_id), code=303)
    return shown("reporting/certificates.html", form)


def read_wish(form: BundleForm, agency_id: int | None) -> Wish:
    """What the form asks for. Raises Invalid for days the wrong way round."""
    kind, _dash, slug = (form.what.data or "").partition(":")
    since, until = form.since.data, form.until.data
    if since is not None and until is not None and until < since:
        raise Invalid(N_("The second day must not be before the first."), "until")
    return Wish(
        agency_id=agency_id,
        course_id=next((one.course_id for one in current_versions() if kind == "course" and one.slug == slug), None),
        certification_id=db.session.scalar(select(Certification.id).where(Certification.slug == slug))
        if kind == "certification"
        else None,
        since=since,
        until=until,
        is_merged=bool(form.is_merged.data),
    )


def what_choices() -> list[tuple[str, str]]:
    """All, each course, each certification."""
    courses = [(f"course:{one.slug}", title_of(one.facts, language())) for one in current_versions()]
    rules = [(f"certification:{one.rule.slug}", one.title(language())) for one in current_rules()]
    return [("", _("All courses and certifications")), *courses, *rules]
