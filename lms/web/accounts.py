"""Pages of one's own account: sign in and out, profile, and the sign-ins that are open."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.database import db
from lms.demo import DEMO_PASSWORD, DEMO_PEOPLE
from lms.errors import Busy, Invalid
from lms.people import accounts, passwords, second_factors, signins
from lms.people.models import User, UserSession
from lms.web.arriving import arrive, home
from lms.web.forms.accounts import ProfileForm, SignInForm, fill_sign_in
from lms.web.forms.refusals import add_problem
from lms.web.guards import act, flash_done, fresh, maybe_viewer, public, settings, signed_in, viewer
from lms.web.hosting import is_hosted
from lms.web.limits import by_account, limiter, sign_in_limit, sign_in_limit_per_address, was_refused
from lms.web.second_step import ask_second_step, must_use_text, sign_in_page
from lms.web.signing_in import begin_half, demo_is_allowed, must_use, refuse_below_host, safe_next, try_sign_in
from lms.web.signing_in import sign_in as begin_sign_in
from lms.web.signing_in import sign_out as end_sign_in

blueprint = Blueprint("accounts", __name__)

Page = str | tuple[str, int] | Response

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"))
MORE_SYSTEMS = (("Macintosh", "macOS"), ("Linux", "Linux"))
"""The first that occurs in what a browser says of itself; good enough to tell one's own devices apart."""


@blueprint.app_template_filter()
def browser_name(agent: str) -> str:
    """`Firefox, Windows` out of a user agent."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in (*SYSTEMS, *MORE_SYSTEMS) if mark in agent), "")
    return ", ".join(part for part in (browser, system) if part) or str(_("Another program"))


@blueprint.record
def prepare(state: BlueprintSetupState) -> None:
    """Give the app its sign-in form, and fit the room for hashing to the threads of this server."""
    runtime = state.app.extensions["lms"]
    runtime.sign_in_page = lambda kept: sign_in_page(fill_sign_in(kept=kept))
    passwords.ROOM.resize(runtime.settings.web_threads)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
@limiter.limit(sign_in_limit_per_address, methods=["POST"], deduct_when=was_refused)
@limiter.limit(sign_in_limit, key_func=by_account, methods=["POST"], deduct_when=was_refused)
def sign_in() -> Page:
    """E-mail and password; then where the person wanted to go, or what they had entered, ready to send again."""
    if is_hosted(request.environ):
        if maybe_viewer() is not None:
            return redirect(home(), code=303)
        return render_template("accounts/hosted.html"), 401
    form = SignInForm()
    if request.method in ("GET", "HEAD"):
        if maybe_viewer() is not None:
            return redirect(safe_next(request.args.get("next"), home()), code=303)
        form = fill_sign_in(next=request.args.get("next", ""))
        return shown_sign_in(form, 200)
    if "lang" in request.args:  # the language switch: what was entered goes on, nothing is tried
        return shown_sign_in(form, 200)
    if not form.validate_on_submit():
        return shown_sign_in(form, 422)
    try:
        user_id = try_sign_in(form.email.data, form.password.data)
    except Busy as error:
        form.form_errors.append(_(error.message))
        return shown_sign_in(form, 503)
    if user_id is None:
        form.email.errors = [_("This e-mail address and this password do not belong together.")]
        return shown_sign_in(form, 422)
    required = must_use(user_id)
    if required is not None:
        form.email.errors = [must_use_text(required)]
        return shown_sign_in(form, 403)
    if second_factors.factors_of(user_id):
        begin_half(user_id)
        return ask_second_step(user_id, form.next.data or "", form.kept.data or "")
    begin_sign_in(user_id)
    return arrive(form.next.data, form.kept.data)


def shown_sign_in(form: SignInForm, status: int) -> tuple[str, int]:
    demo = {"demo_people": DEMO_PEOPLE, "demo_password": DEMO_PASSWORD} if demo_is_allowed() else {}
    return sign_in_page(form, **demo), status


@blueprint.get("/sign-out")
@public
def confirm_sign_out() -> Page:
    """For links that lead here: signing out changes something, so it needs a button."""
    refuse_below_host()
    if maybe_viewer() is None:
        return redirect(f"{request.script_root}/", code=303)
    return render_template(
        "confirm.html",
        title=_("Sign out?"),
        text=_("What you saved stays. You can sign in again at any time."),
        action=url_for("accounts.sign_out"),
        submit_text=_("Sign out"),
        cancel_href=home(),
        danger=False,
    )


@blueprint.post("/sign-out")
@public
def sign_out() -> Response:
    """End the session here and in the database."""
    refuse_below_host()
    end_sign_in()
    flash_done(_("You are signed out."))
    answer = redirect(f"{request.script_root}/", code=303)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@blueprint.route("/account", methods=["GET", "POST"])
@signed_in
def show_account() -> Page:
    """Name, name on certificates, language; the sign-ins that are open."""
    person = viewer()
    user = db.session.get_one(User, person.id)
    form = ProfileForm(settings().language_list, obj=user)
    if is_hosted(request.environ):
        del form.name
    if form.validate_on_submit():
        name = form.name.data if form.name else user.name
        certificate_name, language = form.certificate_name.data or "", form.language.data
        early = bool(form.wants_early_reminders.data)
        try:
            act(
                lambda: accounts.change_profile(
                    person.id,
                    name=name,
                    certificate_name=certificate_name,
                    language=language,
                    wants_early_reminders=early,
                )
            )
        except Invalid as error:
            add_problem(form, error)
        else:
            use_language(language)
            flash_done(_("Your account is changed."))
            return redirect(url_for("accounts.show_account"), code=303)
    sessions = [] if is_hosted(request.environ) else open_sessions()
    factors = second_factors.factors_of(person.id)
    page = render_template("accounts/account.html", form=form, user=user, sessions=sessions, factors=factors)
    return (page, 422) if form.errors else page


def use_language(language: str) -> None:
    """Show the site in the language just chosen, whatever the switch said before."""
    if session.get("language") != language:
        session["language"] = language


def open_sessions() -> list[UserSession]:
    return signins.list_sessions(viewer().id, idle_minutes=settings().session_idle_minutes)


@blueprint.post("/account/sessions/<int:session_id>/end")
@signed_in
@fresh
def end_session(session_id: int) -> Response:
    """End one of one's own sign-ins; another person's id changes nothing and says the same."""
    refuse_below_host()
    person = viewer()
    if session_id == person.session_id:
        return sign_out()
    act(lambda: accounts.end_own_sign_in(person.id, session_id))
    flash_done(_("That sign-in has ended."))
    return redirect(url_for("accounts.show_account"), code=303)


@blueprint.post("/account/sessions/end-others")
@signed_in
@fresh
def end_other_sessions() -> Response:
    """End every sign-in but this one."""
    refuse_below_host()
    person = viewer()
    act(lambda: accounts.end_other_sign_ins(person.id, but=person.session_id))
    flash_done(_("You are signed out everywhere else."))
    return redirect(url_for("accounts.show_account"), code=303)
