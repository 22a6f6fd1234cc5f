"""What a certification asks, and whether somebody has it on a day: one pure decision, to issue and to explain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from lms.clock import add_months

Reason = Literal[
    "discipline", "course", "score", "too-old", "not-valid", "cross-training", "not-open-yet", "taken-back", "archived"
]


@dataclass(frozen=True, slots=True)
class Needed:
    """At least `count` of these courses, each passed with `min_percent` (0-100, None: as the course asks) or more.

    What somebody holds counts for every one that names its course: it says what was learned, and that is learned once.
    A rule that wants two different courses says so in one, with a count of 2.
    """

    courses: tuple[str, ...]
    count: int = 1
    min_percent: int | None = None


@dataclass(frozen=True, slots=True)
class Renewal:
    """How it is renewed: the window opens so many months before the end, and stays open for so many days after it.

    Within window and grace the `refresher` courses are enough, where there are any; later the whole is asked again.
    """

    opens_months: int = 3
    grace_days: int = 60
    refresher: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CertificationRule:
    """A certification as a rule, one version of it.

    `disciplines` empty: anybody. `cross_modules`: so many modules completed that are outside of one's own discipline.
    `freshness_months`: what counts was completed within so many months before the day; None: however old.
    `valid_months` None: it does not end, and is not renewed.
    """

    slug: str
    needed: tuple[Needed, ...] = ()
    disciplines: tuple[str, ...] = ()
    cross_modules: int = 0
    valid_months: int | None = 24
    freshness_months: int | None = None
    renewal: Renewal = Renewal()

    @property
    def courses(self) -> tuple[str, ...]:
        """Every course that it names, each once."""
        named = [course for one in self.needed for course in one.courses]
        return tuple(dict.fromkeys([*named, *self.renewal.refresher]))


@dataclass(frozen=True, slots=True)
class Holding:
    """Something that shows a course was completed: a certificate, or approved training elsewhere (exactly one id).

    `valid_until` is the last valid day, None: for good. `score_percent` None where nobody measured. `is_part`: only
    what had changed was taken again for it, and its hours are of that; the whole, where it is held too, shows more.
    """

    course: str
    completed_on: date
    valid_until: date | None = None
    score_percent: int | None = None
    certificate_id: int | None = None
    training_id: int | None = None
    is_part: bool = False

    def is_valid_on(self, day: date) -> bool:
        return self.completed_on <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The awards of this certification to this person so far: `cycle` is the number of the latest, the days are those
    of the latest that was not revoked (`completed_on` None: each was). `taken_back_on`: what came after that was
    revoked that day, and only what was completed afterwards earns it again. An award that fell with a record that it
    rested on was nobody's fault: it uses up its cycle and nothing else."""

    cycle: int
    completed_on: date | None
    valid_until: date | None
    taken_back_on: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody on the day: present disciplines, what they hold, and how many modules of others' fields
    they have completed since a day (a function of that day, for cross-training must be as fresh as the rest)."""

    disciplines: frozenset[str]
    holdings: tuple[Holding, ...]
    cross_days: tuple[date, ...] = ()
    """The day on which each module outside of one's own discipline was completed last."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One reason why it is not earned. `courses` are the ways to mend it, `count` how many of them, `on` a day that
    matters (too-old: completed then; not-valid: ended then; not-open-yet: opens then), `percent` what is asked."""

    reason: Reason
    courses: tuple[str, ...] = ()
    count: int = 1
    on: date | None = None
    percent: int | None = None
    disciplines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rule says of a person on a day: what is lacking (nothing: earned), what shows the rest, and how long.

    `is_refresher`: the shorter way is open. `cycle` is the award's that is or would be issued. `holds_until` is the end
    of the award that holds now (None where none does or it never ends), `renew_from` and `renew_by` its window.
    """

    lacks: tuple[Lack, ...]
    evidence: tuple[Holding, ...]
    cycle: int
    valid_until: date | None
    holds: bool = False
    holds_until: date | None = None
    is_renewal: bool = False
    is_refresher: bool = False
    renew_from: date | None = None
    renew_by: date | None = None

    @property
    def is_earned(self) -> bool:
        return not self.lacks


def decide(rule: CertificationRule, person: Person, day: date, earlier: Earlier | None = None) -> Decision:
    """Whether the certification is to be issued on `day`, and if not, why not, reason by reason."""
    window = window_of(rule, earlier)
    cycle = earlier.cycle + 1 if earlier else 1
    holds = earlier is not None and earlier.completed_on is not None and _lasts(earlier.valid_until, day)
    shared: dict[str, Any] = {
        "cycle": cycle,
        "holds": holds,
        "holds_until": earlier.valid_until if earlier and holds else None,
        "renew_from": window[0] if window else None,
        "renew_by": window[1] if window else None,
    }
    is_renewal = window is not None and window[0] <= day <= window[1]
    if holds and not is_renewal:
        opens = (Lack("not-open-yet", on=window[0]),) if window else (Lack("not-open-yet"),)
        return Decision(opens, (), valid_until=None, **shared)
    lacks, evidence, is_refresher = _found(rule, person, day, _since(rule, day, earlier), is_renewal=is_renewal)
    if lacks and earlier is not None and earlier.taken_back_on is not None:
        lacks = [Lack("taken-back", on=earlier.taken_back_on), *lacks]
    valid_until = valid_until_of(rule, day, earlier if is_renewal else None)
    return Decision(
        tuple(lacks),
        tuple(evidence),
        valid_until=valid_until,
        is_renewal=is_renewal,
        is_refresher=is_refresher,
        **shared,
    )


def window_of(rule: CertificationRule, earlier: Earlier | None) -> tuple[date, date] | None:
    """First and last day on which a renewal is taken; None where nothing is to be renewed."""
    if earlier is None or earlier.completed_on is None or earlier.valid_until is None:
        return None
    opens = add_months(earlier.valid_until, -rule.renewal.opens_months)
    return max(opens, earlier.completed_on), earlier.valid_until + timedelta(days=rule.renewal.grace_days)


def valid_until_of(rule: CertificationRule, day: date, renewed: Earlier | None = None) -> date | None:
    """The last valid day of what is earned on `day`: so many months on; a renewal in time counts from the old end, so
    that nobody loses days by being early, and one in grace from the day itself."""
    if rule.valid_months is None:
        return None
    start = day
    if renewed is not None and renewed.valid_until is not None and day <= renewed.valid_until:
        start = renewed.valid_until
    return add_months(start, rule.valid_months)


def oldest_day(rule: CertificationRule, day: date) -> date | None:
    """The earliest day of completion that still counts on `day`; None: any."""
    return None if rule.freshness_months is None else add_months(day, -rule.freshness_months)


def _since(rule: CertificationRule, day: date, earlier: Earlier | None) -> date | None:
    """From which day on something counts. What an award rests on already does not carry the next one too, however long
    ago that was; and what was there when it was revoked does not bring it back."""
    days = [oldest_day(rule, day)]
    if earlier is not None:
        used = (earlier.completed_on, earlier.taken_back_on)
        days += [one + timedelta(days=1) for one in used if one is not None]
    return max((one for one in days if one is not None), default=None)


def _found(
    rule: CertificationRule, person: Person, day: date, since: date | None, *, is_renewal: bool
) -> tuple[list[Lack], list[Holding], bool]:
    """What is lacking and what shows the rest: by the refresher where that is enough, else by the whole rule."""
    lacks: list[Lack] = []
    if rule.disciplines and not person.disciplines.intersection(rule.disciplines):
        lacks.append(Lack("discipline", disciplines=rule.disciplines))
    refresher = rule.renewal.refresher if is_renewal else ()
    whole_lacks, whole = _whole(rule, person, day, since)
    if refresher and whole_lacks:
        short_lacks, short = _each(tuple(Needed((course,)) for course in refresher), person, day, since)
        return lacks + short_lacks, short, True
    return lacks + whole_lacks, whole, False


def _whole(rule: CertificationRule, person: Person, day: date, since: date | None) -> tuple[list[Lack], list[Holding]]:
    lacks, evidence = _each(rule.needed, person, day, since)
    crossed = sum(1 for one in person.cross_days if one <= day and (since is None or one >= since))
    if crossed < rule.cross_modules:
        lacks.append(Lack("cross-training", count=rule.cross_modules - crossed))
    return lacks, evidence


def _each(needed: Sequence[Needed], person: Person, day: date, since: date | None) -> tuple[list[Lack], list[Holding]]:
    """What is lacking, and of each course that is used the one holding that is good for all that it is used for."""
    lacks: list[Lack] = []
    evidence: dict[str, tuple[int, Holding]] = {}
    for one in needed:
        good: list[Holding] = []
        nearest: list[Lack] = []
        for course in one.courses:
            best, lack = _best(course, one, person.holdings, day, since)
            if best is not None:
                good.append(best)
            elif lack is not None:
                nearest.append(lack)
        for best in good[: one.count]:
            asked = one.min_percent or 0
            if best.course not in evidence or asked > evidence[best.course][0]:
                evidence[best.course] = (asked, best)
        short = one.count - len(good)
        if short > 0:
            lacks.append(_lack(one, {holding.course for holding in good}, short, nearest))
    return lacks, [holding for _, holding in evidence.values()]


def _lack(one: Needed, held: Collection[str], short: int, nearest: Sequence[Lack]) -> Lack:
    """The reason nearest to being earned: somebody whose certificate is too old is told that, not "take the course"."""
    open_courses = tuple(course for course in one.courses if course not in held)
    if nearest and len(open_courses) == 1:
        return nearest[0]
    return Lack("course", open_courses, short, percent=one.min_percent)


def _best(
    course: str, one: Needed, holdings: Sequence[Holding], day: date, since: date | None
) -> tuple[Holding | None, Lack | None]:
    """The newest holding of a course that counts, or why the newest one does not."""
    held = sorted(
        (holding for holding in holdings if holding.course == course and holding.completed_on <= day),
        key=lambda one: (one.completed_on, not one.is_part, one.certificate_id or 0, one.training_id or 0),
        reverse=True,
    )
    first: Lack | None = None
    for holding in held:
        lack = _fault(holding, one, day, since)
        if lack is None:
            return holding, None
        first = first or lack
    return None, first


def _fault(holding: Holding, one: Needed, day: date, since: date | None) -> Lack | None:
    courses = (holding.course,)
    if not holding.is_valid_on(day):
        return Lack("not-valid", courses, on=holding.valid_until)
    if since is not None and holding.completed_on < since:
        return Lack("too-old", courses, on=holding.completed_on)
    if one.min_percent is not None and (holding.score_percent is None or holding.score_percent < one.min_percent):
        return Lack("score", courses, percent=one.min_percent)
    return None


def _lasts(valid_until: date | None, day: date) -> bool:
    return valid_until is None or day <= valid_until
