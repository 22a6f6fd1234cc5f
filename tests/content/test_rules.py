"""Certifications, team templates and mandates beside the courses: what they name is there, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lms.certification.rule_files import courses_of, read_rules, rule_of
from lms.cohorts.templates import read_template
from lms.cohorts.training import is_for_others
from lms.courseware.course import Course
from tests.content.curriculum import COURSE_IDS, load
from tests.support.world import SHIPPED_COURSES

CERTIFICATIONS = sorted((SHIPPED_COURSES / "certifications").glob("*.yaml"))
COHORTS = sorted((SHIPPED_COURSES / "cohorts").glob("*.yaml"))
CORE = ("understanding-trafficking", "trauma-informed-practice", "reporting-and-privacy")


def course_of(course_id: str) -> Course:
    return load(SHIPPED_COURSES / course_id).course


@pytest.mark.parametrize("path", CERTIFICATIONS, ids=lambda path: path.stem)
def test_a_certification_names_courses_that_are_there_and_says_so_in_two_languages(path: Path) -> None:
    rules = read_rules(path)

    assert set(courses_of(rules)) <= COURSE_IDS
    assert {"en", "es"} <= set(rules["title"]) & set(rules["description"])
    assert (rules["valid_months"], rules["renewal"]["grace_days"]) == (24, 60)


@pytest.mark.parametrize(
    ("slug", "discipline", "hours"),
    [("schools", "schools", 4.75), ("health-care", "healthcare", 5.25), ("law-enforcement", "law-enforcement", 5.25)],
)
def test_the_certification_of_a_discipline_is_the_core_and_its_course(slug: str, discipline: str, hours: float) -> None:
    rule = rule_of(read_rules(SHIPPED_COURSES / "certifications" / f"{slug}.yaml"))
    asked = [course for one in rule.needed for course in one.courses]

    assert tuple(asked) == (*CORE, slug)
    assert rule.disciplines == course_of(slug).disciplines == (discipline,)
    assert sum(course_of(course).contact_minutes for course in asked) == hours * 60


@pytest.mark.parametrize("own", ["schools", "healthcare", "law-enforcement", "victim-services", "housing"])
def test_whoever_has_taken_the_course_on_the_other_disciplines_meets_its_cross_training(own: str) -> None:
    rule = rule_of(read_rules(SHIPPED_COURSES / "certifications" / "cross-training.yaml"))
    modules = course_of("other-disciplines").files["en"].values()

    outside = [one for one in modules if is_for_others(frozenset(one.disciplines), frozenset({own}))]

    assert len(outside) >= rule.cross_modules


@pytest.mark.parametrize("path", COHORTS, ids=lambda path: path.stem)
def test_a_team_template_names_courses_and_certifications_that_are_there(path: Path) -> None:
    rules = read_template(path)
    known = {one.stem for one in CERTIFICATIONS}

    assert set(rules["requires_courses"]) <= COURSE_IDS
    for one in rules["milestones"]:
        assert set(one.get("courses", ())) <= COURSE_IDS, one["id"]
        assert set(one.get("certifications", ())) <= known, one["id"]
    for text in [rules, *rules["seats"], *rules["milestones"]]:
        assert {"en", "es"} <= set(text["title"])


def test_the_county_team_asks_for_the_core_and_for_all_milestones_of_the_plan() -> None:
    rules: dict[str, Any] = read_template(SHIPPED_COURSES / "cohorts" / "county-team.yaml")
    required = [seat["discipline"] for seat in rules["seats"] if seat["required"]]

    assert tuple(rules["requires_courses"]) == CORE
    assert required == ["schools", "healthcare", "law-enforcement", "victim-services"]
    assert rules["requires_milestones"] == [f"m{number}" for number in range(9)]
    assert rules["size"] == {"min": 6, "max": 15}


def test_every_mandate_says_in_two_languages_what_it_asks_where_it_was_read_and_how_sure_we_are() -> None:
    bodies = {path.stem for path in (SHIPPED_COURSES / "credit-bodies").glob("*.yaml")}
    mandates = [
        one
        for path in (SHIPPED_COURSES / "mandates").glob("*.yaml")
        for one in yaml.safe_load(path.read_text("utf-8"))["mandates"]
    ]

    assert {one["state"] for one in mandates} == {"MO", "FL", "TX", "MI", "OH"}
    for one in mandates:
        assert all({"en", "es"} <= set(one[key]) for key in ("title", "says", "how_often")), one["id"]
        assert {*one.get("boards", ()), *([one["body"]] if one.get("body") else [])} <= bodies, one["id"]
        assert one["source"].startswith("https://"), one["id"]
        assert one["checked_on"], one["id"]
        assert one["confidence"] in ("H", "M", "L"), one["id"]
