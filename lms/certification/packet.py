"""The packet that asks a board to approve a course: drawn from the course itself, in English, as a tagged PDF."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from lms.certification.credit_bodies import Body
from lms.certification.facts import AwardSite, hours_of
from lms.certification.press import Sheet, press
from lms.certification.rules import objectives_of
from lms.certification.typesetting import Set, Setter
from lms.certification.wording import long_day
from lms.courseware.course import Course, Module, ModuleEntry
from lms.courseware.hours import needed_modules, teaching_modules

NOTE = re.compile(r"^\[\^(?P<id>[^\]\s]+)\]:\s*(?P<text>.+)$", re.MULTILINE)
LINK = re.compile(r"\[(?P<words>[^\]]*)\]\((?P<address>[^)\s]+)\)")

KINDS = {
    "module": "Reading with questions",
    "scenario": "Practice story with choices",
    "exercise": "Exercise",
    "quiz": "Quiz",
    "survey": "Questionnaire",
    "form": "Form",
}


@dataclass(frozen=True, slots=True)
class Lesson:
    """One line of the lesson plan. `minutes` of teaching count as contact time, others do not."""

    number: int
    title: str
    kind: str
    minutes: int
    is_teaching: bool
    is_needed: bool
    objectives: tuple[str, ...]
    questions: int
    """Of one attempt."""
    pool: int
    """From which they are drawn."""
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Packet:
    """What the packet says, before it is set."""

    title: str
    code: str
    scope: str
    objectives: tuple[str, ...]
    lessons: tuple[Lesson, ...]
    sources: tuple[str, ...]
    authors: tuple[str, ...]
    reviews: tuple[str, ...]
    attendance: tuple[str, ...]
    evaluation: tuple[str, ...]
    contact_minutes: int
    areas: tuple[str, ...]


def packet_of(course: Course, bodies: Iterable[Body]) -> Packet:
    """Everything out of the course, in English where it has English, else in its own language."""
    language = "en" if "en" in course.texts else course.default_language
    modules, boosters = _modules(course, course.core_modules, language), _modules(course, course.boosters, language)
    return Packet(
        title=course.text(language).title,
        code=course.code,
        scope=course.text(language).summary,
        objectives=objectives_of(course, language),
        lessons=tuple(_lessons(course, modules)),
        sources=sources_of([*modules, *boosters]),
        authors=course.owners,
        reviews=tuple(_reviews(course)),
        attendance=tuple(_attendance(course, modules)),
        evaluation=tuple(_evaluation(course, [*modules, *boosters])),
        contact_minutes=course.contact_minutes,
        areas=tuple(_areas(course, {one.slug: one for one in bodies})),
    )


def _modules(course: Course, entries: Iterable[ModuleEntry], language: str) -> list[Module]:
    found = (course.module(entry.id, language) for entry in entries)
    return [module for module in found if module is not None]


def _lessons(course: Course, modules: list[Module]) -> Iterator[Lesson]:
    teaching, needed = teaching_modules(course), needed_modules(course)
    titles = {module.id: module.title for module in modules}
    for number, module in enumerate(modules, 1):
        entry = course.entry(module.id)
        yield Lesson(
            number=number,
            title=module.title,
            kind=KINDS.get(module.kind, module.kind),
            minutes=module.minutes,
            is_teaching=module.id in teaching,
            is_needed=module.id in needed,
            objectives=tuple(objective.text for objective in module.objectives),
            questions=asked_in(module),
            pool=len(module.questions),
            after=tuple(titles.get(name, name) for name in (entry.prerequisites if entry else ())),
        )


def asked_in(module: Module) -> int:
    """How many questions one attempt asks: of a pool that is drawn from, so many as are drawn."""
    return sum(len(one.questions) if one.draw is None else min(one.draw, len(one.questions)) for one in module.pools)


def sources_of(modules: Iterable[Module]) -> tuple[str, ...]:
    """Every source that the modules cite in their footnotes, once, with its address, in the order of the course."""
    found: dict[str, None] = {}
    for module in modules:
        for note in NOTE.finditer(module.notes_source):
            found.setdefault(LINK.sub(lambda link: f"{link['words']}, {link['address']}", note["text"]).strip())
    return tuple(found)


def _reviews(course: Course) -> Iterator[str]:
    for review in course.reviews:
        role = review.role.replace("-", " ")
        if review.name and review.reviewed_on:
            yield f"{role.capitalize()}: {review.name}, {long_day(review.reviewed_on, 'en')}"
        else:
            yield f"{role.capitalize()}: not yet reviewed"


def _attendance(course: Course, modules: list[Module]) -> Iterator[str]:
    yield "Computer-Based Training, online and self-paced. Each participant signs in with an account of their own."
    yield "The participant completes every module that the certificate needs; the system notes the moment of each."
    if any(entry.prerequisites for entry in course.core_modules):
        yield "A module of the lesson plan stays closed until those that it builds on are complete."
    yield "The certificate names the day on which the last of them was complete. Reading time is not measured."


def _evaluation(course: Course, modules: list[Module]) -> Iterator[str]:
    for module in modules:
        quiz = module.quiz
        if quiz is None or not module.questions:
            continue
        asked = asked_in(module)
        count = f"{asked} question{'' if asked == 1 else 's'}"
        if asked < len(module.questions):
            count += f", drawn anew for each attempt from {len(module.questions)}"
        if module.id in course.required_modules and quiz.pass_mark is not None:
            tries = "any number of attempts" if quiz.attempts is None else f"{quiz.attempts} attempts"
            yield f"{module.title}: {count}; {quiz.pass_mark} percent must be reached; {tries}."
        elif quiz.role in ("pre", "post"):
            when = "before the course" if quiz.role == "pre" else "after the course"
            yield f"{module.title}: {count} {when}, to compare; not graded."
        elif module.booster_days is not None:
            yield f"{module.title}: {count}, {module.booster_days} days after the course, to remember; not graded."
        else:
            yield f"{module.title}: {count} with an explanation of each answer."


def _areas(course: Course, bodies: dict[str, Body]) -> Iterator[str]:
    for one in course.suggested_credit:
        body = bodies.get(one.body)
        name = body.name("en") if body is not None else one.body.replace("-", " ")
        words = [
            body.word(word, "en") if body is not None else word.replace("-", " ")
            for word in (one.type, one.category)
            if word
        ]
        yield f"{name}: {', '.join(words)}, {one.minutes} minutes (suggested; not approved)"


def draw_packet(packet: Packet, site: AwardSite, *, version: int, content_hash: str, dated: date) -> bytes:
    """The PDF. Never in a transaction. Raises PressIsBusy."""
    setter = Setter()

    def put_all(texts: Iterable[str]) -> list[Set]:
        return [setter.set(text) for text in texts]

    title = f"Course packet – {packet.title}"
    values: dict[str, Any] = {
        "packet": packet,
        "title": setter.set(packet.title),
        "scope": setter.set(packet.scope),
        "objectives": put_all(packet.objectives),
        "lessons": [
            (lesson, setter.set(lesson.title), put_all(lesson.objectives), put_all(lesson.after))
            for lesson in packet.lessons
        ],
        "sources": put_all(packet.sources),
        "authors": put_all(packet.authors),
        "reviews": put_all(packet.reviews),
        "attendance": put_all(packet.attendance),
        "evaluation": put_all(packet.evaluation),
        "areas": put_all(packet.areas),
        "hours": hours_of(packet.contact_minutes),
        "provider": setter.set(site.provider_name),
        "address": setter.set(site.provider_address),
        "numbers": setter.set(site.provider_numbers),
        "accreditation": setter.set(site.accreditation_statement or "No accreditation is claimed."),
        "version": version,
        "content_hash": content_hash[:12],
        "dated": long_day(dated, "en"),
    }
    return press().draw(
        Sheet(
            "packet.html",
            "transcript.css packet.css",
            values,
            faces=tuple(sorted(setter.faces)),
            title=title,
            author=site.provider_name,
            language="en",
            dated=dated,
        )
    )
