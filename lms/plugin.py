"""The LMS as a part of a host's Flask application: an inner app below a prefix, the host's person handed over."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flask import Flask, request
from werkzeug.wrappers import Response

from lms.app import create_app
from lms.people.identities import HostPerson
from lms.settings import read_settings, variable_name
from lms.web.hosting import HOST_PERSON, HOST_PREFIX

__all__ = ["LMS", "HostPerson"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
UserLoader = Callable[[], HostPerson | None]


class LMS:
    """Mounts the LMS below `url_prefix` of a host app. Nothing of the host is shared or replaced: the inner app has
    its own sessions (cookie path is the prefix), templates, static files, languages, and tables that begin `lms_`.

    `user_loader` runs in the host's context on every request and says who is signed in there. `settings` are the LMS's
    own, by field name; the environment (`LMS_…`) gives the rest.
    """

    def __init__(
        self,
        app: Flask | None = None,
        url_prefix: str = "/training",
        user_loader: UserLoader | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.url_prefix = "/" + url_prefix.strip("/")
        self.user_loader = user_loader
        self.settings = settings
        self.inner: Flask | None = None
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Mount on a host app. Raises ValueError for the prefix "/": the host keeps its own pages."""
        if self.url_prefix == "/":
            raise ValueError("The LMS needs a prefix of its own, such as /training.")
        chosen = read_settings(self.settings)
        if "instance_path" not in (self.settings or {}) and variable_name("instance_path") not in os.environ:
            chosen = replace(chosen, instance_path=f"{app.instance_path}/lms")
        self.inner = create_app(chosen)
        name = f"lms{self.url_prefix.replace('/', '_')}"
        for rule in (self.url_prefix, f"{self.url_prefix}/", f"{self.url_prefix}/<path:lms_path>"):
            app.add_url_rule(
                rule,
                endpoint=name,
                view_func=self.answer,
                methods=METHODS,
                strict_slashes=False,
                provide_automatic_options=False,
            )
        app.extensions[name] = self
        self._leave_form_tokens_to_us(app, name)

    def _leave_form_tokens_to_us(self, app: Flask, name: str) -> None:
        """A host's Flask-WTF must not judge our forms: they carry our own token."""
        protection = app.extensions.get("csrf")
        if protection is not None:
            protection.exempt(self.answer)

    def answer(self, lms_path: str = "") -> Response:
        """One request, in the host's context: who is it, then the inner app's own answer."""
        assert self.inner is not None
        environ = dict(request.environ)
        environ["SCRIPT_NAME"] = request.environ.get("SCRIPT_NAME", "") + self.url_prefix
        environ["PATH_INFO"] = request.environ.get("PATH_INFO", "").removeprefix(self.url_prefix) or "/"
        environ[HOST_PREFIX] = environ["SCRIPT_NAME"]
        environ[HOST_PERSON] = self.user_loader() if self.user_loader else None
        for key in ("werkzeug.request", "werkzeug.socket.request"):
            environ.pop(key, None)
        return Response.from_app(self.inner.wsgi_app, environ)
