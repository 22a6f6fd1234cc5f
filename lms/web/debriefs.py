"""A practice story's way given to one's team, taken back, and the team's debrief of it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from lms.access import Viewer
from lms.catalog.versions import course_of
from lms.clock import utc_now
from lms.cohorts import reach
from lms.cohorts.board import CohortBoard
from lms.cohorts.debrief import FEWEST, Story, count_choices, count_roles, is_in_a_team, load_seated, load_stories
from lms.courseware.course import Course, Module, Scenario
from lms.errors import N_, Conflict, NotAllowed, NotFound
from lms.learning.progress import Standing, is_unlocked, load_standing
from lms.learning.stories import give_play, take_back
from lms.web.guards import act, flash_done, language, settings, signed_in, viewer
from lms.web.reader import play

blueprint = Blueprint("debriefs", __name__)


@blueprint.post("/learn/<slug>/<module_id>/story/<scenario_id>")
@signed_in
def give_story(slug: str, module_id: str, scenario_id: str) -> Response:
    """Give one's choices in a story that is over to the debrief of one's team, or take them back."""
    person = viewer()
    if request.form.get("take_back"):
        return _take_back(person, slug, module_id, scenario_id)
    standing, module = _own_module(person, slug, module_id)
    scenario = _scenario(module, scenario_id)
    enrollment_id = standing.enrollment_id
    assert enrollment_id is not None
    played = play(scenario, request.form.get("path", "")[:4000], Markup)
    if played.now.step.choices:
        raise Conflict(N_("This story is not at its end yet. Play it to its end; then you can add your choices."))
    if not is_in_a_team(person.id):
        raise Conflict(N_("You are in no team now, so there is no debrief to add your choices to."))
    steps = [turn.step.id for turn in (*played.turns, played.now)]
    act(lambda: give_play(enrollment_id, module_id, scenario_id, steps, utc_now()))
    flash_done(_("Your choices are part of your team's debrief, as counts without names."))
    return redirect(url_for("learning.show_module", slug=slug, module_id=module_id), 303)


def _take_back(person: Viewer, slug: str, module_id: str, scenario_id: str) -> Response:
    """Whatever became of the course since: it was taken again, its story changed or is gone, one left the team."""
    act(lambda: take_back(person.id, slug, module_id, scenario_id))
    flash_done(_("Your choices are not part of the debrief any more."))
    if (cohort_id := request.form.get("cohort", type=int)) is not None:
        return redirect(url_for("cohorts.show_cohort", cohort_id=cohort_id), 303)
    return redirect(url_for("learning.show_module", slug=slug, module_id=module_id), 303)


@blueprint.get("/cohorts/<int:cohort_id>/debrief/<slug>/<module_id>/<scenario_id>")
@signed_in
def show_debrief(cohort_id: int, slug: str, module_id: str, scenario_id: str) -> str:
    """Which choices a team took in a story, by step: counts without names."""
    person = viewer()
    cohort = reach.find_cohort(person, cohort_id)
    leads = reach.may_lead(person, cohort)
    people, seated = load_seated(cohort_id)
    key = (slug, module_id, scenario_id)
    story = next(
        (one for one in load_stories(people, seated) if (one.slug, one.module_id, one.scenario_id) == key), None
    )
    if story is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if not story.is_open_to(leads=leads):
        raise NotAllowed(
            N_(
                "The debrief opens when everybody in a seat has added their choices, and at least %(fewest)s people "
                "have: fewer would show who chose what."
            ),
            fewest=FEWEST,
        )
    module, scenario = _told(story, _course(slug))
    steps = count_choices(scenario, story.ways)
    return render_template(
        "cohorts/debrief.html",
        cohort=cohort,
        story=story,
        module=module,
        scenario=scenario,
        steps=steps,
        roles=count_roles(steps),
    )


@dataclass(frozen=True, slots=True)
class DebriefLink:
    """A story on a team's page."""

    story: Story
    title: str
    """Empty where the course does not tell it any more."""

    is_open: bool
    is_own: bool
    """Whether the reader gave theirs."""


def debrief_links(person: Viewer, loaded: CohortBoard, *, leads: bool) -> list[DebriefLink]:
    """The stories that people of a team gave their choices in, as far as they are still published; of others those
    alone that the reader gave, to take them back."""
    seated = {person.user_id for seat in loaded.board.seats for person in seat.people}
    stories = load_stories(list(loaded.people), seated)
    courses = {slug: _course(slug) for slug in {story.slug for story in stories}}
    links = []
    for story in stories:
        is_own = person.id in story.done
        try:
            _module, scenario = _told(story, courses[story.slug])
        except NotFound:
            if is_own:
                links.append(DebriefLink(story, "", is_open=False, is_own=True))
            continue
        links.append(DebriefLink(story, scenario.title, story.is_open_to(leads=leads), is_own))
    return links


def _course(slug: str) -> Course:
    """As it is published now."""
    standing = load_standing(None, slug)
    return course_of(standing.version_id, standing.content_hash)


def _told(story: Story, course: Course) -> tuple[Module, Scenario]:
    """The story as the course tells it now; a step that is gone is left out of the counts. Raises NotFound."""
    module = course.module(story.module_id, language())
    if module is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return module, _scenario(module, story.scenario_id)


def _scenario(module: Module, scenario_id: str) -> Scenario:
    found = next((one for one in module.scenarios if one.id == scenario_id), None)
    if found is None:
        raise NotFound(N_("There is no such story in this module."))
    return found


def _own_module(person: Viewer, slug: str, module_id: str) -> tuple[Standing, Module]:
    """A module that the person has open. Raises NotFound, Conflict."""
    standing = load_standing(person.id, slug)
    course = course_of(standing.version_id, standing.content_hash)
    module = course.module(module_id, language())
    if module is None or course.entry(module_id) is None:
        raise NotFound(N_("There is no such module in this course."))
    if not standing.is_enrolled or not is_unlocked(course, standing, module_id, utc_now(), settings().time_zone):
        raise Conflict(N_("This module is not open to you yet. Start the course and complete what comes before it."))
    return standing, module
