"""Pages that belong to nobody: landing, help, accessibility, privacy, quick exit and the switch of language."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session
from werkzeug.wrappers import Response

from lms.web.guards import language, maybe_viewer, public, settings
from lms.web.help import help_lines_in
from lms.web.language import keep_entries
from lms.web.navigation import href_of, nav_home
from lms.web.signing_in import safe_next

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
@public
def show_landing() -> str | Response:
    """What this is and where to begin; who is signed in goes on to their own home."""
    viewer = maybe_viewer()
    if viewer is not None and href_of("/home") is not None:
        return redirect(nav_home(viewer), code=303)
    return render_template("pages/landing.html", href_of=href_of)


@blueprint.get("/help")
@public
def show_help() -> str:
    return render_template("pages/help.html", lines=help_lines_in(language()), href_of=href_of)


@blueprint.get("/accessibility")
@public
def show_accessibility() -> str:
    return render_template("pages/accessibility.html", settings=settings())


@blueprint.get("/exit")
@public
def leave() -> Response:
    """Quick exit for whoever typed or kept the address: to the neutral page at once."""
    return redirect(settings().exit_url, code=303)


@blueprint.post("/language")
@public
def switch_language() -> Response:
    """Remember the language and go back to the page, taking along what its form carried."""
    chosen = request.values.get("lang", "")
    to = safe_next(request.args.get("to"), f"{request.script_root}/")
    if chosen in settings().language_list:
        session["language"] = chosen
    keep_entries(to.partition("?")[0].removeprefix(request.script_root))
    return redirect(to, code=303)
