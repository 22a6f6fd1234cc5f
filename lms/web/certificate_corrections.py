"""Correcting a certificate: name, agency, discipline, credit, its end; before and after first, then the yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms import amending
from lms.access import Viewer, visible_agencies
from lms.certification import name_requests, reach
from lms.certification.change_models import CertificateChange
from lms.certification.change_plans import (
    Correction,
    Plan,
    latest_extension,
    plan_extend,
    plan_reissue,
    plan_rename,
    refuse_fallen,
)
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.certification.wording import credit_text
from lms.clock import utc_now
from lms.cohorts.lookup import team_of
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people.models import Agency, Membership
from lms.web.certificate_changes import OVER, differences, written_day
from lms.web.certificate_files import canonical, find_readable
from lms.web.forms.changes import ExtendForm, ReissueForm, RenameForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, language, needs, settings, signed_in, today, viewer
from lms.web.navigation import stands_at
from lms.web.words import discipline_name

blueprint = Blueprint("certificate_corrections", __name__)

Page = str | tuple[str, int] | Response


@blueprint.route("/certificates/<code>/rename", methods=["GET", "POST"])
@signed_in
def rename_certificate(code: str) -> Page:
    """Another printed name: by its holder, or by an administrator."""
    person, certificate = viewer(), find_readable(code)
    is_own = reach.is_holder(person, certificate)
    if not is_own and not reach.reaches(person, OVER, certificate, today()):
        raise NotFound(N_("There is nothing here that you may see."))
    refuse_fallen(certificate)
    if is_own:
        name_requests.refuse_waiting(certificate.id)
    facts = CertificateFacts.from_json(certificate.facts)
    form = RenameForm(name=facts.printed_name)
    if is_own:
        form.reason.description = _(
            "You and your administrators see this, and it stays in the audit. Write nothing about another person, a "
            "case or a victim."
        )
    plan = planned(form, lambda: plan_rename(certificate, form.name.data or ""))
    if plan is None:
        return shown(
            "certification/change.html", form, **page_of(certificate, _("Correct the printed name"), is_own=is_own)
        )
    now = utc_now()
    waits = is_own and not name_requests.may_alone(certificate, plan, now)
    if not is_sure():
        return ask_surely(certificate, plan, form, "rename_certificate", _("Print this name?"), waits=waits)
    name, reason = form.name.data or "", form.reason.data or ""
    if is_own:
        change = act(lambda: amending.correct_own_name(certificate.id, name, reason, settings(), now=now))
    else:
        change = change_as_planned(certificate, lambda row: plan_rename(row, name), reason, now)
    return done(certificate, change)


@blueprint.route("/certificates/<code>/reissue", methods=["GET", "POST"])
@needs(OVER)
def reissue_certificate(code: str) -> Page:
    """Correct agency, discipline or credit: a new certificate in the place of the old one."""
    certificate = find_changeable(code)
    facts = CertificateFacts.from_json(certificate.facts)
    places = places_for(viewer(), certificate)
    form = ReissueForm(place="", credit=list(range(len(facts.credit))))
    form.place.choices = [("", _("As it is: %(place)s", place=facts.agency_name or "–"))]
    form.place.choices += [(key, text) for key, (text, _correction) in places.items()]
    form.credit.choices = [(at, credit_text(one, language())) for at, one in enumerate(facts.credit)]
    if not facts.credit:
        del form.credit
    correction = Correction()
    if form.place.data in places:
        correction = places[form.place.data][1]
    if facts.credit:
        kept = tuple(form.credit.data or ())
        correction = replace(correction, credit=kept)
    if certificate.kind == "course":
        correction = replace(correction, adds_credit=form.adds_credit.data)
    else:
        del form.adds_credit
    plan = planned(form, lambda: plan_reissue(certificate, correction))
    if plan is None:
        return shown("certification/change.html", form, **page_of(certificate, _("Correct what is printed")))
    if not is_sure():
        return ask_surely(certificate, plan, form, "reissue_certificate", _("Issue a corrected certificate?"))
    change = change_as_planned(
        certificate, lambda row: plan_reissue(row, correction), form.reason.data or "", utc_now()
    )
    return done(certificate, change)


@blueprint.route("/certificates/<code>/extend", methods=["GET", "POST"])
@needs(OVER)
def extend_certificate(code: str) -> Page:
    """Let a certificate last longer, by at most twelve months."""
    certificate = find_changeable(code)
    facts = CertificateFacts.from_json(certificate.facts)
    latest = latest_extension(certificate)
    if facts.valid_until is None or latest is None:
        raise Conflict(N_("This certificate does not end, so there is nothing to extend."))
    form, now = ExtendForm(), utc_now()
    day = form.valid_until.data

    def plan_row(row: Certificate) -> Plan:
        assert day is not None
        return plan_extend(row, day, now, settings().time_zone)

    plan = planned(form, lambda: plan_row(certificate))
    if plan is None:
        words = _(
            "Valid until %(day)s. At most until %(latest)s.",
            day=written_day(facts.valid_until),
            latest=written_day(latest),
        )
        return shown(
            "certification/change.html", form, **page_of(certificate, _("Extend the certificate"), words=words)
        )
    if not is_sure():
        return ask_surely(certificate, plan, form, "extend_certificate", _("Extend this certificate?"))
    return done(certificate, change_as_planned(certificate, plan_row, form.reason.data or "", now))


def find_changeable(code: str) -> Certificate:
    """A certificate that stands, over which the viewer may. Raises NotFound, Conflict."""
    certificate = reach.find_certificate(canonical(code))
    if not reach.reaches(viewer(), OVER, certificate, today()):
        raise NotFound(N_("There is nothing here that you may see."))
    if reach.is_holder(viewer(), certificate):
        raise Conflict(N_("Somebody else has to change your own certificate."))
    refuse_fallen(certificate)
    return certificate


def planned(form: FlaskForm, plan: Callable[[], Plan]) -> Plan | None:
    """The plan of a form that was sent and holds; what a rule refuses is said on the form."""
    if not form.validate_on_submit():
        return None
    try:
        return plan()
    except Invalid as error:
        add_problem(form, error)
        return None


def is_sure() -> bool:
    return request.form.get("sure") == "1"


def change_as_planned(
    certificate: Certificate, plan: Callable[[Certificate], Plan], reason: str, now: datetime
) -> CertificateChange:
    person = viewer()
    return act(
        lambda: amending.change_certificate(certificate.id, plan, reason, settings(), actor_id=person.id, now=now)
    )


def done(certificate: Certificate, change: CertificateChange) -> Response:
    """On to the list of changes, which says what came of it."""
    standing = db.session.get(Certificate, change.new_certificate_id) if change.new_certificate_id else None
    if change.state == "waiting":
        flash_done(_("Your administrator will look at it. Until then the certificate stays as it is."))
    else:
        flash_done(_("There is a new certificate in the place of the old one. It can be undone for 7 days."))
    code = standing.code if standing is not None else certificate.code
    return redirect(url_for("certificate_changes.show_changes", code=code), code=303)


def ask_surely(
    certificate: Certificate, plan: Plan, form: FlaskForm, endpoint: str, title: str, *, waits: bool = False
) -> str:
    """Before and after, and the same entries again with a yes."""
    stands_at(url_for(f".{endpoint}", code=certificate.code))
    hidden = [(key, value) for key, value in request.form.items(multi=True) if key not in ("csrf_token", "sure")]
    return render_template(
        "certification/change_confirm.html",
        title=title,
        certificate=certificate,
        facts=[(_("Code"), certificate.code), *differences(plan.before, plan.after), (_("Reason"), form.reason.data)],
        hidden=hidden,
        waits=waits,
        action=url_for(f".{endpoint}", code=certificate.code),
        cancel_href=url_for("certificate_changes.show_changes", code=certificate.code),
    )


def page_of(certificate: Certificate, title: str, **values: Any) -> dict[str, Any]:
    facts = CertificateFacts.from_json(certificate.facts)
    return {"title": title, "certificate": certificate, "facts": facts, **values}


def places_for(person: Viewer, certificate: Certificate) -> dict[str, tuple[str, Correction]]:
    """What agency and discipline may be corrected to: places of the holder in the viewer's agencies; of a team's
    certificate the agency that runs the team."""
    if certificate.user_id is None:
        team = team_of(certificate)
        agency = db.session.get(Agency, team.agency_id) if team is not None else None
        return {} if agency is None else {"team": (agency.name, Correction(agency.id, agency.name))}
    rows = db.session.execute(
        select(Membership, Agency)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Membership.user_id == certificate.user_id, Agency.id.in_(visible_agencies(person, OVER)))
        .order_by(Membership.started_on, Membership.id)
    )
    return {
        str(place.id): (
            f"{agency.name} · {discipline_name(place.discipline)}",
            Correction(agency.id, agency.name, place.discipline),
        )
        for place, agency in rows
    }
