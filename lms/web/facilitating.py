"""The facilitator's view of an exercise: its injects one after the other, with what only the facilitator reads."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from lms.access import Viewer
from lms.catalog.versions import MOST_PARSED, course_of
from lms.cohorts.reach import may_facilitate
from lms.courseware.course import Course
from lms.courseware.kept_back import facilitator_files
from lms.errors import N_, NotAllowed, NotFound
from lms.learning.progress import Standing, load_standing
from lms.stores import BoundedStore
from lms.web.exercise_stages import WHOLE, exercises_of, stage_number, stages_of, steps_of
from lms.web.guards import language, signed_in, viewer
from lms.web.reader import compiled

blueprint = Blueprint("facilitating", __name__)


@blueprint.get("/courses/<slug>/facilitator")
@signed_in
def list_exercises(slug: str) -> str:
    """The exercises of a course, for whoever leads one: how long each takes, and how many injects it has."""
    standing, course = _led(viewer(), slug)
    exercises = [
        (module, sum(section.kind == "inject" for section in module.sections))
        for module in exercises_of(course, language())
    ]
    if not exercises:
        raise NotFound(N_("There is no exercise in this course."))
    return render_template(
        "learning/facilitator_index.html",
        course_title=course.text(language()).title,
        standing=standing,
        exercises=exercises,
    )


@blueprint.get("/courses/<slug>/facilitator/<module_id>")
@signed_in
def show_exercise(slug: str, module_id: str) -> str:
    """One exercise with the facilitator's notes, inject by inject, or all of it to print."""
    standing, course = _led(viewer(), slug)
    module = next((one for one in exercises_of(course, language()) if one.id == module_id), None)
    if module is None:
        raise NotFound(N_("There is no such exercise in this course."))
    page = compiled(module, standing, for_facilitator=True)
    stages, asked = stages_of(page.parts), request.args.get("inject", "")
    now = stages[stage_number(stages, asked)]
    is_whole = asked == WHOLE or len(stages) == 1
    return render_template(
        "learning/facilitator.html",
        course_title=course.text(language()).title,
        standing=standing,
        module=module,
        page=page,
        stages=stages,
        now=now,
        before=stages[now.number - 1] if now.number else None,
        after=stages[now.number + 1] if now.number + 1 < len(stages) else None,
        shown=stages if is_whole else (now,),
        is_whole=is_whole,
        steps=steps_of(page.parts),
        injects=sum(stage.kind == "inject" for stage in stages),
    )


def leads_exercises(person: Viewer | None, course: Course, slug: str) -> bool:
    """Whether the course has an exercise whose facilitator's view somebody may see."""
    return person is not None and bool(exercises_of(course, language())) and may_facilitate(person, slug)


_kept_back: BoundedStore[str, frozenset[str]] = BoundedStore(MOST_PARSED)
"""By content hash, as parsed courses are kept."""


def require_asset(person: Viewer, slug: str, version_id: int, path: str) -> None:
    """A file that only the facilitator's parts show is for whoever leads. Raises NotFound for all others, as for a file
    that there is not."""
    course = course_of(version_id)
    kept_back = _kept_back.get_or_make(course.content_hash, lambda: facilitator_files(course))
    if path in kept_back and not may_facilitate(person, slug):
        raise NotFound(N_("There is no such file in this course."))


def _led(person: Viewer, slug: str) -> tuple[Standing, Course]:
    """The course in the version that the person reads elsewhere too. Raises NotAllowed for whoever only plays."""
    standing = load_standing(person.id, slug)
    if not may_facilitate(person, slug):
        raise NotAllowed(
            N_(
                "The facilitator's view is for whoever leads the exercise: who leads a team that plays it, authors and "
                "state administrators. If you lead it, ask your team's coordinator or an administrator."
            )
        )
    return standing, course_of(standing.version_id, standing.content_hash)
