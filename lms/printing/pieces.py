"""The packet and the key in pieces that are drawn one at a time: the first page, then a piece for each module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lms.courseware.course import Course, Module, Section
from lms.courseware.directory.entries import Line, in_language
from lms.courseware.notes import is_in, keep_notes
from lms.printing.paper import Files
from lms.printing.sheets import HANDED_IN, Form, form_of, points_to_pass

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Printed:
    """What is printed: a version of a course in one language, with the questions of one form."""

    course: Course
    version: int
    language: str
    form: int
    files: Files = field(compare=False)
    lines: tuple[Line, ...] = ()
    """Telephone lines for the first page."""

    def modules(self) -> list[Module]:
        """Without boosters: they ask months later what was kept, and on paper would be read before."""
        found = (self.course.module(entry.id, self.language) for entry in self.course.core_modules)
        return [module for module in found if module is not None]

    def forms(self) -> dict[str, Form]:
        """By module, of those that ask."""
        return {one.id: form_of(self.course, one, self.form) for one in self.modules() if one.questions}


def packet_pieces(printed: Printed) -> Iterator[Values]:
    """What goes to learners: nothing in it tells what is right, and nothing that is for a facilitator."""
    forms, modules = printed.forms(), printed.modules()
    yield {"piece": "cover", "modules": modules, "forms": forms, "help_lines": _lines(printed)}
    for number, module in enumerate(modules, 1):
        sections = [one for one in module.sections if not one.is_facilitator]
        titles = {section.slug: section.title for section in sections}
        yield {
            "piece": "module",
            "number": number,
            "module": module,
            "form": forms.get(module.id),
            "is_handed_in": module.kind in HANDED_IN and bool(module.questions),
            "sections": sections,
            "stops": _stops(sections),
            "notes_html": _notes(module, sections, forms.get(module.id)),
            "steps": _steps(module),
            "titles": titles,
        }
    glossary = printed.course.text(printed.language).words()
    if glossary:
        yield {"piece": "glossary", "terms": glossary}


def key_pieces(printed: Printed) -> Iterator[Values]:
    """What goes to trainers: the answers to the same form, and what is for the facilitator."""
    forms, modules = printed.forms(), printed.modules()
    told = [one for one in modules if one.id in forms or _for_facilitator(one)]
    yield {"piece": "key-cover", "modules": modules, "forms": forms}
    for module in told:
        form = forms.get(module.id)
        mark = module.quiz.pass_mark if module.quiz is not None else None
        yield {
            "piece": "key",
            "number": modules.index(module) + 1,
            "module": module,
            "form": form,
            "pass_mark": mark,
            "points_to_pass": points_to_pass(form, mark) if form is not None else None,
            "facilitator": _for_facilitator(module),
        }


def _notes(module: Module, sections: Iterable[Section], form: Form | None) -> str:
    """The sources to which what is printed refers; those of explanations and of the facilitator's part alone stand in
    the key."""
    texts = [one.html for one in sections]
    texts += [scenario.intro_html for scenario in module.scenarios]
    texts += [step.html for scenario in module.scenarios for step in scenario.steps]
    for one in form.asked if form else ():
        texts += [one.question.prompt_html, one.question.body_html, one.question.hint_html]
        texts += [item.option.html for item in (*one.items, *one.choices)]
    printed = "".join(texts)
    return keep_notes(module.notes_html, lambda places: any(is_in(place, printed) for place in places))


def _stops(sections: Sequence[Section]) -> frozenset[str]:
    """Slugs of the parts of an exercise that begin a page of their own, since nobody reads them before their time: each
    inject, and what follows the last."""
    injects = [place for place, one in enumerate(sections) if one.kind == "inject"]
    own = {*injects, injects[-1] + 1} if injects else set()
    return frozenset(one.slug for place, one in enumerate(sections) if place in own)


def _for_facilitator(module: Module) -> list[Section]:
    return [one for one in module.sections if one.is_facilitator]


def _steps(module: Module) -> dict[str, dict[str, int]]:
    """For each practice story the number of each step: where one begins is 1."""
    found = {}
    for scenario in module.scenarios:
        ids = [step.id for step in scenario.steps]
        ids.sort(key=lambda one: one != scenario.start)
        found[scenario.id] = {one: place for place, one in enumerate(ids, 1)}
    return found


def _lines(printed: Printed) -> list[tuple[str, str, str]]:
    code = printed.language
    return [
        (in_language(one.name, code), one.number, in_language(one.note, code))
        for one in printed.lines
        if one.is_in_footer
    ]
