"""Pages of cohorts: my teams, a new one, the board, places, milestones, archive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission, Viewer, require_over
from lms.certification.assigned import overdue_courses
from lms.certification.assignment_rules import AsOf
from lms.certification.facts import AwardSite
from lms.clock import utc_now
from lms.cohorts import reach, standing, teams
from lms.cohorts.board import CohortBoard, in_language, load_board, load_exercises
from lms.cohorts.feasible import milestones_out_of_reach
from lms.cohorts.models import Cohort, CohortTemplate, Milestone
from lms.cohorts.preparing import load_aids
from lms.cohorts.templates import ATTESTED, open_templates
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people.models import Agency
from lms.wall.sight import SYSTEM, looking_as
from lms.web.agency_choices import choices_to_make
from lms.web.debriefs import debrief_links
from lms.web.forms.cohorts import CohortForm, MilestoneForm
from lms.web.guards import act, flash_done, language, needs, settings, signed_in, today, viewer
from lms.web.home import HomeSection, home_section
from lms.web.report_card import report_card

blueprint = Blueprint("cohorts", __name__)

Page = str | tuple[str, int] | Response

SOON = timedelta(days=60)
"""A certificate that ends within it is on the coordinator's list."""

HOME_TEAMS = 2
"""So many boards are on the home page: each costs seven queries."""

STANDINGS = {
    "forming": (N_("Forming"), "info"),
    "ready": (N_("Ready"), "ok"),
    "certified": (N_("Certified"), "ok"),
    "at-risk": (N_("At risk"), "warn"),
    "lapsed": (N_("Lapsed"), "error"),
}
SEAT_STATES = {
    "certified": (N_("Certified"), "ok"),
    "in-training": (N_("In training"), "info"),
    "lapsed": (N_("Lapsed"), "error"),
    "empty": (N_("Empty"), "warn"),
}


@blueprint.app_template_filter()
def in_own_language(texts: Mapping[str, Any]) -> str:
    """A title kept by language, in that of this request."""
    return in_language(texts, language())


@home_section
def own_cohorts(person: Viewer) -> HomeSection | None:
    """On the home page: the first of the viewer's open teams, as member or coordinator, and what each needs."""
    listed = reach.list_own_cohorts(person, HOME_TEAMS + 1)
    if not listed:
        return None
    boards = [load_board(cohort, utc_now(), settings().time_zone) for cohort in listed[:HOME_TEAMS]]
    values = {"boards": boards, "standings": STANDINGS, "more": len(listed) > HOME_TEAMS}
    return HomeSection("cohorts/_home.html", values, order=30)


@blueprint.get("/cohorts")
@signed_in
def list_cohorts() -> str:
    """The viewer's teams: as member, as coordinator, and those in their scope."""
    person = viewer()
    listed = reach.list_cohorts(person)
    return render_template(
        "cohorts/index.html",
        member_of=[one.cohort for one in listed if one.is_member],
        leading=[one.cohort for one in listed if one.is_coordinator and not one.is_member],
        in_scope=[one.cohort for one in listed if not one.is_member and not one.is_coordinator],
        may_make=may_make(),
    )


@blueprint.route("/cohorts/new", methods=["GET", "POST"])
@needs(Permission.LEAD_COHORTS)
def make_cohort() -> Page:
    """A new team; whoever makes it is its coordinator."""
    person = viewer()
    form = CohortForm(data={"starts_on": today()})
    templates = {one.id: one for one in open_templates()}
    kinds = [(one.id, in_own_language(one.rules["title"])) for one in templates.values()]
    agencies = [(one.id, one.name) for one in reach.leading_agencies(person)]
    form.template_id.choices = choices_to_make(kinds)
    form.agency_id.choices = choices_to_make(agencies)
    if form.validate_on_submit():
        agency = db.session.get(Agency, form.agency_id.data)
        if agency is None:
            raise NotFound(N_("There is nothing here that you may see."))
        require_over(person, Permission.LEAD_COHORTS, agency.path)
        try:
            cohort_id = act(lambda: _create(form, person.id))
        except Invalid as error:
            say_on(form, error)
        else:
            flash_done(_("The team was made. Invite its people next."))
            return redirect(url_for("cohorts.show_cohort", cohort_id=cohort_id), 303)
    return shown("cohorts/new.html", form, templates=templates.values(), out_of_reach=_out_of_reach(templates.values()))


def _out_of_reach(templates: Iterable[CohortTemplate]) -> list[tuple[str, list[str]]]:
    """Kinds of teams with the milestones that no course published today lets them meet."""
    found = [
        (in_own_language(one.rules["title"]), [in_own_language(title) for title in milestones_out_of_reach(one.rules)])
        for one in templates
    ]
    return [(kind, titles) for kind, titles in found if titles]


def _create(form: CohortForm, user_id: int) -> int:
    return teams.create_cohort(
        reach.find_template(form.template_id.data),
        name=form.name.data,
        agency_id=form.agency_id.data,
        coordinator_id=user_id,
        starts_on=form.starts_on.data or today(),
        ready_by=form.ready_by.data,
        now=utc_now(),
    ).id


@blueprint.get("/cohorts/<int:cohort_id>")
@signed_in
def show_cohort(cohort_id: int) -> str:
    """The board: seats, what needs attention, milestones, people. Members see who and whether, never scores."""
    person = viewer()
    cohort = reach.find_cohort(person, cohort_id)
    now = utc_now()
    leads = reach.may_lead(person, cohort)
    loaded = load_board(cohort, now, settings().time_zone)
    board = loaded.board
    exercises = load_exercises(cohort) if leads and cohort.archived_at is None else {}
    soon = [one for one in board.seats if one.expires_at is not None and one.expires_at <= now + SOON]
    return render_template(
        "cohorts/board.html",
        cohort=cohort,
        loaded=loaded,
        board=board,
        standing=STANDINGS[board.standing],
        seat_states=SEAT_STATES,
        leads=leads,
        may_change=leads and cohort.archived_at is None,
        soon=soon,
        overdue=_overdue(cohort, loaded, AsOf.at(now, settings().time_zone)) if leads else [],
        today=today(),
        debriefs=debrief_links(person, loaded, leads=leads),
        exercises=exercises,
        report=report_card(person, cohort, is_offered=bool(exercises)),
        course_names=[course_name(loaded, slug) for slug in cohort.rules["requires_courses"]],
        aids=load_aids(cohort.rules),
    )


def _overdue(cohort: Cohort, loaded: CohortBoard, as_of: AsOf) -> list[tuple[str, str, date]]:
    """Name, course and first day overdue of members whose agency assigned them a course that the team asks for, too.

    Only for who leads the team. What is assigned is a matter of the members' agencies, which a team's lead does not see
    behind the second wall: read as the system, and nothing of it is shown but these courses.
    """
    with looking_as(SYSTEM):
        found = overdue_courses(list(loaded.people), cohort.rules["requires_courses"], as_of)
    return [
        (loaded.people[user_id].name, course_name(loaded, slug), since)
        for user_id, courses in sorted(found.items())
        for slug, since in sorted(courses.items())
    ]


@blueprint.route("/cohorts/<int:cohort_id>/milestones/<int:milestone_id>", methods=["GET", "POST"])
@signed_in
def attest_milestone(cohort_id: int, milestone_id: int) -> Page:
    """Attest that a milestone was met, on which day, with a note."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    milestone = db.session.get(Milestone, milestone_id)
    if milestone is None or milestone.cohort_id != cohort_id or milestone.rule != ATTESTED:
        raise NotFound(N_("There is nothing here that you may see."))
    form = MilestoneForm(data={"met_on": milestone.met_on, "remark": milestone.note or ""})
    if form.validate_on_submit():
        met_on, remark = form.met_on.data or today(), form.remark.data or ""

        def step() -> str | None:
            teams.attest_milestone(cohort, milestone_id, met_on, remark, today=today(), actor_id=person.id)
            return standing.award_if_earned(cohort_id, utc_now(), award_site(), actor_id=person.id)

        try:
            act(step)
        except Invalid as error:
            say_on(form, error)
        else:
            flash_done(_("The milestone was noted."))
            return redirect(url_for("cohorts.show_cohort", cohort_id=cohort_id), 303)
    rule = next((one.get("rule", "") for one in cohort.rules["milestones"] if one["id"] == milestone.key), "")
    return shown("cohorts/milestone.html", form, cohort=cohort, milestone=milestone, rule=rule)


@blueprint.route("/cohorts/<int:cohort_id>/archive", methods=["GET", "POST"])
@signed_in
def archive_cohort(cohort_id: int) -> Page:
    """Ask, then close a team for good."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    board = url_for("cohorts.show_cohort", cohort_id=cohort_id)
    if request.method == "POST":
        act(lambda: teams.archive_cohort(cohort, utc_now(), actor_id=person.id))
        flash_done(_("The team is archived."))
        return redirect(board, 303)
    return render_template(
        "confirm.html",
        title=_("Archive this team?"),
        text=_(
            "This is for good: it cannot be opened again. It can be read, but nobody can join or be moved, and it "
            "earns no further certificate."
        ),
        facts=[(_("Team"), cohort.name)],
        action=url_for("cohorts.archive_cohort", cohort_id=cohort_id),
        submit_text=_("Archive the team"),
        cancel_href=board,
    )


def may_make() -> bool:
    """Whether the viewer may make teams somewhere, and there is a kind to make."""
    return bool(reach.leading_agencies(viewer())) and bool(db.session.query(CohortTemplate.id).first())


def course_name(loaded: CohortBoard, slug: str) -> str:
    """The title of a course that the team asks for; its short name where it is not published yet."""
    texts = {"en": slug, **loaded.course_titles.get(slug, {})}
    return in_language(texts, language())


def award_site() -> AwardSite:
    return AwardSite.from_settings(settings())


def shown(template: str, form: Any, **values: Any) -> Page:
    """The page of a form; 422 with the entries kept where it was refused."""
    page = render_template(template, form=form, **values)
    return (page, 422) if form.errors else page


def say_on(form: Any, error: Invalid | Conflict, field: str | None = None) -> None:
    """Put a service's sentence at the field that it speaks of."""
    name = getattr(error, "field", None) or field
    target = form[name] if name and name in form else next(iter(form))
    target.errors = [*target.errors, _(error.message, **error.values)]
