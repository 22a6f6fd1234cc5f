"""Static files: made smaller, named by their content, kept by browsers for a year, compressed once, held in memory."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import brotli
from flask import Flask, has_request_context, request

from lms.web.packing import best_encoding
from lms.web.smaller import smaller_css, smaller_script

FOLDER = Path(__file__).resolve().parents[1] / "static"
PREFIX = "/static/"
YEAR_SECONDS = 365 * 24 * 3600
REFERENCE = re.compile(rb"url\((?P<name>[\w./-]+)\)")
COMPRESSED_KINDS = ("text/", "image/svg+xml", "application/json", "application/javascript")
TYPES = {".woff2": "font/woff2", ".js": "text/javascript", ".svg": "image/svg+xml", ".css": "text/css"}

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass
class StaticFile:
    """One file with its ready-made variants; `hashed_name` changes whenever the content does."""

    name: str
    body: bytes
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        self.hash = hashlib.sha256(self.body).hexdigest()[:12]

    @property
    def hashed_name(self) -> str:
        stem, dot, ending = self.name.rpartition(".")
        return f"{stem}.{self.hash}{dot}{ending}"

    @cached_property
    def content_type(self) -> str:
        kind = TYPES.get(Path(self.name).suffix) or mimetypes.guess_type(self.name)[0] or "application/octet-stream"
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

    @cached_property
    def is_compressed(self) -> bool:
        return self.content_type.startswith(COMPRESSED_KINDS)

    @cached_property
    def brotli(self) -> bytes:
        return bytes(brotli.compress(self.body, quality=11))

    @cached_property
    def gzip(self) -> bytes:
        return gzip.compress(self.body, compresslevel=9, mtime=0)

    def variant(self, accepted: str) -> tuple[str, bytes]:
        """The encoding ("br", "gzip" or "") that a browser takes, and the bytes."""
        encoding = best_encoding(accepted) if self.is_compressed else ""
        return encoding, {"br": self.brotli, "gzip": self.gzip}[encoding] if encoding else self.body


def read_static(folder: Path = FOLDER) -> dict[str, StaticFile]:
    """Every file of the folder by its plain name. Stylesheets come last, since they name the others by hash."""
    paths = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.suffix == ".css")
    found: dict[str, StaticFile] = {}
    for path in paths:
        name = path.relative_to(folder).as_posix()
        body = path.read_bytes()
        if path.suffix == ".css":
            body = REFERENCE.sub(lambda match: _hashed_reference(match, found), smaller_css(body.decode()).encode())
        if path.suffix == ".js":
            body = smaller_script(body.decode()).encode()
        found[name] = StaticFile(name, body)
    return found


def _hashed_reference(match: re.Match[bytes], found: dict[str, StaticFile]) -> bytes:
    named = found.get(match["name"].decode())
    return b"url(" + named.hashed_name.encode() + b")" if named else match[0]


class StaticFiles:
    """WSGI layer in front of the app: a static file costs neither a session nor a query."""

    def __init__(self, app: WsgiApp, files: dict[str, StaticFile]) -> None:
        self._app = app
        self._by_path = {PREFIX + one.name: (one, False) for one in files.values()}
        self._by_path |= {PREFIX + one.hashed_name: (one, True) for one in files.values()}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        found = self._by_path.get(path) if path.startswith(PREFIX) else None
        if found is None or environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return self._app(environ, start_response)
        return self._answer(*found, environ, start_response)

    def _answer(
        self, one: StaticFile, is_hashed: bool, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        encoding, body = one.variant(environ.get("HTTP_ACCEPT_ENCODING", ""))
        etag = f'"{one.hash}{"-" + encoding if encoding else ""}"'
        headers = [
            ("Content-Type", one.content_type),
            ("Cache-Control", f"public, max-age={YEAR_SECONDS}, immutable" if is_hashed else "public, no-cache"),
            ("ETag", etag),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ]
        if one.is_compressed:
            headers.append(("Vary", "Accept-Encoding"))
        known = [part.strip().removeprefix("W/") for part in environ.get("HTTP_IF_NONE_MATCH", "").split(",")]
        if etag in known or "*" in known:
            start_response("304 Not Modified", headers)
            return []
        if encoding:
            headers.append(("Content-Encoding", encoding))
        headers.append(("Content-Length", str(len(body))))
        start_response("200 OK", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def install(app: Flask) -> None:
    """Serve `lms/static` under /static/, and give templates `static_url`."""
    files = read_static()

    @app.template_global()
    def static_url(name: str) -> str:
        """The address of a static file, with its content hash. Raises KeyError where there is no such file."""
        root = request.script_root if has_request_context() else ""
        return f"{root}{PREFIX}{files[name].hashed_name}"

    app.extensions["lms-static"] = files
    app.wsgi_app = StaticFiles(app.wsgi_app, files)  # type: ignore[method-assign]
