"""What was changed on a certificate and taking it back; the names that holders want and that wait for a decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from flask import Blueprint, redirect, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms import amending
from lms.access import Permission, Viewer
from lms.certification import name_requests, reach
from lms.certification.change_models import CertificateChange
from lms.certification.changing import find_change, history_of, is_own_spelling, why_not_undo
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.certification.seeing import seen
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.people.models import User
from lms.web.certificate_files import find_readable
from lms.web.forms.changes import DecideForm, ReasonForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, needs, settings, signed_in, today, viewer
from lms.web.texts import translate
from lms.web.words import discipline_name

blueprint = Blueprint("certificate_changes", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.REVOKE_CERTIFICATES

KIND_NAMES = {
    "revoke": N_("Revoked"),
    "reissue": N_("Corrected"),
    "rename": N_("Name corrected"),
    "extend": N_("Extended"),
}
STATE_TAGS = {
    "waiting": (N_("Waits for an administrator"), "info"),
    "done": (N_("Done"), "ok"),
    "refused": (N_("Refused"), "error"),
    "undone": (N_("Undone"), "warn"),
}
WHAT_NAMES = {
    "name": (N_("Name before"), N_("Name after")),
    "agency": (N_("Agency before"), N_("Agency after")),
    "discipline": (N_("Discipline before"), N_("Discipline after")),
    "credit": (N_("Credit before"), N_("Credit after")),
    "valid_until": (N_("Valid until, before"), N_("Valid until, after")),
    "status": (N_("Standing before"), N_("Standing after")),
}
STATUS_WORDS = {"standing": N_("Stands"), "revoked": N_("Revoked")}


@blueprint.get("/certificates/<code>/changes")
@signed_in
def show_changes(code: str) -> str:
    """What was changed on a certificate, by whom and why; each change can be taken back for seven days."""
    person, certificate = viewer(), find_readable(code)
    now = utc_now()
    changes = history_of(certificate.id)
    may = reach.reaches(person, OVER, certificate, today())
    return render_template(
        "certification/changes.html",
        certificate=certificate,
        facts=CertificateFacts.from_json(certificate.facts),
        changes=[(one, differences(one.before, one.after)) for one in changes],
        names=names_of(changes),
        codes=codes_of(changes),
        kind_names=KIND_NAMES,
        said=translate,
        state_tags=STATE_TAGS,
        undoable={one.id for one in changes if why_not_undo(one, now) is None and may_undo(person, one, may)},
        may_change=may and not reach.is_holder(person, certificate) and stands(certificate),
        may_rename=reach.is_holder(person, certificate) and stands(certificate),
    )


@blueprint.route("/certificates/<code>/changes/<int:change_id>/undo", methods=["GET", "POST"])
@signed_in
def undo_change(code: str, change_id: int) -> Page:
    """Take a change back, with a reason, after a page that says what stands then."""
    person, certificate = viewer(), find_readable(code)
    change = find_change(certificate, change_id)
    if not may_undo(person, change, reach.reaches(person, OVER, certificate, today())):
        raise NotFound(N_("There is nothing here that you may see."))
    form = ReasonForm()
    reason = form.reason.data or ""
    if form.validate_on_submit():
        now = utc_now()
        try:
            standing = act(lambda: amending.undo_change(change, reason, settings(), actor_id=person.id, now=now))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("The change is undone. The certificate %(code)s stands again.", code=standing.code))
            return redirect(url_for(".show_changes", code=standing.code), code=303)
    elif (problem := why_not_undo(change, utc_now())) is not None:
        raise Conflict(problem)
    return shown(
        "confirm.html",
        form,
        title=_("Undo this change?"),
        text=_("The certificate stands again as it did before. A code that came with the change leads back to it."),
        facts=differences(change.after, change.before),
        action=url_for(".undo_change", code=certificate.code, change_id=change.id),
        submit_text=_("Undo the change"),
        cancel_href=url_for(".show_changes", code=certificate.code),
    )


@blueprint.get("/certificates/names")
@needs(OVER)
def list_name_requests() -> str:
    """Names that holders want printed and that wait for a decision, in the viewer's agencies."""
    person = viewer()
    rows = name_requests.waiting_in(in_reach(person))
    return render_template("certification/names.html", rows=rows, own_id=person.id)


@blueprint.route("/certificates/names/<int:change_id>", methods=["GET", "POST"])
@needs(OVER)
def decide_name(change_id: int) -> Page:
    """Approve or refuse a name, with a reason that its holder sees."""
    person, change = viewer(), db.session.get(CertificateChange, change_id)
    certificate = db.session.get(Certificate, change.certificate_id) if change is not None else None
    if change is None or certificate is None or not reach.reaches(person, OVER, certificate, today()):
        raise NotFound(N_("There is nothing here that you may see."))
    if change.state != "waiting":
        raise Overtaken(N_("Somebody has decided this already."))
    form = DecideForm()
    if form.validate_on_submit():
        approve, reason, now = form.decision.data == "approve", form.reason.data or "", utc_now()
        act(
            lambda: amending.decide_name(
                change, approve=approve, reason=reason, settings=settings(), actor_id=person.id, now=now
            )
        )
        flash_done(_("The name is printed on a new certificate.") if approve else _("The name was refused."))
        return redirect(url_for(".list_name_requests"), code=303)
    facts = CertificateFacts.from_json(certificate.facts)
    return shown(
        "confirm.html",
        form,
        title=_("Print another name?"),
        text=_(
            "Look at a document that shows the name before you approve it. Do not copy its numbers into the reason."
        ),
        facts=[
            (_("Certificate"), f"{facts.title} ({certificate.code})"),
            *differences(change.before, change.after),
            (_("Reason of the holder"), change.reason),
        ],
        action=url_for(".decide_name", change_id=change.id),
        submit_text=_("Decide"),
        danger=False,
        cancel_href=url_for(".list_name_requests"),
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What differs, as terms and values to read."""
    found = []
    for key, value in before.items():
        now, then = WHAT_NAMES[key]
        found += [(_(now), _written(key, value)), (_(then), _written(key, after.get(key)))]
    return found


def written_day(day: date) -> str:
    """A day in the language of this request."""
    return str(format_date(day, "long", locale=get_locale() or "en_US"))


def _written(key: str, value: Any) -> str:
    if not value:
        return "–"
    if key == "valid_until":
        return written_day(date.fromisoformat(value))
    if key == "discipline":
        return discipline_name(value)
    return str(_(STATUS_WORDS[value])) if key == "status" else str(value)


def stands(certificate: Certificate) -> bool:
    return certificate.revoked_at is None and certificate.superseded_by_id is None


def may_undo(person: Viewer, change: CertificateChange, may: bool) -> bool:
    """Administrators over it; and holders, where they corrected their own name and nobody had to approve it."""
    return is_own_spelling(change, person.id) or (
        may and change.actor_id is not None and not _is_holders(person, change)
    )


def _is_holders(person: Viewer, change: CertificateChange) -> bool:
    return db.session.get_one(Certificate, change.certificate_id).user_id == person.id


def in_reach(person: Viewer) -> Any:
    """The condition that a certificate lies in reach: `reach.reaches` for a list."""
    return seen(person, OVER, today())


def names_of(changes: list[CertificateChange]) -> dict[int, str]:
    """Names of who made, decided and undid changes, as far as the viewer may see them."""
    ids = {who for one in changes for who in (one.actor_id, one.decided_by_id, one.undone_by_id) if who is not None}
    return {row.id: row.name for row in db.session.execute(select(User.id, User.name).where(User.id.in_(ids)))}


def codes_of(changes: list[CertificateChange]) -> dict[int, str]:
    """Codes of the certificates that changes were made to and brought."""
    ids = {number for one in changes for number in (one.certificate_id, one.new_certificate_id) if number is not None}
    rows = db.session.execute(select(Certificate.id, Certificate.code).where(Certificate.id.in_(ids)))
    return {row.id: row.code for row in rows}
