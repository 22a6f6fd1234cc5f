"""The language-neutral facts of a course: `course.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lms.courseware.course import DISCIPLINES, ModuleEntry, Problem, Review, SuggestedCredit
from lms.courseware.facts import LANGUAGE, Facts, read_facts


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """`values` are the fields of `Course` that course.yaml gives."""

    languages: tuple[str, ...]
    default_language: str
    modules: tuple[ModuleEntry, ...]
    values: Mapping[str, Any]
    lines: Mapping[str, int]


def read_course_facts(text: str, name: str) -> tuple[CourseFacts | None, list[Problem]]:
    """None where the file cannot be used: no id, no language or no modules."""
    facts, problems = read_facts("course.yaml", text)
    if facts is None:
        return None, problems
    course_id = facts.slug("id", is_required=True)
    if course_id and name and course_id != name:
        facts.problems.append(
            Problem("course.yaml", facts.at("id"), "FM002", f"The folder is called {name}; give both one name.", False)
        )
    default = facts.text("default_language", "en", is_required=True)
    languages = facts.texts("languages", is_required=True) or (default,)
    for language in {*languages, default}:
        if not LANGUAGE.match(language):
            facts.bad("languages", f"“{language[:20]}” is no language; write en, es or es-US.")
            languages = tuple(each for each in languages if each != language)
    if default not in languages:
        facts.bad("default_language", "it has to be one of `languages`.")
    modules = _modules(facts)
    values = _values(facts, course_id, modules)
    facts.whole("reading_level", None, 1, 20)  # the checker's (W011): the school grade that the text aims at
    facts.report_unused("course.yaml")
    if not course_id or default not in languages or not modules:
        return None, problems
    return CourseFacts(languages, default, modules, values, facts.lines), problems


def _modules(facts: Facts) -> tuple[ModuleEntry, ...]:
    entries: dict[str, ModuleEntry] = {}
    for inner in facts.many("modules", is_required=True):
        entry = ModuleEntry(inner.slug("id", is_required=True), inner.texts("prerequisites"))
        inner.report_unused("a module's entry")
        if entry.id in entries:
            inner.bad("id", f"the module {entry.id} stands here twice.")
        elif entry.id:
            entries[entry.id] = entry
    return tuple(entries.values())


def _values(facts: Facts, course_id: str, modules: tuple[ModuleEntry, ...]) -> dict[str, Any]:
    required = _required(facts, modules)
    certificate = facts.facts("certificate")
    values: dict[str, Any] = {
        "id": course_id,
        "code": facts.text("code", course_id.upper(), is_required=True, most=40),
        "disciplines": facts.texts("disciplines", ("shared", *DISCIPLINES), is_required=True),
        "contact_minutes": facts.whole("contact_minutes", 0, 0, 100_000, is_required=True),
        "required_modules": required,
        "valid_months": facts.whole("valid_months", None, 1, 600),
        "suggested_credit": _credit(facts),
        "certificate_design": certificate.text("design", "default", most=40) if certificate else "default",
        "has_badge": certificate.yes("badge", True) if certificate else True,
        "bank": facts.text("bank") or None,
        "owners": facts.texts("owners"),
        "reviews": _reviews(facts),
        "review_every_months": facts.whole("review_every_months", None, 1, 600),
        "license": facts.text("license", "CC-BY-4.0", most=60),
    }
    if certificate:
        certificate.report_unused("`certificate`")
    return values


def _required(facts: Facts, modules: tuple[ModuleEntry, ...]) -> tuple[str, ...]:
    """The modules whose quizzes have to be passed; a name that is no module is reported and left out."""
    inner = facts.facts("pass", is_required=True)
    if inner is None:
        return ()
    named = inner.texts("require", is_required=True)
    inner.report_unused("`pass`")
    known = {entry.id for entry in modules}
    for module_id in named:
        if module_id not in known:
            inner.bad("require", f"“{module_id[:60]}” is not a module of this course.")
    return tuple(module_id for module_id in named if module_id in known)


def _credit(facts: Facts) -> tuple[SuggestedCredit, ...]:
    credits = []
    for inner in facts.many("suggested_credit"):
        credit = SuggestedCredit(
            body=inner.text("body", is_required=True),
            type=inner.text("type", is_required=True),
            category=inner.text("category") or None,
            minutes=inner.whole("minutes", 0, 1, 100_000, is_required=True),
        )
        inner.report_unused("`suggested_credit`")
        if credit.body and credit.type and credit.minutes:
            credits.append(credit)
    return tuple(credits)


def _reviews(facts: Facts) -> tuple[Review, ...]:
    reviews = []
    for inner in facts.many("reviews"):
        role = inner.text("role", is_required=True)
        review = Review(role, inner.text("name") or None, inner.day("reviewed_on"))
        inner.report_unused("`reviews`")
        if role:
            reviews.append(review)
    return tuple(reviews)
