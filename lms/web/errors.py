"""The only place that turns an error into a page, and a stranger's request into a sign-in."""

from __future__ import annotations

import logging
import math
import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response

from lms.access import Permission, Viewer, require
from lms.database import db
from lms.errors import Busy, LmsError, Overtaken
from lms.people.names import is_readable
from lms.web.guards import maybe_viewer, policy_of
from lms.web.kept import entries_to_keep, is_from_elsewhere, seal_entries, this_address
from lms.web.limits import seconds_to_wait
from lms.web.texts import said_by

log = logging.getLogger("lms.web")

STEPS_OF = {"people_import": ("people_import.show_import", "import_id")}
"""Where something stands that goes through several pages: an old one of them leads there."""

Page = tuple[str | Response, int] | tuple[str | Response, int, dict[str, str]] | Response


def wants_json() -> bool:
    """Whether the caller is a script: it gets the same facts as a small JSON object."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.is_json or request.path.endswith(".json") or best == "application/json"


def page(status: int, title: str, text: str, **values: Any) -> Page:
    """An error page (or its JSON): what happened, what is safe, what to do."""
    if wants_json():
        return jsonify(status=status, title=title, detail=text), status
    return render_template("errors/error.html", status=status, title=title, text=text, **values), status


def refuse_unless(policy: object, viewer: Viewer | None) -> Response | None:
    """None where the viewer may go on; a redirect to sign-in for strangers. Raises NotAllowed."""
    if viewer is None:
        return send_to_sign_in()
    if policy == "signed-in":
        return None
    if isinstance(policy, Permission):
        require(viewer, policy)
        return None
    raise PermissionError(f"the view {request.endpoint} has no policy")


def wait_in_words() -> str:
    """After a limit refused: in how many minutes it lets in again. The store has rounded up to a whole second."""
    minutes = max(1, math.ceil((seconds_to_wait() - 1) / 60))
    return str(ngettext("Try again in %(num)s minute.", "Try again in %(num)s minutes.", minutes))


def most_in_words() -> str:
    """How many bytes an address takes, after a request that has more. Else what is too much are its fields."""
    most = request.max_content_length
    if most is None or (request.content_length or 0) <= most:
        return ""
    return " " + str(_("At most %(most)s MB are taken.", most=most // 1_000_000))


def page_of_the_form() -> str | None:
    """Where a form that was too large can be filled in once more: its own address where that shows it, else the page of
    this site that it was sent from, as far as the browser says."""
    rule = request.url_rule
    if rule is not None and "GET" in (rule.methods or ()):
        return this_address()
    sender = urlsplit(request.referrer or "")
    return sender.path if sender.netloc == request.host and sender.path.startswith("/") else None


def page_before() -> str | None:
    """Where somebody came from who cannot do something now, as far as the browser says; never this page itself, which
    would only say so again."""
    place = request.view_args or {}
    if request.blueprint in STEPS_OF and request.endpoint != STEPS_OF[request.blueprint][0]:
        endpoint, name = STEPS_OF[request.blueprint]
        return url_for(endpoint, **{name: place[name]}) if name in place else None
    sender = urlsplit(request.referrer or "")
    if sender.netloc != request.host or not sender.path.startswith("/") or sender.path.startswith("//"):
        return None
    if request.method in ("GET", "HEAD") and sender.path == request.path:
        return None
    return sender.path + (f"?{sender.query}" if sender.query else "")


def send_to_sign_in() -> Response:
    """GET: to the sign-in page and back again. POST: the sign-in page, carrying what was entered."""
    if wants_json():
        response = jsonify(status=401, title=_("Please sign in"), detail=_("Your sign-in has ended."))
        response.status_code = 401
        return response
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), code=303)
    return current_app.make_response((current_app.extensions["lms"].sign_in_page(kept=seal_entries()), 401))


def ask_to_resend(text: str) -> Response:
    """503: what was entered comes back with a button that sends it again."""
    if wants_json() or request.method in ("GET", "HEAD"):
        answer = current_app.make_response(page(503, _("Please try again in a moment"), text))
    else:
        body = render_template(
            "errors/resend.html", entries=entries_to_keep(), action=this_address(), is_busy=True, text=text
        )
        answer = current_app.make_response((body, 503))
    answer.headers["Retry-After"] = "5"
    return answer


def note_refusal(why: int | str) -> None:
    """Log who was refused where: unreadable or too large, too many tries, a stale token, not theirs. No entries."""
    viewer = maybe_viewer()
    log.info("refused with %s: %s for person %s", why, request.endpoint, viewer.id if viewer else "-")


def install(app: Flask) -> None:
    """Register the pages for our own errors, for HTTP's, for the database's and for bugs."""

    @app.errorhandler(LmsError)
    def on_lms_error(error: LmsError) -> Page:
        if isinstance(error, Busy):
            return ask_to_resend(said_by(error))
        if error.status in (403, 404):
            note_refusal(error.status)
        titles = {
            403: _("You may not do this"),
            404: _("Not found"),
            409: _("Something has changed") if isinstance(error, Overtaken) else _("This is not possible now"),
            422: _("Please check what you entered"),
        }
        back = page_before() if error.status == 409 else None
        return page(error.status, titles.get(error.status, _("That did not work")), said_by(error), back=back)

    @app.errorhandler(CSRFError)
    def on_old_token(error: CSRFError) -> Page:
        note_refusal("form token")
        if wants_json():
            return page(400, _("This page is too old"), _("Load the page again. Nothing was lost."))
        if is_from_elsewhere():
            title = _("This was sent from another site")
            return page(
                400, title, _("Nothing was changed. If you meant to do this, open the page here and begin again.")
            )
        if maybe_viewer() is None and policy_of(app.view_functions.get(request.endpoint or "")) != "public":
            return send_to_sign_in()
        return render_template("errors/resend.html", entries=entries_to_keep(), action=this_address()), 400

    @app.errorhandler(HTTPException)
    def on_http_error(error: HTTPException) -> Page | HTTPException:
        status = error.code or 500
        if status < 400:
            return error
        note_refusal(status)
        titles = {
            400: _("This request cannot be read"),
            404: _("Not found"),
            405: _("This cannot be done here"),
            413: _("This is too large"),
            429: _("Too many tries"),
        }
        texts = {
            404: _("There is nothing at this address."),
            413: _("What you sent is larger than this page takes. Nothing was saved.") + most_in_words(),
            429: _("Nothing was lost.") + " " + wait_in_words(),
        }
        title = titles.get(status, _("That did not work"))
        answer = current_app.make_response(
            page(
                status,
                title,
                texts.get(status, _("Nothing was changed. Go back and try again.")),
                is_sign_in=status == 429 and request.endpoint == "accounts.sign_in",
                back=page_of_the_form() if status == 413 else None,
            )
        )
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        if status == 429:
            answer.headers["Retry-After"] = str(seconds_to_wait())
        return answer

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeout)
    def on_database_trouble(error: Exception) -> Page:
        said = str(getattr(error, "orig", "")).strip().splitlines()
        log.error(
            "database trouble: %s: %s", type(error).__name__, said[0] if said else "no connection was free in time"
        )
        db.session.remove()
        return ask_to_resend(_("The system is very busy. Nothing was lost: wait a moment and send this again."))

    @app.errorhandler(Exception)
    def on_bug(error: Exception) -> Page:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return on_database_trouble(error)
        reference = secrets.token_hex(4)
        log.exception("unexpected error %s on %s %s", reference, request.method, request.endpoint)
        db.session.remove()
        try:
            return page(500, _("Something went wrong on our side"), _("What you saved is safe."), reference=reference)
        except Exception:  # the layout itself is what fails: say it without one
            log.exception("the page for error %s could not be drawn", reference)
            return f"Something went wrong on our side. What you saved is safe. Reference: {reference}", 500

    @app.before_request
    def refuse_unreadable() -> None:
        """A NUL byte or half of a surrogate pair in any entry is refused before a view sees it (fault 43)."""
        texts = [request.path]
        for values in (request.args, request.form):
            for key, given in values.lists():
                texts += [key, *given]
        if not all(is_readable(text) for text in texts):
            raise BadEntry


class BadEntry(HTTPException):
    """An entry that no keyboard makes."""

    code = 400
    description = "unreadable entry"
