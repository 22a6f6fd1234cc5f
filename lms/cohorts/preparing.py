"""What prepares for each milestone of a team: the courses and certifications that its rules name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lms.catalog.versions import current_versions
from lms.certification.certifying import current_rules

AID_KEYS = ("courses", "certifications")
"""The keys of a milestone that name what prepares for it; they decide nothing, `met_by` does."""


@dataclass(frozen=True, slots=True)
class Aid:
    """A course or certification that prepares for a milestone. `titles` are by language."""

    slug: str
    titles: Mapping[str, str]
    is_course: bool


def load_aids(rules: Mapping[str, Any]) -> dict[str, list[Aid]]:
    """By key of the milestone, in the order of the rules; what is not published is left out. Two queries at most."""
    asked = {key: {slug for one in rules["milestones"] for slug in one.get(key, ())} for key in AID_KEYS}
    found: dict[tuple[str, str], Aid] = {}
    if asked["courses"]:
        for version in current_versions():
            titles = version.facts.get("titles") or {"en": version.slug}
            found["courses", version.slug] = Aid(version.slug, titles, is_course=True)
    if asked["certifications"]:
        for current in current_rules():
            slug = current.rule.slug
            found["certifications", slug] = Aid(slug, current.rules["title"], is_course=False)
    return {
        one["id"]: [found[key, slug] for key in AID_KEYS for slug in one.get(key, ()) if (key, slug) in found]
        for one in rules["milestones"]
    }
