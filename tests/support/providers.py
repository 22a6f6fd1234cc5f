"""Real identity providers of npm as processes of their own, a site behind a socket, and a browser that only follows."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from lms.app import create_app
from lms.database import db
from tests.support import node
from tests.support.world import World

SECRET = "a client secret of the tests & co"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def node_server(script: str, question: Mapping[str, Any]) -> Iterator[str]:
    """A script of tests/node that serves; its address, once it says that it listens. Skips the test without Node."""
    reason = node.missing()
    if reason is not None:
        pytest.skip(reason)
    process = subprocess.Popen(
        ["node", script, json.dumps(question)],
        cwd=node.FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, f"{script} did not start"
        yield address
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@dataclass
class Site:
    """The application behind a real socket, at the address that it says is its own."""

    app: Flask
    address: str
    world: World


@contextmanager
def served(database_url: str, folder: Path, **more: Any) -> Iterator[Site]:
    """The application over an existing database."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    app = create_app(
        {
            "database_url": database_url,
            "instance_path": str(folder),
            "secret_key": "a secret for tests only, 32 characters or more",
            "site_url": address,
            "sign_in_limit_per_address": "1000 per minute",
            **more,
        }
    )
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Site(app, address, World(app))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@dataclass
class Visit:
    """A browser without scripts: follows links, sends the forms that it is shown, keeps cookies by host and port."""

    jars: dict[str, requests.Session] = field(default_factory=dict)
    page: requests.Response | None = None
    stops_at: str = ""
    """An address that is not followed when somebody sends the browser there; then it is in `stopped_at`."""
    stopped_at: str = ""

    def get(self, address: str) -> str:
        return self._follow(self._session(address).get(address, allow_redirects=False))

    def send(self, values: Mapping[str, str] | None = None, *, form: int = 0, button: str = "") -> str:
        """Send a form of the present page, by its number, or the first one whose HTML holds `button`."""
        forms = [one for one in re.findall(r"<form.*?</form>", self.text, re.S) if button in one]
        chosen = forms[form]
        action = unescape((re.search(r'action="([^"]*)"', chosen) or ["", ""])[1])
        target = urljoin(self.address, action)
        entries = dict(_inputs(chosen)) | dict(values or {})
        return self._follow(self._session(target).post(target, data=entries, allow_redirects=False))

    def close(self) -> None:
        for one in self.jars.values():
            one.close()

    @property
    def text(self) -> str:
        assert self.page is not None
        return self.page.text

    @property
    def address(self) -> str:
        assert self.page is not None
        return str(self.page.url)

    @property
    def status(self) -> int:
        assert self.page is not None
        return self.page.status_code

    def _session(self, address: str) -> requests.Session:
        place = urlsplit(address).netloc
        if place not in self.jars:
            self.jars[place] = requests.Session()
            self.jars[place].trust_env = False
        return self.jars[place]

    def _follow(self, answer: requests.Response) -> str:
        for _ in range(20):
            target = answer.headers.get("Location") or answer.headers.get("Refresh", "").partition("url=")[2]
            if not target:
                break
            self.page = answer
            address = urljoin(str(answer.url), target)
            if self.stops_at and address.startswith(self.stops_at):
                self.stopped_at = address
                break
            answer = self._session(address).get(address, allow_redirects=False)
        self.page = answer
        return answer.text


def _inputs(form: str) -> Iterator[tuple[str, str]]:
    for tag in re.findall(r"<(?:input|button|select|textarea)[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and not re.search(r'type="(?:radio|checkbox)"', tag) and not tag.startswith("<button"):
            yield unescape(name[1]), unescape(value[1]) if value else ""


def changed(address: str, **values: str) -> str:
    """An address with other values in its query."""
    parts = urlsplit(address)
    return parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **values})).geturl()


@contextmanager
def visiting() -> Iterator[Visit]:
    """A browser of nobody's, closed at the end."""
    visit = Visit()
    try:
        yield visit
    finally:
        visit.close()
