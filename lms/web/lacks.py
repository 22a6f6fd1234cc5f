"""Why not yet: the words for what is lacking, in one place for learners, administrators and lists of long work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from flask import url_for
from flask_babel import get_locale, gettext
from flask_babel import gettext as _

from lms.awarding import read_lacks
from lms.catalog.facts import title_of
from lms.catalog.versions import current_versions
from lms.certification.requirements import Lack
from lms.errors import N_
from lms.web.guards import language
from lms.web.words import discipline_name

WORDS = {
    "discipline": N_("Only for people who work in:"),
    "course": N_("Pass the course"),
    "one-of": N_("Pass one of these courses:"),
    "some-of": N_("Pass %(count)s of these courses:"),
    "with-percent": N_("with %(percent)s percent or more"),
    "score": N_("It needs %(percent)s percent or more. Pass it again:"),
    "too-old": N_("Completed on %(day)s, which is too long ago to count. Take it again:"),
    "not-valid": N_("It was valid through %(day)s. Take it again:"),
    "not-valid-now": N_("Not valid now. Take it again:"),
    "cross-training": N_("Modules of other disciplines still to complete: %(count)s."),
    "not-open-yet": N_("It is held now. It can be renewed from %(day)s on."),
    "held": N_("It is held now and does not end."),
    "taken-back": N_(
        "It was revoked. What is completed from the next day on earns it again. An administrator can say why."
    ),
    "archived": N_("It is not awarded any more."),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A lack in words: the sentence, then the courses that mend it as (title, address or None)."""

    text: str
    links: tuple[tuple[str, str | None], ...] = ()
    after: str = ""

    def __str__(self) -> str:
        parts = [self.text, ", ".join(title for title, _href in self.links), self.after]
        return " ".join(part for part in parts if part)


def course_titles() -> dict[str, str]:
    """Titles of the courses that are offered, in the language of this request; one query."""
    return {one.slug: title_of(one.facts, language()) for one in current_versions()}


def link_of(course: str, titles: Mapping[str, str]) -> tuple[str, str | None]:
    """A course by title with its address; by its id alone while it is not published."""
    if course in titles:
        return titles[course], url_for("catalog.show_course", slug=course)
    return _("%(id)s (not offered yet)", id=course), None


def shown_lacks(lacks: Iterable[Lack], titles: Mapping[str, str]) -> list[Shown]:
    return [shown_lack(one, titles) for one in lacks]


def shown_lack(lack: Lack, titles: Mapping[str, str]) -> Shown:
    """One lack in the language of this request."""
    links = tuple(link_of(course, titles) for course in lack.courses)
    match lack.reason:
        case "discipline":
            return Shown(_words("discipline"), tuple((discipline_name(one), None) for one in lack.disciplines))
        case "course":
            word = "course" if len(links) == 1 else "one-of" if lack.count == 1 else "some-of"
            after = _words("with-percent", percent=lack.percent) if lack.percent else ""
            return Shown(_words(word, count=lack.count), links, after)
        case "cross-training":
            return Shown(_words("cross-training", count=lack.count), ((_("See all courses"), catalog()),))
        case "not-open-yet" if lack.on is None:
            return Shown(_words("held"))
        case "not-valid" if lack.on is None:
            return Shown(_words("not-valid-now"), links)
        case reason:
            return Shown(_words(reason, day=day_text(lack.on), percent=lack.percent), links)


def _words(key: str, **values: object) -> str:
    return str(gettext(WORDS[key], **values))


def catalog() -> str:
    return url_for("catalog.show_catalog")


def day_text(day: date | None) -> str:
    return format_date(day, "long", locale=get_locale() or "en_US") if day else ""


def written_lacks_reader() -> Callable[[str], str]:
    """What a batch kept of somebody's lacks, as sentences; the text itself where it is none of these. The titles of
    courses are read once."""
    titles = course_titles()

    def read(reason: str) -> str:
        try:
            return " · ".join(str(one) for one in shown_lacks(read_lacks(reason), titles))
        except (ValueError, KeyError, TypeError):
            return str(_(reason))

    return read
