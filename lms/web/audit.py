"""The audit page: who did what to whom, in the viewer's agencies; the same as a file; the latest of one."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission, Viewer, allows, allows_over
from lms.errors import N_
from lms.people.audit import AuditFilter, AuditPage
from lms.people.audit_words import ACTIONS
from lms.people.models import Agency
from lms.reporting import audit_export
from lms.reporting.audit_export import DAYS_KEPT, KIND, Wish, check_fetching, filter_of, page_of
from lms.web import batches
from lms.web.agency_choices import filter_choices, find_agency, number_in
from lms.web.audit_rows import Names, names_for
from lms.web.audit_words import action_name, detail_texts
from lms.web.forms.fields import YEARS
from lms.web.forms.people import AuditFilters
from lms.web.guards import act, flash_done, fresh, needs, settings, viewer
from lms.web.navigation import page_url

blueprint = Blueprint("audit", __name__)

OVER = Permission.SEE_AUDIT
LATEST = 6

batches.TITLES[KIND] = N_("Audit as a file")
batches.DAYS_KEPT[KIND] = DAYS_KEPT
batches.GATES[KIND] = check_fetching

blueprint.add_app_template_filter(action_name)
blueprint.add_app_template_filter(detail_texts)


@blueprint.get("/audit")
@needs(OVER)
def list_audit() -> str:
    """Events of the agencies in scope, newest first."""
    person = viewer()
    agency = find_agency(person, OVER, number_in("agency")) if request.args.get("agency") else None
    form = filters(person, agency)
    page = page_of(person, filter_of(person, wish_of(agency, form), settings().time_zone), before=number_in("before"))
    return render_template(
        "audit/index.html",
        page=page,
        names=names_for(person, page),
        form=form,
        is_filtered=any(request.args.get(field.name) for field in form),
        next_href=page_url(before=page.next_before) if page.next_before else None,
        first_href=page_url(before=None) if request.args.get("before") else None,
        chosen={field.name: request.args[field.name] for field in form if request.args.get(field.name)},
    )


@blueprint.post("/audit/export")
@needs(OVER)
@fresh
def export_audit() -> Response:
    """The same events as files, made by the worker with the rights that the asker has then."""
    person = viewer()
    number = request.form.get("agency", "")
    is_id = number.isascii() and number.isdigit() and len(number) < 19
    agency = find_agency(person, OVER, int(number) if is_id else None) if number else None
    wish = wish_of(agency, filters(person, agency))
    batch_id = act(lambda: audit_export.ask(wish, asked_by_id=person.id).id)
    flash_done(_("The work has begun. You may leave this page."))
    return redirect(url_for("batches.show_batch", batch_id=batch_id), code=303)


def grouped_actions() -> dict[str, list[tuple[str, str]]]:
    """The actions of the filter under what they are about; those of nothing with a name of its own come last."""
    everything, rest = str(_("All actions")), str(_("Other actions"))
    groups: dict[str, list[tuple[str, str]]] = {everything: [("", everything)]}
    others: list[tuple[str, str]] = []
    for code, name in ACTIONS.items():
        kind = code.partition(".")[0]
        if kind not in ACTIONS:
            others.append((code, str(_(name))))
            continue
        text = str(_(name)) if code != kind else str(_("All of these"))
        groups.setdefault(str(_(ACTIONS[kind])), []).append((code, text))
    return groups | {rest: others}


def filters(person: Viewer, agency: Agency | None) -> AuditFilters:
    """The filter bar as it was sent, by the address or with the wish for a file."""
    form = AuditFilters(request.values)
    form.agency.choices = filter_choices(person, OVER, agency)
    form.action.choices = grouped_actions()
    for field in (form.since, form.until):
        if field.data is not None and field.data.year not in YEARS:
            field.data = None
    return form


def wish_of(agency: Agency | None, form: AuditFilters) -> Wish:
    return Wish(
        person=(form.person.data or "")[:320],
        agency_id=agency.id if agency else None,
        action=form.action.data if form.action.data in ACTIONS else None,
        since=form.since.data,
        until=form.until.data,
    )


@dataclass(frozen=True, slots=True)
class Latest:
    """The last events of a person or an agency, for their own page."""

    page: AuditPage
    names: Names
    more_href: str


def latest_of_person(person: Viewer, user_id: int, email: str | None, name: str) -> Latest | None:
    """What was done to a person or by them, in the viewer's agencies; None for who may not see the audit."""
    if not allows(person, OVER):
        return None
    page = page_of(person, AuditFilter(person_id=user_id), size=LATEST)
    return Latest(page, names_for(person, page), url_for("audit.list_audit", person=email or name))


def latest_of_agency(person: Viewer, agency: Agency) -> Latest | None:
    """What was done in an agency and below it; None for who may not see its audit."""
    if not allows_over(person, OVER, agency.path):
        return None
    page = page_of(person, AuditFilter(under=agency.path), size=LATEST)
    return Latest(page, names_for(person, page), url_for("audit.list_audit", agency=agency.id))
