"""The audit page: who did what to whom, in the viewer's agencies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from lms.access import Permission, Viewer, scope, visible_agencies, visible_users
from lms.clock import start_of_day
from lms.database import db
from lms.errors import N_
from lms.people.audit import AuditFilter, list_events
from lms.people.models import Agency, AuditEvent, User
from lms.people.names import clean_email
from lms.web.agency_choices import filter_choices, find_agency, number_in
from lms.web.forms.fields import YEARS
from lms.web.forms.people import AuditFilters
from lms.web.guards import needs, settings, viewer
from lms.web.navigation import page_url
from lms.web.roles import role_name
from lms.web.words import discipline_name

blueprint = Blueprint("audit", __name__)

ACTIONS = {
    "account": N_("Accounts"),
    "account.made": N_("Account made"),
    "account.changed": N_("Account changed"),
    "account.disabled": N_("Account switched off"),
    "account.enabled": N_("Account switched on"),
    "password.changed": N_("Password changed"),
    "password.reset-asked": N_("Link for a new password asked for"),
    "agency": N_("Agencies"),
    "agency.added": N_("Agency added"),
    "agency.changed": N_("Agency changed"),
    "agency.moved": N_("Agency moved"),
    "agency.archived": N_("Agency archived"),
    "agency.restored": N_("Agency brought back"),
    "membership": N_("Places"),
    "membership.started": N_("Place started"),
    "membership.ended": N_("Place ended"),
    "invitation": N_("Invitations"),
    "invitation.made": N_("Invitation to a team made"),
    "invitation.used": N_("Invitation to a team used"),
    "invitation.sent": N_("Invitation sent"),
    "invitation.accepted": N_("Invitation accepted"),
    "invitation.withdrawn": N_("Invitation withdrawn"),
    "role": N_("Roles"),
    "role.granted": N_("Role given"),
    "role.revoked": N_("Role taken back"),
    "role.granted-by-host": N_("Role given by the host application"),
    "role.revoked-by-host": N_("Role taken back by the host application"),
    "person.handed-over": N_("Person handed over by the host application"),
    "certificate": N_("Certificates"),
    "certificate.issued": N_("Certificate issued"),
    "agency.certificate-changed": N_("Look of certificates changed"),
    "certificate.revoked": N_("Certificate revoked"),
    "certificate.replaced": N_("Certificate replaced by a corrected one"),
    "certificate.change-undone": N_("Change to a certificate undone"),
    "certificate.name-asked": N_("Another name on a certificate asked for"),
    "certificate.name-approved": N_("Another name on a certificate approved"),
    "certificate.name-refused": N_("Another name on a certificate refused"),
    "training": N_("Training done elsewhere"),
    "training.handed-in": N_("Training done elsewhere handed in"),
    "training.withdrawn": N_("Training done elsewhere withdrawn"),
    "training.approved": N_("Training done elsewhere approved"),
    "training.refused": N_("Training done elsewhere refused"),
    "training.decision-undone": N_("Decision on training done elsewhere undone"),
    "training.evidence-fetched": N_("Evidence of training done elsewhere looked at"),
    "training-entry.made": N_("Records entered from paper"),
    "training-entry.undone": N_("Entry from paper undone"),
    "certificate.redrawn": N_("Certificate drawn again"),
    "certificate.letters-missing": N_("Certificate printed with letters missing"),
    "certificate.name-hidden": N_("Name on a certificate hidden"),
    "certificate.name-shown": N_("Name on a certificate shown"),
    "certification": N_("Certifications"),
    "certification.added": N_("Certification added"),
    "certification.changed": N_("Certification changed"),
    "certification.archived": N_("Certification archived"),
    "certification.restored": N_("Certification brought back"),
    "record": N_("Training records"),
    "record.asked": N_("Training record asked for"),
    "record.removed": N_("Training record removed after its time"),
    "bundle.removed": N_("Certificates as files removed after their time"),
    "share-link": N_("Links to certificates"),
    "share-link.created": N_("Link to a certificate made"),
    "share-link.revoked": N_("Link to a certificate taken back"),
    "cohort": N_("Teams"),
    "cohort.made": N_("Team made"),
    "cohort.changed": N_("Team changed"),
    "cohort.seat-added": N_("Seat added to a team"),
    "cohort.seat-removed": N_("Seat removed from a team"),
    "cohort.counted": N_("Team counted anew"),
    "cohort.archived": N_("Team archived"),
    "member": N_("Members of teams"),
    "member.joined": N_("Joined a team"),
    "member.placed": N_("Seat in a team changed"),
    "member.removed": N_("Removed from a team"),
    "milestone.attested": N_("Milestone attested"),
    "course": N_("Courses"),
    "course.published": N_("Course published"),
    "course.completed": N_("Course completed"),
    "enrollment.begun": N_("Course begun"),
    "outbox.tried-again": N_("Message sent again"),
}
SUBJECTS = {
    "user": N_("person"),
    "agency": N_("agency"),
    "invitation": N_("invitation"),
    "certificate": N_("certificate"),
    "certification": N_("certification"),
    "training": N_("training done elsewhere"),
    "training-entry": N_("entry from paper"),
    "cohort": N_("team"),
    "cohort-invitation": N_("invitation to a team"),
    "milestone": N_("milestone"),
    "message": N_("message"),
    "course": N_("course"),
    "enrollment": N_("enrollment"),
}


@blueprint.app_template_filter()
def action_name(action: str) -> str:
    """The name of an action; its own code where it has none yet."""
    return str(_(ACTIONS[action])) if action in ACTIONS else action


@blueprint.app_template_filter()
def detail_texts(event: AuditEvent) -> list[str]:
    """What else is worth reading: which role or field, what an agency was called before, the reason."""
    detail, texts = event.detail, []
    if "role" in detail:
        texts.append(role_name(detail["role"]))
    if "discipline" in detail:
        texts.append(discipline_name(detail["discipline"]))
    changes: dict[str, Any] = detail.get("changes") or {}
    texts += [
        f"{former or '–'} → {new or '–'}" for key, (former, new) in changes.items() if key in ("name", "ready_by")
    ]
    if isinstance(detail.get("title"), dict):
        texts.append(str(detail["title"].get("en", "")))
    return [*texts, event.reason] if event.reason else texts


@blueprint.get("/audit")
@needs(Permission.SEE_AUDIT)
def list_audit() -> str:
    """Events of the agencies in scope, newest first."""
    person = viewer()
    agency = find_agency(person, Permission.SEE_AUDIT, number_in("agency")) if request.args.get("agency") else None
    form = filters(person, agency)
    page = list_events(
        visible_agencies(person, Permission.SEE_AUDIT),
        wanted_events(person, agency, form),
        is_everywhere=scope(person, Permission.SEE_AUDIT) is None,
        before=number_in("before"),
    )
    next_href = page_url(before=page.next_before) if page.next_before else None
    return render_template(
        "audit/index.html",
        page=page,
        form=form,
        is_filtered=any(request.args.get(field.name) for field in form),
        next_href=next_href,
        subject_text=subject_text,
    )


def filters(person: Viewer, agency: Agency | None) -> AuditFilters:
    form = AuditFilters(request.args)
    form.agency.choices = filter_choices(person, Permission.SEE_AUDIT, agency)
    form.action.choices = [("", _("All actions")), *((code, _(name)) for code, name in ACTIONS.items())]
    for field in (form.since, form.until):
        if field.data is not None and field.data.year not in YEARS:
            field.data = None
    return form


def wanted_events(person: Viewer, agency: Agency | None, form: AuditFilters) -> AuditFilter:
    """What the filter bar asks for. An e-mail that is not in scope finds nothing, as one that does not exist."""
    zone = settings().time_zone
    email = clean_email(form.person.data or "")
    person_id = None
    if email:
        query = select(User.id).where(User.email == email, User.id.in_(visible_users(person, Permission.SEE_AUDIT)))
        person_id = db.session.scalar(query) or 0
    return AuditFilter(
        person_id=person_id,
        under=agency.path if agency else None,
        action=form.action.data if form.action.data in ACTIONS else None,
        since=start_of_day(form.since.data, zone) if form.since.data else None,
        until=start_of_day(form.until.data + timedelta(days=1), zone) if form.until.data else None,
    )


def subject_text(event: AuditEvent, people: dict[int, str]) -> str:
    """To whom or what it was done: a person's name, or the kind of thing with its number."""
    if event.subject_kind == "user" and event.subject_id in people:
        return people[event.subject_id]
    kind = _(SUBJECTS[event.subject_kind]) if event.subject_kind in SUBJECTS else event.subject_kind
    return f"{kind} {event.subject_id}" if event.subject_id is not None else str(kind)
