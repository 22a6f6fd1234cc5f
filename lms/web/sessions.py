"""Sessions: signed-in ones live in the database (the cookie holds only a token), strangers' in a signed cookie."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response
from flask import request as current_request
from flask.globals import request_ctx
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import CallbackDict

from lms.access import Viewer, asks_second_factor, held_back, sight_of
from lms.clock import local_day, utc_now
from lms.database import db, run_transaction
from lms.people import signins
from lms.settings import Settings
from lms.wall.sight import SYSTEM, see
from lms.web.hosting import HOST_PREFIX, host_viewer, is_hosted

STRANGER_SECONDS = 24 * 3600
"""A stranger's cookie (form token, language) is believed for so long."""

WITHOUT_DATABASE = {"operations.show_health", "operations.show_readiness"}
"""Endpoints that answer in their own way whatever the database does."""


class LmsSessionData(CallbackDict[str, Any], SessionMixin):
    """What the web keeps between requests. `token` is set once somebody is signed in. `trouble` is why it is not known
    who asks: then it stands for this one request, as a stranger's, and the cookie stays as it is."""

    def __init__(self, initial: dict[str, Any], token: str | None = None, viewer: Viewer | None = None) -> None:
        def on_update(mapping: Any) -> None:
            self.modified = True

        super().__init__(initial, on_update)
        self.modified = False
        self.token = token
        self.viewer = viewer
        self.is_ended = False
        self.is_fresh = False
        self.trouble: SQLAlchemyError | None = None

    def begin(self, token: str, data: dict[str, Any]) -> None:
        """From here on this is the signed-in session of `token`, in which the database keeps `data` already."""
        self.clear()
        self.update(data)
        self.token, self.is_fresh, self.modified = token, True, False

    def renew(self, token: str) -> None:
        """From here on the same session goes by another token; the one before counts no more."""
        self.token, self.is_fresh = token, True

    def end(self) -> None:
        """From here on this is a stranger's session, empty."""
        self.clear()
        self.token, self.viewer, self.is_fresh, self.modified = None, None, False, True


def install(app: Flask, settings: Settings) -> None:
    """Our sessions; where the database did not say whose one is, the request ends with that before anything else."""
    app.session_interface = DatabaseSessions(settings)

    @app.before_request
    def raise_trouble() -> None:
        found = request_ctx.session
        trouble = found.trouble if isinstance(found, LmsSessionData) else None
        if trouble is not None and current_request.endpoint not in WITHOUT_DATABASE:
            raise trouble


def in_force(viewer: Viewer, settings: Settings) -> Viewer:
    """The viewer as they count: without their roles where one of them asks for a second factor that was not shown."""
    if settings.require_second_factor and not viewer.is_two_factor and asks_second_factor(viewer):
        return held_back(viewer)
    return viewer


class DatabaseSessions(SessionInterface):
    """Reads the session and the viewer in one query; writes only what changed, in a short transaction of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._signer = URLSafeTimedSerializer(settings.secret_key, salt="lms-stranger")
        self.is_secure = settings.is_https

    def _place(self, environ: dict[str, Any]) -> tuple[str, str, bool]:
        """Name, path and secrecy of the cookie: below a host it lives under the prefix only, with a name of its own."""
        if is_hosted(environ):
            return "lms_plugin", environ[HOST_PREFIX], environ.get("wsgi.url_scheme") == "https"
        return ("__Host-lms" if self.is_secure else "lms"), "/", self.is_secure

    def open_session(self, app: Flask, request: Request) -> LmsSessionData:
        """Who asks is found out with everything in sight; from then on the request sees what they may."""
        viewer = None
        see(SYSTEM)
        try:
            found = self._find(request)
            viewer = found.viewer
            return found
        except SQLAlchemyError as error:  # there is no page for an error without a session: `raise_trouble` tells of it
            found = LmsSessionData({})
            found.trouble = error
            return found
        finally:
            see(sight_of(viewer))

    def _find(self, request: Request) -> LmsSessionData:
        if is_hosted(request.environ):
            return self._open_hosted(request)
        value = request.cookies.get(self._place(request.environ)[0], "")
        kind, _, body = value.partition(".")
        if kind == "s" and body:
            today = local_day(utc_now(), self._settings.time_zone)
            found = signins.find_session(body, idle_minutes=self._settings.session_idle_minutes, today=today)
            if found is not None:
                return LmsSessionData(found.data, token=body, viewer=in_force(found.viewer, self._settings))
        if kind == "a" and body:
            try:
                return LmsSessionData(dict(self._signer.loads(body, max_age=STRANGER_SECONDS)))
            except (BadSignature, ValueError, TypeError):
                pass
        return LmsSessionData({})

    def _open_hosted(self, request: Request) -> LmsSessionData:
        """Below a host: the host says who it is; the signed cookie keeps only the form token and the language, and
        counts only for the person it was made for."""
        viewer = host_viewer(request.environ, self._settings)
        kind, _, body = request.cookies.get(self._place(request.environ)[0], "").partition(".")
        data: dict[str, Any] = {}
        if kind == "a" and body:
            try:
                data = dict(self._signer.loads(body, max_age=STRANGER_SECONDS))
            except (BadSignature, ValueError, TypeError):
                data = {}
        owner = viewer.id if viewer else None
        if data.get("_host_user") != owner:
            data = {"_host_user": owner}
        return LmsSessionData(data, viewer=viewer)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, LmsSessionData) or session.trouble is not None:
            return
        if session.accessed:
            response.vary.add("Cookie")
        if session.is_ended:
            name, path, is_secure = self._place(current_request.environ)
            response.delete_cookie(name, path=path, secure=is_secure, httponly=True, samesite="Lax")
        elif session.token is not None and not is_hosted(current_request.environ):
            self._save_signed_in(session, response)
        elif session.modified:
            self._set(response, f"a.{self._signer.dumps(dict(session))}", STRANGER_SECONDS)

    def _save_signed_in(self, session: LmsSessionData, response: Response) -> None:
        token, viewer = session.token, session.viewer
        assert token is not None
        if session.modified:
            data = dict(session)
            db.session.rollback()
            run_transaction(lambda: signins.keep_session_data(token, data))
        if session.modified or session.is_fresh:
            self._set(response, f"s.{token}", self._settings.session_hours * 3600)
        elif viewer is not None and signins.is_worth_noting(viewer):
            db.session.rollback()
            run_transaction(lambda: signins.note_seen(token))

    def _set(self, response: Response, value: str, seconds: int) -> None:
        name, path, is_secure = self._place(current_request.environ)
        response.set_cookie(name, value, max_age=seconds, path=path, secure=is_secure, httponly=True, samesite="Lax")
