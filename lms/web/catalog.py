"""The catalog, a course's page with its Start button, the glossary, and the files of a course version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lms import journey
from lms.access import Viewer
from lms.catalog import facts as course_facts
from lms.catalog import versions
from lms.catalog.listing import disciplines_of, find_matching, in_teaching_order
from lms.catalog.versions import CurrentVersion, retrained_modules
from lms.certification.assigned import assigned_to, is_course_asked
from lms.certification.assignment_rules import AsOf
from lms.certification.assignments import DUE, OVERDUE
from lms.certification.credit import Approval, approvals_of
from lms.certification.renewing import Offer, renewal_offer
from lms.clock import utc_now
from lms.courseware.course import Course, Module
from lms.courseware.hours import needed_modules
from lms.learning.enrollments import Enrolled, enrollments_of
from lms.learning.progress import Standing, load_standing
from lms.web.assets import asset_response
from lms.web.course_outline import ModuleRow, booster_rows, module_rows, next_row
from lms.web.facilitating import leads_exercises, require_asset
from lms.web.guards import act, language, maybe_viewer, public, settings, signed_in, today, viewer
from lms.web.reader import placed
from lms.web.security import sandbox
from lms.web.shared import shared_page
from lms.web.words import add_filters

blueprint = Blueprint("catalog", __name__)
add_filters(blueprint)

STATUSES = ("new", "in-progress", "completed")


@dataclass(frozen=True, slots=True)
class Row:
    """One course in the list, in the language of the page."""

    slug: str
    code: str
    title: str
    summary: str
    minutes: int
    minutes_in_all: int
    disciplines: list[str]
    text_language: str
    is_translated: bool
    languages: list[str]
    has_content_note: bool
    credit: list[dict[str, Any]]
    enrolled: Enrolled | None

    @property
    def status(self) -> str:
        if self.enrolled is None:
            return "new"
        return "completed" if self.enrolled.completed_at else "in-progress"


@blueprint.get("/catalog")
@public
def show_catalog() -> str:
    """All courses, filtered by what stands in the address; the ground comes first."""
    asked = {name: request.args.get(name, "").strip() for name in ("discipline", "language", "q", "status")}
    everything = versions.current_versions()
    found = find_matching(everything, discipline=asked["discipline"], language=asked["language"], text=asked["q"])
    person = maybe_viewer()
    enrolled = {each.course_id: each for each in enrollments_of(person.id)} if person else {}
    rows = [_row(version, enrolled.get(version.course_id)) for version in in_teaching_order(found)]
    if asked["status"] in STATUSES and person:
        rows = [row for row in rows if row.status == asked["status"]]

    def draw() -> str:
        return render_template(
            "catalog/index.html",
            rows=rows,
            asked=asked,
            is_filtered=any(asked.values()),
            total=len(everything),
            disciplines=disciplines_of(everything),
            course_languages=sorted({code for version in everything for code in version.facts["languages"]}),
            statuses=STATUSES if person else (),
        )

    courses = tuple((version.version_id, version.content_hash) for version in everything)
    begun = tuple((row.slug, row.status, row.enrolled and row.enrolled.done) for row in rows)
    of_versions = tuple(row.enrolled and row.enrolled.total for row in rows)
    return shared_page(draw, courses, begun, of_versions)


def _row(version: CurrentVersion, enrolled: Enrolled | None) -> Row:
    facts = version.facts
    return Row(
        slug=version.slug,
        code=version.code,
        title=course_facts.title_of(facts, language()),
        summary=course_facts.summary_of(facts, language()),
        minutes=facts["minutes"],
        minutes_in_all=sum(module["minutes"] for module in course_facts.core_modules(facts)),
        disciplines=facts["disciplines"],
        text_language=language() if language() in facts["titles"] else facts["default_language"],
        is_translated=course_facts.is_translated(facts, language()),
        languages=facts["languages"],
        has_content_note=any(module["content_notes"] for module in facts["modules"]),
        credit=facts["suggested_credit"],
        enrolled=enrolled,
    )


@dataclass(frozen=True, slots=True)
class Credited:
    """All that the page of a course says of an approval: it is drawn from this alone, and kept by it."""

    body: str
    name: str
    minutes: int
    needs_license: bool


def _credited(approval: Approval) -> Credited:
    body = approval.body
    return Credited(body.slug, body.short_name(language()), approval.minutes, body.needs_license)


@blueprint.get("/courses/<slug>")
@public
def show_course(slug: str) -> str:
    """What a course is, for whom, how long, what it says of itself and what it does not claim."""
    person = maybe_viewer()
    standing = load_standing(person.id if person else None, slug)
    course = versions.course_of(standing.version_id, standing.content_hash)
    rows, boosters = module_rows(course, standing, language()), booster_rows(course, standing, language())
    going_on = next_row(rows, standing)
    offer = renewal_offer(person.id, standing, utc_now(), settings().time_zone) if person else None
    changed = _asked_again(standing, rows) if offer is not None and offer.kind == "changed" else []
    credit = tuple(_credited(one) for one in approvals_of([standing.course_id], day=today()))
    asked = _asked_of(person, standing.course_id, slug)
    leads = leads_exercises(person, course, slug)

    def draw() -> str:
        return _draw_course(course, standing, rows, boosters, going_on, offer, changed, credit, asked, leads)

    progress = tuple(row.shown for row in (*rows, *boosters))
    enrollment = (standing.is_enrolled, standing.completed_at, standing.is_archived)
    version = (standing.content_hash, standing.version_number, standing.current_number, standing.was_retrained)
    again = tuple((module.id, module.title) for module in changed)
    return shared_page(
        draw, version, enrollment, progress, offer, again, going_on and going_on.id, credit, asked, leads
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """That the course is assigned: the same for all of whom the same is asked by the same day."""

    agency_name: str
    due_on: date
    overdue_since: date
    state: str


def _asked_of(person: Viewer | None, course_id: int, slug: str) -> Asked | None:
    """What of this course is asked of somebody who has not done it."""
    as_of = AsOf.at(utc_now(), settings().time_zone)
    if person is None or not is_course_asked(course_id, (place.agency_path for place in person.places), as_of):
        return None
    lines = assigned_to(person.id, as_of, course_slug=slug)
    if not lines or lines[0].state not in (OVERDUE, DUE):
        return None
    first = lines[0]
    return Asked(first.agency_name, first.due_on, first.overdue_since, first.state)


def _draw_course(
    course: Course,
    standing: Standing,
    rows: list[ModuleRow],
    boosters: list[ModuleRow],
    going_on: ModuleRow | None,
    offer: Offer | None,
    changed: list[Module],
    credit: tuple[Credited, ...],
    asked: Asked | None,
    leads: bool,
) -> str:
    """Shared by all of whom the same is true: nothing of one person may stand here, and nothing that may change but
    what `shared_page` is told it is about."""
    text = course.text(language())
    return render_template(
        "catalog/course.html",
        asked=asked,
        leads=leads,
        offer=offer,
        credit=credit,
        approved_bodies={one.body for one in credit},
        changed=changed,
        course=course,
        standing=standing,
        text=text,
        about=placed(text.html, standing.slug, standing.version_number),
        text_language=language() if language() in course.texts else course.default_language,
        rows=rows,
        boosters=boosters,
        next=going_on,
        untranslated=[row for row in rows if row.language != language()],
        objectives=_objectives(course),
        minutes_in_all=sum(row.minutes for row in rows),
        minutes_beside=max(0, sum(row.minutes for row in rows) - course.contact_minutes),
        minutes_left=sum(row.minutes for row in rows if not row.is_completed),
        pass_mark=_final_mark(course, rows),
    )


def _asked_again(standing: Standing, rows: list[ModuleRow]) -> list[Module]:
    """What a renewal would ask, of the current version: modules that changed, and needed ones that are new."""
    current = versions.course_of(standing.current_version_id)
    changed = retrained_modules(standing.course_id, standing.version_number)
    undone = needed_modules(current) - {row.id for row in rows if row.is_completed}
    modules = [current.module(entry.id, language()) for entry in current.modules if entry.id in changed | undone]
    return [module for module in modules if module is not None]


def _final_mark(course: Course, rows: list[ModuleRow]) -> int | None:
    """What has to be reached for the certificate; None where nothing can be passed."""
    marks = [row.pass_mark for row in rows if row.id in course.required_modules and row.pass_mark is not None]
    return max(marks, default=None)


def _objectives(course: Course) -> list[str]:
    """What one will be able to do, once each, in the order of the modules."""
    seen: dict[str, str] = {}
    for entry in course.core_modules:
        module = course.module(entry.id, language())
        for objective in module.objectives if module else ():
            seen.setdefault(objective.id, objective.text)
    return list(seen.values())


@blueprint.post("/courses/<slug>/renew")
@signed_in
def renew(slug: str) -> Response:
    """Take the course again, or what changed of it; pressing again goes on where one was."""
    person, site = viewer(), settings()
    act(lambda: journey.renew_course(person, slug, site))
    return redirect(url_for("learning.resume_course", slug=slug), code=303)


@blueprint.post("/courses/<slug>/enroll")
@signed_in
def enroll(slug: str) -> Response:
    """Begin the course and go to its first module; pressing again goes on where one was."""
    person = viewer()
    act(lambda: journey.enroll(person, slug))
    return redirect(url_for("learning.resume_course", slug=slug), code=303)


@blueprint.get("/courses/<slug>/glossary")
@public
def show_glossary(slug: str) -> str:
    person = maybe_viewer()
    standing = load_standing(person.id if person else None, slug)
    course = versions.course_of(standing.version_id, standing.content_hash)
    wanted = request.args.get("words", "")
    text_language = next((each for each in (wanted, language()) if each in course.texts), course.default_language)
    text = course.text(text_language)
    terms = text.words()
    meanings = [placed(term.meaning_html, slug, standing.version_number) for term in terms]
    return render_template(
        "catalog/glossary.html",
        slug=slug,
        text=text,
        text_language=text_language,
        terms=terms,
        meanings=meanings,
    )


@blueprint.get("/courses/<slug>/assets/<int:number>/<path:path>")
@signed_in
def send_asset(slug: str, number: int, path: str) -> Response:
    """A file of a version's media folder. It never changes, so a browser may keep it for a year."""
    version_id = versions.find_version(slug, number)
    require_asset(viewer(), slug, version_id, f"media/{path}")
    response = asset_response(path, versions.asset(version_id, f"media/{path}"))
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    sandbox()
    return response
