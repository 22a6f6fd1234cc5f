"""One's own data: everything in one file, and having it erased; and where an administrator decides on that."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms import batches as long_work
from lms import own_data, privacy
from lms.batches import Batch
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Busy, Invalid
from lms.people import policies
from lms.people.models import User
from lms.people.passwords import verify_password
from lms.web import batches
from lms.web.forms.people import DecideForm, EraseForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, needs, settings, signed_in, today, viewer
from lms.web.hosting import is_hosted
from lms.web.limits import by_viewer, limiter, sign_in_limit, was_refused

blueprint = Blueprint("privacy", __name__)

Page = str | tuple[str, int] | Response

batches.TITLES[own_data.KIND] = N_("Your data")
batches.DAYS_KEPT[own_data.KIND] = own_data.DAYS_KEPT

STATES = {
    "asked": (N_("Waiting for a decision"), "warn"),
    "approved": (N_("Approved, in its pause"), "warn"),
    "refused": (N_("Refused"), "error"),
    "stopped": (N_("Stopped"), "info"),
    "done": (N_("Erased"), "ok"),
}

WHAT_GOES_OF_THEM = (
    N_("Name, e-mail address, password and sign-ins of %(name)s; nobody can sign in to this account any more."),
    N_("Answers, reflections, results, and which modules were read."),
    N_("Licenses, and their numbers on certificates."),
    N_("Training done elsewhere with its evidence, the PDFs of certificates and the texts of badges."),
    N_("Roles, seats in teams, the name on the certificates of teams, and messages to this person."),
)
"""What goes, as whoever decides on it reads it."""

WHAT_REMAINS_OF_THEM = (
    N_("A number in place of the name: the audit trail says by numbers who did what, so that misuse can be found."),
    N_("Places of work and their days, and completed courses, as long as the stubs of the certificates."),
)


@blueprint.route("/account/data", methods=["GET", "POST"])
@signed_in
@fresh
def own() -> Page:
    """What was accepted and when; everything in one file; the way to having it erased."""
    person = viewer()
    if request.method == "POST":
        batch_id = act(lambda: own_data.ask(person.id).id)
        flash_done(_("The work has begun. You may leave this page."))
        return redirect(url_for("batches.show_batch", batch_id=batch_id), code=303)
    rows: list[Batch] = [one for one in long_work.batches_of(person.id) if one.kind == own_data.KIND]
    return render_template(
        "accounts/data.html",
        rows=rows,
        state_tags=batches.STATE_TAGS,
        accepted=policies.acceptances_of(person.id),
        in_force=policies.in_force(settings().policies).hashes,
        erasure=privacy.erasure_of(person.id),
        states=STATES,
        kept_days=own_data.DAYS_KEPT,
    )


@blueprint.route("/account/erasure", methods=["GET", "POST"])
@signed_in
@limiter.limit(sign_in_limit, key_func=by_viewer, methods=["POST"], deduct_when=was_refused)
def ask_erasure() -> Page:
    """What would go, what would remain and why; asked for with the password."""
    person = viewer()
    user = db.session.get_one(User, person.id)
    form = EraseForm()
    if is_hosted(request.environ):
        del form.password  # the host has just said who this is
    if form.validate_on_submit() and is_confirmed(form, user):
        act(lambda: privacy.ask_erasure(person.id, utc_now()))
        flash_done(_("You have asked to be erased. An administrator decides; you get a mail."))
        return redirect(url_for(".ask_erasure"), code=303)
    return shown(
        "accounts/erasure.html",
        form,
        user=user,
        erasure=privacy.erasure_of(person.id),
        states=STATES,
        forecast=privacy.forecast(person.id, settings(), utc_now()),
        goes=privacy.WHAT_GOES,
        remains=privacy.WHAT_REMAINS,
        days=privacy.PAUSE_DAYS,
        is_hosted=is_hosted(request.environ),
    )


def is_confirmed(form: EraseForm, user: User) -> bool:
    """Whether whoever sits there is the person: by the password, outside of any transaction."""
    if form.password is None:
        return True
    stored = user.password_hash
    db.session.rollback()
    try:
        if stored is not None and verify_password(stored, form.password.data):
            return True
    except Busy as error:
        form.form_errors.append(_(error.message))
        return False
    form.password.errors = [_("This is not your present password.")]
    return False


@blueprint.post("/account/erasure/stop")
@signed_in
def stop_own() -> Response:
    """The person thinks better of it, before it is done."""
    person = viewer()
    act(lambda: privacy.stop_own(person.id, utc_now()))
    flash_done(_("Nothing is erased. Your account stays as it is."))
    return redirect(url_for(".own"), code=303)


@blueprint.get("/people/erasures")
@needs(privacy.OVER)
def list_erasures() -> str:
    """Who has asked to be erased, in the viewer's reach: what waits comes first."""
    return render_template("people/erasures.html", rows=privacy.erasures_for(viewer()), states=STATES)


@blueprint.route("/people/erasures/<int:erasure_id>", methods=["GET", "POST"])
@needs(privacy.OVER)
@fresh
def decide(erasure_id: int) -> Page:
    """What would remain and why; approved, or refused with a reason."""
    person = viewer()
    erasure = privacy.find_erasure(person, erasure_id)
    user = db.session.get_one(User, erasure.user_id)
    form = DecideForm()
    form.decision.choices = [("approve", _("Approve")), ("refuse", _("Refuse"))]
    if form.validate_on_submit():
        approve, reason = form.decision.data == "approve", form.reason.data or ""
        try:
            act(
                lambda: privacy.decide(person, erasure_id, approve=approve, reason=reason, now=utc_now(), today=today())
            )
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("Decided. The person gets a mail."))
            return redirect(url_for(".list_erasures"), code=303)
    return shown(
        "people/erasure.html",
        form,
        erasure=erasure,
        user=user,
        states=STATES,
        forecast=privacy.forecast(user.id, settings(), utc_now()),
        goes=WHAT_GOES_OF_THEM,
        remains=WHAT_REMAINS_OF_THEM,
        days=privacy.PAUSE_DAYS,
    )


@blueprint.post("/people/erasures/<int:erasure_id>/stop")
@needs(privacy.OVER)
def stop(erasure_id: int) -> Response:
    """An administrator stops an approved erasure within its pause."""
    person = viewer()
    act(lambda: privacy.stop_for(person, erasure_id, now=utc_now(), today=today()))
    flash_done(_("It is stopped. Nothing is erased."))
    return redirect(url_for(".list_erasures"), code=303)
