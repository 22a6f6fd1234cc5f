"""`lms preview`: a course folder in the browser, with the checker's findings beside it; reloads on save."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from urllib.parse import quote

from flask import Flask, Response, abort, render_template, send_file
from markupsafe import Markup

from lms.clock import utc_now
from lms.courseware import names
from lms.courseware.check import read_and_check
from lms.courseware.course import Course, Module, Problem, Question
from lms.courseware.folder import load_folder
from lms.courseware.markdown import place_assets, place_links, place_terms
from lms.courseware.questions import question_type
from lms.courseware.questions.type import Summary
from lms.errors import Invalid
from lms.resources import PACKAGE, data_folder

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def state_of(folder: Path) -> str:
    """Changes whenever a file of the course is saved, added or taken away."""
    seen = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            status = path.stat()
            seen.update(f"{path.relative_to(folder)} {status.st_mtime_ns} {status.st_size}\n".encode())
    return seen.hexdigest()[:16]


def read_folder(folder: Path) -> tuple[Course | None, list[Problem]]:
    try:
        files = load_folder(folder)
    except Invalid as refusal:
        return None, [Problem("course.yaml", 1, "X000", refusal.message)]
    return read_and_check(files, folder.resolve().name, today=utc_now().date())


def placed(html: str, language: str) -> Markup:
    """A rendered part with the preview's own addresses; it was made safe when it was read."""
    html = place_assets(html, lambda path: f"/files/{quote(path)}")
    html = place_links(html, lambda module_id: f"/{language}/{module_id}")
    return Markup(place_terms(html, lambda text_language: f"/{text_language}/glossary"))  # noqa: S704


def right_answer(question: Question) -> Summary:
    return question_type(question.type).summarize(question, None)


def named(code: str) -> str:
    """A discipline, a role or a kind of module in words, as the site says it; English, as the preview is."""
    return names.MODULE_KINDS.get(code) or names.step_role_name(code, str)


def make_preview(folder: Path) -> Flask:
    """The small application that shows one folder; it writes nothing and needs no database."""
    app = Flask("lms.preview", template_folder=str(data_folder("templates") / "preview"), static_folder=None)
    app.jinja_env.globals.update(placed=placed, right_answer=right_answer)
    app.jinja_env.filters["named"] = named

    @app.after_request
    def add_policy(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    def course_page(language: str | None = None) -> str:
        course, problems = read_folder(folder)
        return render_template(
            "course.html",
            course=course,
            language=language or (course.default_language if course else ""),
            problems=problems,
            state=state_of(folder),
            name=folder.resolve().name,
        )

    @app.get("/")
    def show_course() -> str:
        return course_page()

    @app.get("/<language>")
    def show_course_text(language: str) -> str:
        return course_page(language)

    @app.get("/<language>/glossary")
    def show_glossary(language: str) -> str:
        course, problems = read_folder(folder)
        if course is None:
            return course_page(language)
        return render_template(
            "glossary.html", course=course, language=language, problems=problems, state=state_of(folder)
        )

    @app.get("/<language>/<module_id>")
    def show_module(language: str, module_id: str) -> str:
        course, problems = read_folder(folder)
        module: Module | None = course.module(module_id, language) if course else None
        if course is None or module is None:
            return course_page(language)
        own = [problem for problem in problems if problem.path == module.path]
        return render_template(
            "module.html", course=course, module=module, language=language, problems=own, state=state_of(folder)
        )

    @app.get("/state")
    def show_state() -> Response:
        return Response(state_of(folder), content_type="text/plain")

    @app.get("/files/<path:path>")
    def show_file(path: str) -> Response:
        wanted = (folder / path).resolve()
        if not wanted.is_relative_to(folder.resolve()) or not wanted.is_file() or wanted.suffix == ".html":
            abort(404)
        answer = send_file(wanted)
        if wanted.suffix == ".svg":  # shown as a picture it runs nothing; opened by itself it must not either
            answer.headers["Content-Security-Policy"] = DRAWING_POLICY
        return answer

    @app.get("/static/<name>")
    def show_static(name: str) -> Response:
        wanted = PACKAGE / "static" / name
        if "/" in name or not wanted.is_file():
            abort(404)
        return send_file(wanted)

    return app


def preview(folder: Path, port: int) -> None:
    """Serve until Ctrl-C, on the loopback address only."""
    # Werkzeug's warning that this is no server for production says nothing to an author who looks at a page.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    make_preview(folder).run("127.0.0.1", port, debug=False, use_reloader=False, threaded=True)
