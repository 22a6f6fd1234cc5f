"""Certifications for everybody: what each asks, where one stands with it; and issuing it to all who have earned it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms import batches
from lms.access import Permission, Viewer, allows, present_users
from lms.awarding import BATCH_KIND, check_reading
from lms.certification.certifying import Standing, standings_of
from lms.certification.models import Certificate
from lms.certification.previewing import MOST_NAMES, MOST_PEOPLE, forecast
from lms.certification.reasons import certifications_in_reach
from lms.certification.requirements import CertificationRule, Decision, Lack, Needed
from lms.certification.ruling import Found, all_certifications, find_certification
from lms.certification.standing import is_valid_at
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, NotFound
from lms.reporting.inquiry import EXPIRING_DAYS, Filters, inquire
from lms.reporting.people_lists import count_people, list_expiring
from lms.web import batches as batch_pages
from lms.web.guards import act, flash_done, language, needs, settings, signed_in, today, viewer
from lms.web.home import HomeSection, home_section
from lms.web.lacks import Shown, course_titles, shown_lacks, written_lacks_reader
from lms.web.rule_words import cross_words, needed_words, rule_sentences, whom_words

blueprint = Blueprint("certifications", __name__)

batch_pages.TITLES[BATCH_KIND] = N_("Issue a certification to everybody who has earned it")
batch_pages.ABOUT[BATCH_KIND] = lambda batch: titled_by(str(batch.params["slug"]))
batch_pages.REASONS[BATCH_KIND] = written_lacks_reader
batch_pages.GATES[BATCH_KIND] = check_reading


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a certification asks, in words, and what of it is missing; nothing: it is met.

    Without a text the words for what is missing say all that there is to say.
    """

    text: str
    lacks: tuple[Shown, ...] = ()


@home_section
def home_expiring(person: Viewer) -> HomeSection | None:
    """For who sees figures: how many of their people's certificates end soon."""
    if not allows(person, Permission.SEE_REPORTS):
        return None
    inquiry = inquire(person, Filters(), utc_now(), today())
    count = count_people(list_expiring(inquiry))
    if not count:
        return None
    return HomeSection("certification/_home_expiring.html", {"count": count, "days": EXPIRING_DAYS}, order=15)


@blueprint.get("/certifications")
@signed_in
def list_certifications() -> str:
    """All certifications, with one's own standing in each."""
    person, now = viewer(), utc_now()
    found = all_certifications()
    current = [one.current for one in found if one.archived_at is None]
    standings = standings_of([person.id], current, now, settings().time_zone)
    return render_template(
        "certification/certifications.html",
        rows=[(one, titled(one.current.rules), whom_words(one.current.rule)) for one in standings],
        archived=[(one.current.rule.slug, titled(one.current.rules)) for one in found if one.archived_at is not None],
        may_manage=allows(person, Permission.MANAGE_CERTIFICATIONS),
    )


@blueprint.get("/certifications/<slug>")
@signed_in
def show_certification(slug: str) -> str:
    """What a certification asks, in words, and where one stands with it."""
    person, found = viewer(), find_certification(slug)
    titles = course_titles()
    standing = standings_of([person.id], [found.current], utc_now(), settings().time_zone)[0]
    return render_template(
        "certification/certification.html",
        found=found,
        slug=slug,
        title=titled(found.current.rules),
        description=described(found.current.rules),
        sentences=rule_sentences(found.current.rule, titles),
        decision=standing.decision,
        parts=parts_of(found.current.rule, standing.decision, titles),
        general=general_lacks(standing.decision, titles),
        code=held_code(person.id, found),
        may_manage=allows(person, Permission.MANAGE_CERTIFICATIONS),
        may_issue=allows(person, Permission.ISSUE_CERTIFICATES) and found.archived_at is None,
    )


@blueprint.get("/certifications/<slug>/issue")
@needs(Permission.ISSUE_CERTIFICATES)
def preview_issue(slug: str) -> str:
    """Who would get it now, who is almost there and what they lack; nothing is issued yet."""
    person, found = viewer(), find_in_use(slug)
    seen = present_users(person, Permission.ISSUE_CERTIFICATES, today())
    return render_template(
        "certification/issue.html",
        slug=slug,
        title=titled(found.current.rules),
        forecast=forecast(found.current, utc_now(), settings().time_zone, seen),
        most_people=MOST_PEOPLE,
        most_names=MOST_NAMES,
        lacks_of=lacks_reader(),
        may_see=allows(person, Permission.SEE_PEOPLE),
    )


@blueprint.post("/certifications/<slug>/issue")
@needs(Permission.ISSUE_CERTIFICATES)
def issue_to_all(slug: str) -> Response:
    """Have the worker issue it to everybody in reach who has earned it."""
    person, found = viewer(), find_in_use(slug)
    batch = act(lambda: batches.begin(BATCH_KIND, {"slug": found.current.rule.slug}, asked_by_id=person.id))
    flash_done(_("The work has begun. Whoever has earned it gets it; nobody gets it twice."))
    return redirect(url_for("batches.show_batch", batch_id=batch.id), 303)


def find_in_use(slug: str) -> Found:
    found = find_certification(slug)
    if found.archived_at is not None:
        raise Conflict(N_("This certification is archived: it is not awarded any more."))
    return found


def titled(rules: Mapping[str, Any]) -> str:
    """The title of a rule in the language of this request."""
    titles: Mapping[str, str] = rules["title"]
    return titles.get(language()) or titles["en"]


def titled_by(slug: str) -> str:
    """The title of a certification now; its id, should it be gone."""
    try:
        return titled(find_certification(slug).current.rules)
    except NotFound:
        return slug


def described(rules: Mapping[str, Any]) -> str:
    texts: Mapping[str, str] = rules.get("description") or {}
    return texts.get(language()) or texts.get("en") or ""


def lacks_reader() -> Any:
    """For templates: what somebody lacks, in words; the titles of courses are read once."""
    titles = course_titles()
    return lambda lacks: shown_lacks(lacks, titles)


def in_reach(user_id: int) -> list[tuple[Standing, str, list[Shown]]]:
    """The certifications in reach of a person: each with its title and what is lacking, in words."""
    found = certifications_in_reach(user_id, utc_now(), settings().time_zone)
    words = lacks_reader() if found else None
    return [(one, titled(one.current.rules), words(one.decision.lacks)) for one in found] if words else []


def parts_of(rule: CertificationRule, decision: Decision, titles: Mapping[str, str]) -> list[Part]:
    """Each thing that is asked now, with what is missing of it, out of the decision that issues.

    Of who holds it, all is met. In a renewal for which the refresher is enough, the refresher is what is asked.
    """
    needed = rule.needed
    if decision.is_refresher:
        needed = tuple(Needed((course,)) for course in rule.renewal.refresher)
    asked = [(one.courses, needed_words(one, titles)) for one in needed]
    left = [one for one in decision.lacks if one.courses]
    parts = []
    for courses, text in asked:
        mine = next((one for one in left if set(one.courses) <= set(courses)), None)
        if mine is not None:
            left.remove(mine)
        is_whole = mine is not None and mine.reason == "course" and set(mine.courses) == set(courses)
        parts.append(Part("" if is_whole else text, _shown(mine, titles)))
    for text in () if decision.is_refresher else cross_words(rule):
        parts.append(Part(text.rstrip("."), _shown(_reasoned(decision, "cross-training"), titles)))
    if rule.disciplines:
        lack = _reasoned(decision, "discipline")
        parts.append(Part("" if lack else whom_words(rule).rstrip("."), _shown(lack, titles)))
    return parts


def general_lacks(decision: Decision, titles: Mapping[str, str]) -> list[Shown]:
    """What is lacking beside the parts: it was revoked, or it is held and cannot be renewed yet."""
    return shown_lacks([one for one in decision.lacks if one.reason in ("taken-back", "archived")], titles)


def _reasoned(decision: Decision, reason: str) -> Lack | None:
    return next((one for one in decision.lacks if one.reason == reason), None)


def _shown(lack: Lack | None, titles: Mapping[str, str]) -> tuple[Shown, ...]:
    return () if lack is None else tuple(shown_lacks([lack], titles))


def held_code(user_id: int, found: Found) -> str | None:
    """The code of the certificate that one holds of it now."""
    code: str | None = db.session.scalar(
        db.select(Certificate.code)
        .where(
            Certificate.user_id == user_id,
            Certificate.certification_id == found.current.certification_id,
            is_valid_at(utc_now()),
        )
        .order_by(Certificate.cycle.desc())
        .limit(1)
    )
    return code
