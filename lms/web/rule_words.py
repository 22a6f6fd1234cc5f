"""The rule of a certification in plain sentences, and worked examples of what it means for somebody on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext

from lms.certification.requirements import CertificationRule, Earlier, Needed, valid_until_of, window_of
from lms.web.lacks import link_of
from lms.web.words import discipline_name


@dataclass(frozen=True, slots=True)
class Example:
    """Who finishes on `finished` is valid through `until`, may renew from `opens` to `closes`; renewed on the first of
    these days it is valid through `then`. None where it does not end."""

    finished: date
    until: date | None
    opens: date | None = None
    closes: date | None = None
    then: date | None = None


def needed_words(one: Needed, titles: Mapping[str, str]) -> str:
    """One requirement in words."""
    names = ", ".join(link_of(course, titles)[0] for course in one.courses)
    if len(one.courses) == 1:
        text = _("Pass the course “%(course)s”", course=names)
    elif one.count == len(one.courses):
        text = _("Pass all of these courses: %(courses)s", courses=names)
    elif one.count == 1:
        text = _("Pass one of these courses: %(courses)s", courses=names)
    else:
        text = _("Pass %(count)s of these courses: %(courses)s", count=one.count, courses=names)
    if not one.min_percent:
        return str(text)
    return str(_("%(text)s, with %(percent)s percent or more", text=text, percent=one.min_percent))


def whom_words(rule: CertificationRule) -> str:
    names = ", ".join(discipline_name(one) for one in rule.disciplines)
    return str(_("For people who work in: %(disciplines)s.", disciplines=names) if names else _("For everybody."))


def time_words(rule: CertificationRule, titles: Mapping[str, str]) -> list[str]:
    """How long it is valid and how it is renewed."""
    found = []
    if rule.freshness_months is not None:
        found.append(
            ngettext(
                "Only what was completed within the last %(num)s month before the award counts.",
                "Only what was completed within the last %(num)s months before the award counts.",
                rule.freshness_months,
            )
        )
    if rule.valid_months is None:
        return [*found, _("It does not end and is not renewed.")]
    found.append(ngettext("It is valid for %(num)s month.", "It is valid for %(num)s months.", rule.valid_months))
    grace = rule.renewal.grace_days
    found.append(
        ngettext(
            "It can be renewed from %(num)s month before its end",
            "It can be renewed from %(num)s months before its end",
            rule.renewal.opens_months,
        )
        + " "
        + (ngettext("to %(num)s day after it.", "to %(num)s days after it.", grace) if grace else _("to its last day."))
    )
    if rule.renewal.refresher:
        names = ", ".join(link_of(course, titles)[0] for course in rule.renewal.refresher)
        found.append(_("In that time these courses are enough to renew it: %(courses)s.", courses=names))
    else:
        found.append(_("To renew it, all that it asks is completed again."))
    if grace:
        found.append(_("A renewal before the end counts from the end; one after it from its own day."))
    else:
        found.append(_("A renewal counts from the end."))
    return found


def cross_words(rule: CertificationRule) -> list[str]:
    if not rule.cross_modules:
        return []
    return [
        ngettext(
            "Complete %(num)s module that is made for another discipline.",
            "Complete %(num)s modules that are made for other disciplines.",
            rule.cross_modules,
        )
    ]


def rule_sentences(rule: CertificationRule, titles: Mapping[str, str]) -> list[str]:
    """The whole rule, sentence by sentence."""
    needed = [f"{needed_words(one, titles)}." for one in rule.needed]
    return [whom_words(rule), *needed, *cross_words(rule), *time_words(rule, titles)]


def worked_examples(rule: CertificationRule, today: date) -> list[Example]:
    """For somebody who finishes today, and for somebody who finishes on the next 29 February."""
    year = today.year
    while not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) and date(year, 2, 29) >= today):
        year += 1
    return [worked_example(rule, day) for day in dict.fromkeys((today, date(year, 2, 29)))]


def worked_example(rule: CertificationRule, day: date) -> Example:
    until = valid_until_of(rule, day)
    if until is None:
        return Example(day, None)
    earlier = Earlier(1, day, until)
    window = window_of(rule, earlier)
    if window is None:
        return Example(day, until)
    return Example(day, until, *window, then=valid_until_of(rule, window[0], earlier))
