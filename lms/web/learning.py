"""Home, the module reader, and marking a module as read."""

from __future__ import annotations

import logging
from dataclasses import replace
from hashlib import sha256
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError, TimeoutError
from werkzeug.wrappers import Response

from lms import journey
from lms.access import Viewer
from lms.assessment.earlier import Earlier, earlier_attempts, may_start_at
from lms.catalog import facts as course_facts
from lms.catalog.listing import first_for_everyone
from lms.catalog.versions import course_of, current_versions
from lms.certification.boosters import open_boosters
from lms.clock import utc_now
from lms.cohorts.reach import may_facilitate
from lms.courseware.course import Course, Module
from lms.errors import N_, NotFound
from lms.learning.enrollments import Enrolled, enrollments_of
from lms.learning.progress import (
    Standing,
    booster_opens_on,
    is_unlocked,
    is_worth_noting,
    load_standing,
    missing_prerequisites,
    open_module,
)
from lms.web.build import BUILD
from lms.web.course_outline import booster_rows, module_rows, next_row
from lms.web.exercise_stages import is_exercise
from lms.web.giving import giving_at_form
from lms.web.guards import act, flash_done, language, settings, signed_in, today, viewer
from lms.web.home import home_sections
from lms.web.module_page import render_module
from lms.web.navigation import duty_links

log = logging.getLogger("lms.web")
blueprint = Blueprint("learning", __name__)


@blueprint.get("/learn/<slug>")
@signed_in
def resume_course(slug: str) -> Response:
    """To where one left off."""
    standing = load_standing(viewer().id, slug)
    if not standing.is_enrolled:
        return redirect(url_for("catalog.show_course", slug=slug), code=303)
    rows = module_rows(course_of(standing.version_id, standing.content_hash), standing, language())
    row = next_row(rows, standing)
    if row is None:
        return redirect(url_for("catalog.show_course", slug=slug), code=303)
    return redirect(url_for("learning.show_module", slug=slug, module_id=row.id), code=303)


@blueprint.get("/learn/<slug>/<module_id>")
@signed_in
def show_module(slug: str, module_id: str) -> Response | str:
    """One module. Looking at it is noted in a transaction of its own once the page is made."""
    person = viewer()
    standing = load_standing(person.id, slug)
    course = course_of(standing.version_id, standing.content_hash)
    module = course.module(module_id, language())
    if module is None or course.entry(module_id) is None:
        raise NotFound(N_("There is no such module in this course."))
    if not standing.is_enrolled:
        flash(_("Choose “Start” to begin this course; then its modules open."), "info")
        return redirect(url_for("catalog.show_course", slug=slug), code=303)
    earlier = _earlier(standing, module)
    giving = giving_at_form(person, slug, module_id, earlier.last_id) if module.is_form else None
    if not is_unlocked(course, standing, module_id, utc_now(), settings().time_zone):
        return _show_locked(course, standing, module, giving)
    leads = is_exercise(module) and may_facilitate(person, slug)
    etag = _etag(person, standing, module, earlier, giving, leads=leads)
    if "_flashes" not in session and request.if_none_match.contains_weak(etag):
        return _kept(Response(status=304), etag)
    page = render_module(person, course, standing, module, earlier, giving, leads=leads)
    response = Response(page, mimetype="text/html")
    if is_worth_noting(standing, module_id, utc_now()):
        _note_seen(standing, module_id)
    return _kept(response, etag)


def _earlier(standing: Standing, module: Module) -> Earlier:
    if module.quiz is None or not module.questions or standing.enrollment_id is None:
        return Earlier()
    return earlier_attempts(standing.enrollment_id, module.id)


def _etag(
    person: Viewer,
    standing: Standing,
    module: Module,
    earlier: Earlier,
    giving: dict[str, Any] | None,
    *,
    leads: bool,
) -> str:
    """Everything that the page depends on: the program, the person and their roles, language, version, progress."""
    shown = replace(person, last_seen_at=None)
    progress = [
        (key, m.read_at, m.completed_at) for key, m in sorted(standing.modules.items()) if m.read_at or m.completed_at
    ]
    parts = (
        BUILD,
        shown,
        language(),
        request.query_string,
        standing.content_hash,
        standing.current_number,
        progress,
        standing.completed_at,
        earlier,
        leads,
        giving,
        module.quiz and may_start_at(module.quiz, earlier, utc_now()),
        session.get("csrf_token"),
        today(),
    )
    return sha256(repr(parts).encode()).hexdigest()[:24]


def _kept(response: Response, etag: str) -> Response:
    """A browser may keep the page, and asks each time whether it still holds."""
    response.set_etag(etag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _note_seen(standing: Standing, module_id: str) -> None:
    """That somebody looked is worth less than the page: where it cannot be noted, the page is shown all the same."""
    enrollment_id = standing.enrollment_id
    assert enrollment_id is not None
    try:
        act(lambda: open_module(enrollment_id, module_id, utc_now()))
    except (DBAPIError, TimeoutError) as error:
        log.warning("a look at a module was not noted: %s", type(error).__name__)


def _show_locked(course: Course, standing: Standing, module: Module, giving: dict[str, Any] | None) -> str:
    """Which modules come first, with links to them; of a booster, when it opens."""
    first = [course.module(entry.id, language()) for entry in missing_prerequisites(course, standing, module.id)]
    return render_template(
        "learning/locked.html",
        course_title=course.text(language()).title,
        standing=standing,
        module=module,
        rows=module_rows(course, standing, language()),
        boosters=booster_rows(course, standing, language()),
        opens_on=booster_opens_on(course, standing, module.id, settings().time_zone),
        first=[each for each in first if each is not None],
        giving=giving,
    )


@blueprint.post("/learn/<slug>/<module_id>/complete")
@signed_in
def complete_module(slug: str, module_id: str) -> Response:
    """Mark as read. With its quiz still open one stays on the page; else the next module opens."""
    person, site = viewer(), settings()
    is_complete = act(lambda: journey.complete_module(person, slug, module_id, site))
    here = url_for("learning.show_module", slug=slug, module_id=module_id)
    if not is_complete:
        flash_done(_("Marked as read. The questions below complete this module."))
        return redirect(f"{here}#quiz", code=303)
    flash_done(_("Module completed."))
    standing = load_standing(person.id, slug)
    rows = module_rows(course_of(standing.version_id, standing.content_hash), standing, language())
    row = next_row(rows, standing)
    if row is None:
        return redirect(url_for("catalog.show_course", slug=slug), code=303)
    return redirect(url_for("learning.show_module", slug=slug, module_id=row.id), code=303)


@blueprint.get("/home")
@signed_in
def show_home() -> str:
    """One thing to go on with, what is due, what one holds; then what waits for one's roles."""
    person = viewer()
    courses = enrollments_of(person.id)
    unfinished = [each for each in courses if each.completed_at is None]
    duties = duty_links(person)
    first = None if courses or duties else first_for_everyone(current_versions())
    return render_template(
        "learning/home.html",
        first_name=person.name.split(" ")[0],
        going_on=_home_row(unfinished[0]) if unfinished else None,
        others=[_home_row(each) for each in unfinished[1:6]],
        renewals=[_home_row(each) for each in courses if each.asks_for_renewal],
        has_begun=bool(courses),
        first_course=first and {"slug": first.slug, "title": course_facts.title_of(first.facts, language())},
        refreshers=[
            {"slug": one.slug, "course": course_facts.title_of(one.facts, language()), **_booster(one.facts, module)}
            for one, module in open_boosters(person.id, courses, utc_now(), settings().time_zone)
        ],
        sections=home_sections(person),
        duties=duties,
    )


def _booster(facts: course_facts.Facts, module: course_facts.Facts) -> dict[str, Any]:
    title = course_facts.in_language(module["titles"], language(), facts["default_language"])
    return {"id": module["id"], "title": title, "minutes": module["minutes"]}


def _home_row(enrolled: Enrolled) -> dict[str, Any]:
    module = enrolled.next_module
    facts = enrolled.facts
    titles = module["titles"] if module else {}
    return {
        "slug": enrolled.slug,
        "title": course_facts.title_of(facts, language()),
        "module_id": module["id"] if module else None,
        "module_title": course_facts.in_language(titles, language(), facts["default_language"]),
        "minutes_left": enrolled.minutes_left,
        "done": enrolled.done,
        "total": enrolled.total,
        "is_begun": bool(enrolled.modules),
    }
