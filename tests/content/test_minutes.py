"""Minutes are what credit is asked for: each module holds about as much as it claims, and the whole adds up."""

from __future__ import annotations

from lms.courseware.course import Module
from tests.content.curriculum import TEACHING, Loaded, all_loaded, words_met

COURSES, MODULES, MINUTES = 12, 52, 1080
"""What the plan of the curriculum promises: 18 hours."""

BOUNDS = {
    "module": (85, 170),
    "scenario": (85, 170),
    "exercise": (65, 130),
    "form": (20, 60),
    "pre": (80, 140),
    "post": (80, 140),
    "final": (40, 75),
    "booster-90": (40, 90),
    "booster-180": (40, 90),
}
"""Words met (`words_met`) for each minute. Prose is read at 130 to 180 words a minute, and the authors' rule was 90 to
130 words a minute beside three to six activities. Measured on the curriculum: modules 88 to 166 (the upper end is the
core, in the plainest language), exercises, which are talked through, 70 to 95; questions before and after 91 to 135;
finals 46 to 70 and boosters 48 to 82, where one thinks longer than one reads (the upper ends are Spanish)."""

LONGER = {("other-disciplines", "role-swap"): 220}
"""A story of four roles that the page itself says may be passed over; nobody claims minutes for more than ten of it."""


def bounds_of(course_id: str, module: Module) -> tuple[int, int]:
    role = module.quiz.role if module.quiz is not None else "check"
    least, most = BOUNDS[module.kind if role == "check" else role]
    return least, LONGER.get((course_id, module.id), most)


def test_a_module_holds_as_many_words_as_its_minutes_can_carry(loaded: Loaded) -> None:
    outside = []
    for module in loaded.modules():
        least, most = bounds_of(loaded.course.id, module)
        rate = words_met(module) / module.minutes
        if not least <= rate <= most:
            outside.append(f"{module.path}: {rate:.0f} words a minute, not {least} to {most}")

    assert outside == []


def test_a_course_claims_the_minutes_of_its_modules_that_teach_and_no_others(loaded: Loaded) -> None:
    assert loaded.course.contact_minutes == sum(one.minutes for one in teaching(loaded))


def test_the_whole_curriculum_is_twelve_courses_of_fifty_two_modules_and_eighteen_hours() -> None:
    modules = [one for loaded in all_loaded() for one in teaching(loaded)]

    assert (len(all_loaded()), len(modules), sum(one.minutes for one in modules)) == (COURSES, MODULES, MINUTES)


def teaching(loaded: Loaded) -> list[Module]:
    return [one for one in loaded.modules_in(loaded.course.default_language) if one.kind in TEACHING]
