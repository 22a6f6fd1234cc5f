"""Pages by which people come into a team: inviting by mail or code, and joining by either."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.clock import utc_now
from lms.cohorts import invitations, reach, standing
from lms.cohorts.models import Cohort
from lms.errors import Conflict, Invalid, NotFound
from lms.people.names import masked_email
from lms.people.spoken_codes import refuse_wrong_length
from lms.web.cohorts import Page, award_site, say_on
from lms.web.errors import send_to_sign_in
from lms.web.forms.cohorts import CodeForm, ConfirmForm, JoinForm, MailInvitationForm
from lms.web.guards import act, flash_done, language, maybe_viewer, public, settings, signed_in, viewer
from lms.web.navigation import stands_at

blueprint = Blueprint("cohort_invitations", __name__)


@blueprint.get("/cohorts/<int:cohort_id>/invite")
@signed_in
def show_invitations(cohort_id: int) -> Page:
    """Both ways to invite, and what is still open."""
    cohort = reach.find_led_cohort(viewer(), cohort_id, is_open=True)
    return _invite_page(cohort, MailInvitationForm(formdata=None))


@blueprint.post("/cohorts/<int:cohort_id>/invite/mail")
@signed_in
def invite_by_mail(cohort_id: int) -> Page:
    """Mail a link to one person."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    form = MailInvitationForm()
    if not form.validate_on_submit():
        stands_at(url_for("cohort_invitations.show_invitations", cohort_id=cohort_id))
        return _invite_page(cohort, form)
    email, site, words = form.email.data or "", settings(), language()
    act(
        lambda: invitations.invite_by_mail(
            cohort,
            email,
            utc_now(),
            site_name=site.site_name,
            site_url=site.site_url,
            language=words,
            actor_id=person.id,
        )
    )
    flash_done(
        _(
            "An invitation to %(email)s is on its way; a link mailed there before does not work any more. If this "
            "address has no account yet, ask their agency’s administrator to invite them there first.",
            email=email,
        )
    )
    return redirect(url_for("cohort_invitations.show_invitations", cohort_id=cohort_id), 303)


@blueprint.route("/cohorts/<int:cohort_id>/invite/code", methods=["GET", "POST"])
@signed_in
def make_code(cohort_id: int) -> Page:
    """Make a code, told once: only its hash is kept."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    form = CodeForm()
    if form.validate_on_submit():
        uses, days = form.max_uses.data or 0, form.days.data or 0
        try:
            code = act(lambda: invitations.make_code(cohort, utc_now(), max_uses=uses, days=days, actor_id=person.id))
        except Invalid as error:
            say_on(form, error)
        else:
            flash_done(_("The code is %(code)s. Write it down now: it is not shown again.", code=code))
            return redirect(url_for("cohort_invitations.show_invitations", cohort_id=cohort_id), 303)
    page = render_template("cohorts/code.html", form=form, cohort=cohort)
    return (page, 422) if form.errors else page


@blueprint.post("/cohorts/<int:cohort_id>/invitations/<int:invitation_id>/withdraw")
@signed_in
def withdraw_invitation(cohort_id: int, invitation_id: int) -> Response:
    """Close a link or code at once."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id)
    act(lambda: invitations.withdraw_invitation(cohort, invitation_id, utc_now(), actor_id=person.id))
    flash_done(_("The invitation no longer works."))
    return redirect(url_for("cohort_invitations.show_invitations", cohort_id=cohort_id), 303)


@blueprint.route("/cohorts/join", methods=["GET", "POST"])
@signed_in
def join_by_code() -> Page:
    """Join with a code that was read out. The page says what the team will see."""
    form = JoinForm()
    if form.validate_on_submit():
        try:
            refuse_wrong_length(form.code.data or "")
            return _join(form.code.data or "")
        except Invalid as error:
            say_on(form, error)
        except (NotFound, Conflict) as error:
            say_on(form, Conflict(error.message, **error.values), "code")
    page = render_template("cohorts/join.html", form=form)
    return (page, 422) if form.errors else page


@blueprint.route("/cohorts/invitations/<token>", methods=["GET", "POST"])
@public
def join_by_link(token: str) -> Page:
    """Ask whether to join, then join: opening a link alone does nothing, mail scanners open links too.

    Whoever is not signed in is told which team asks, and what to do with or without an account.
    """
    person = maybe_viewer()
    if person is None:
        return _ask_to_sign_in(token)
    joined_id = invitations.team_joined_by(token, person.id)
    if joined_id is not None:
        flash_done(_("You are in this team."))
        return redirect(url_for("cohorts.show_cohort", cohort_id=joined_id), 303)
    form = ConfirmForm()
    if form.validate_on_submit():
        return _join(token)
    invitation = invitations.find_invitation(token, utc_now())
    is_for_other = invitation.email is not None and invitation.email != person.email
    return render_template(
        "cohorts/accept.html",
        form=form,
        token=token,
        cohort=invitation.cohort,
        agency_name=invitations.agency_name_of(invitation.cohort),
        meant_for=masked_email(invitation.email) if invitation.email and is_for_other else None,
    )


def _ask_to_sign_in(token: str) -> Page:
    if request.method == "POST":
        return send_to_sign_in()
    invitation = invitations.find_mailed(token, utc_now())
    return render_template(
        "cohorts/invited.html",
        token=token,
        cohort=invitation.cohort,
        agency_name=invitations.agency_name_of(invitation.cohort),
        is_open=settings().open_registration,
        days=invitations.LINK_DAYS,
    )


def _join(token: str) -> Response:
    person = viewer()

    def step() -> tuple[int, bool]:
        member = invitations.accept_invitation(token, person, utc_now())
        standing.award_if_earned(member.cohort_id, utc_now(), award_site(), actor_id=person.id)
        return member.cohort_id, member.seat_id is not None

    cohort_id, is_seated = act(step)
    if is_seated:
        flash_done(_("You are in the team. Your seat follows your discipline."))
    else:
        flash_done(_("You are in the team. The coordinator will give you a seat."))
    return redirect(url_for("cohorts.show_cohort", cohort_id=cohort_id), 303)


def _invite_page(cohort: Cohort, form: MailInvitationForm) -> Page:
    page = render_template(
        "cohorts/invite.html",
        cohort=cohort,
        form=form,
        open_invitations=invitations.open_invitations(cohort.id, utc_now()),
    )
    return (page, 422) if form.errors else page
