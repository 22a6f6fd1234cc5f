"""Terms of use and privacy notice: to read for anybody, and accepted before anything else when a version is new."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, session, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from lms.clock import utc_now
from lms.errors import N_, NotFound
from lms.people import policies
from lms.people.policies import InForce
from lms.settings import Settings
from lms.web.forms.people import AcceptForm
from lms.web.guards import (
    act,
    before_factor,
    flash_done,
    language,
    maybe_viewer,
    policy_of,
    public,
    settings,
    signed_in,
    viewer,
)
from lms.web.hosting import is_hosted
from lms.web.signing_in import safe_next

blueprint = Blueprint("policies", __name__)

Page = str | tuple[str, int] | Response

SEEN = "policies"
"""What a session notes: the versions that its person is known to have accepted. Asked for once a session."""

ALWAYS_OPEN = ("policies.accept", "accounts.sign_out", "accounts.confirm_sign_out")


def present() -> InForce:
    return policies.in_force(settings().policies)


@blueprint.get("/privacy")
@public
def show_privacy() -> str:
    """The privacy notice, at the address of the footer."""
    return show_policy("privacy")


@blueprint.get("/terms")
@public
def show_terms() -> str:
    """The terms of use, at the address of the footer."""
    return show_policy("terms")


@blueprint.get("/policies/<name>")
@public
def show_policy(name: str) -> str:
    """One policy, in the language of the page."""
    policy = present().find(name, language())
    if policy is None:
        raise NotFound(N_("There is nothing at this address."))
    return render_template("policies/policy.html", policy=policy, settings=settings())


@blueprint.route("/policies/accept", methods=["GET", "POST"])
@signed_in
@before_factor
def accept() -> Page:
    """What is new in force, in full, with one button; then on to where one was going."""
    person, found = viewer(), present()
    to = safe_next(request.args.get("next"), f"{request.script_root}/home")
    names = policies.to_accept(person.id, found)
    if not names:
        session[SEEN] = found.stamp
        return redirect(to, code=303)
    form = AcceptForm()
    if form.validate_on_submit():
        shown = {name: request.form.get(f"text-{name}", "") for name in names}
        chosen = language()
        act(lambda: policies.accept(person.id, shown, found, chosen, utc_now()))
        session[SEEN] = found.stamp
        flash_done(
            ngettext(
                "Thank you. You can read it again at any time, at the foot of each page.",
                "Thank you. You can read them again at any time, at the foot of each page.",
                len(names),
            )
        )
        return redirect(to, code=303)
    texts = [found.find(name, language()) for name in names]
    is_first = not policies.accepted_texts(person.id)
    page = render_template("policies/accept.html", form=form, texts=texts, is_first=is_first)
    return (page, 422) if form.errors else page


def install(app: Flask, chosen: Settings) -> None:
    """Before anything else of somebody who is signed in: the versions in force. Asks the database once a session.

    Whoever is in the middle of something when a new version comes finishes what they send: no answer is lost to it.
    Below a host application, its own terms count.
    """
    policies.in_force(chosen.policies)  # what cannot be read is said at the start

    @app.before_request
    def ask_first() -> Response | None:
        person = maybe_viewer()
        if person is None or is_hosted(request.environ) or request.endpoint in (None, *ALWAYS_OPEN):
            return None
        if policy_of(app.view_functions.get(request.endpoint or "")) in ("public", None):
            return None
        found, seen = present(), session.get(SEEN)
        if seen == found.stamp or (seen is not None and request.method not in ("GET", "HEAD")):
            return None
        if not policies.to_accept(person.id, found):
            session[SEEN] = found.stamp
            return None
        to = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else None
        return redirect(url_for("policies.accept", next=to), code=303)
