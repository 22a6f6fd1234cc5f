"""“Does this count for me?”: a course beside the rules, approvals and suggestions that concern the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template

from lms.access import Permission, Viewer, allows
from lms.catalog import facts as course_facts
from lms.catalog.versions import find_course
from lms.certification.awards import valid_certificates_of_course
from lms.certification.counting import Asker, Suggestion, answer
from lms.certification.credit import approvals_of
from lms.certification.credit_bodies import load_bodies, load_rules
from lms.certification.facts import CertificateFacts
from lms.certification.part_renewals import is_part_renewal
from lms.clock import utc_now
from lms.errors import N_
from lms.people.licenses import licenses_on
from lms.web.guards import language, settings, signed_in, today, viewer

blueprint = Blueprint("counting", __name__)

KINDS = {
    "yes": (N_("Yes"), "ok"),
    "needs-license": (N_("Yes, with a license"), "warn"),
    "submit": (N_("May be submitted"), "info"),
    "unknown": (N_("Not known"), "warn"),
    "no": (N_("Not required"), ""),
}
CONFIDENCES = {
    "H": N_("the official page was read"),
    "M": N_("a secondary page was read"),
    "L": N_("a single weak page was read"),
}


@blueprint.get("/courses/<slug>/counts")
@signed_in
def show_counts(slug: str) -> str:
    """Whether a course counts for one's board, agency or district, with sources; nothing is claimed."""
    person, day = viewer(), today()
    course, version = find_course(slug)
    asker = asker_of(person)
    suggestions = [Suggestion(**one) for one in version.facts["suggested_credit"]]
    rules, bodies = load_rules(asker.states, day), load_bodies()
    return render_template(
        "credit/counts.html",
        slug=slug,
        title=course_facts.title_of(version.facts, language()),
        answers=answer(asker, rules, approvals_of([course.id], day=day), suggestions, bodies),
        bodies=bodies,
        asker=asker,
        held=held_of(person.id, course.id),
        kinds=KINDS,
        confidences=CONFIDENCES,
        may_see_packet=allows(person, Permission.SEE_PACKETS),
    )


@dataclass(frozen=True, slots=True)
class Held:
    """What whoever asks holds of the course: the code of a certificate of all of it, and by the bodies whose credit is
    printed on any, the code of the newest that carries it."""

    code: str
    carrying: Mapping[str, str]


def held_of(user_id: int, course_id: int) -> Held | None:
    """An approval changes no certificate that exists: whoever holds one asks what theirs carries.

    Credit is of the whole course: one for which only what had changed was taken again has none and is given none,
    while the one before it carries it as it did.
    """
    certificates = valid_certificates_of_course(user_id, course_id, utc_now())
    if not certificates:
        return None
    carrying: dict[str, str] = {}
    for one in certificates:
        for line in CertificateFacts.from_json(one.facts).credit:
            carrying.setdefault(line.body, one.code)
    newest = certificates[0]
    whole = next((one for one in certificates if not is_part_renewal(one)), newest) if certificates[1:] else newest
    return Held(whole.code, carrying)


def asker_of(person: Viewer) -> Asker:
    """The disciplines of one's places, the state of the site, and the boards and states of one's licenses."""
    licenses = licenses_on(person.id, today())
    return Asker(
        disciplines=frozenset(place.discipline for place in person.places),
        states=frozenset({settings().home_state, *(one.state for one in licenses)}),
        boards=frozenset(one.board for one in licenses),
    )
