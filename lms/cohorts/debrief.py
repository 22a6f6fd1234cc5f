"""A team's debrief of a practice story: which choices were taken at each step, in counts and without names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import exists, select

from lms.cohorts.models import Cohort, Member
from lms.courseware.course import Scenario
from lms.database import db
from lms.learning.stories import Given, plays_of
from lms.wall.sight import SYSTEM, looking_as

FEWEST = 3
"""People whose choices are shown together: the counts of fewer would say who chose what."""


@dataclass(frozen=True, slots=True)
class Story:
    """A story that people of a team gave their ways through, and how many of those in a seat did.

    `ways` are those that may be counted together: in the order of giving, as many as `count_shown` says.
    """

    slug: str
    module_id: str
    scenario_id: str
    ways: tuple[tuple[str, ...], ...]
    seated: int
    seated_done: int
    done: frozenset[int] = frozenset()
    """Ids of who gave theirs; for nobody's eyes, but to let each take it back."""

    @property
    def has_enough(self) -> bool:
        return len(self.ways) >= FEWEST

    @property
    def is_complete(self) -> bool:
        """Whether everybody who sits in a seat has given theirs."""
        return self.has_enough and 0 < self.seated == self.seated_done

    def is_open_to(self, *, leads: bool) -> bool:
        """To the team once it is complete; to who leads the team before, where that tells nobody's own choices."""
        return self.is_complete or (leads and self.has_enough)


@dataclass(frozen=True, slots=True)
class Taken:
    """A choice, and how many took it."""

    text: str
    people: int


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A step at which there was something to choose."""

    title: str
    role: str | None
    taken: tuple[Taken, ...]

    @property
    def differs(self) -> bool:
        return sum(one.people > 0 for one in self.taken) > 1


@dataclass(frozen=True, slots=True)
class RoleTaken:
    """Of the steps that are seen with one role's eyes: how many had a choice, and at how many people chose
    differently."""

    role: str
    steps: int
    differing: int


def count_roles(steps: Iterable[StepTaken]) -> tuple[RoleTaken, ...]:
    """By role, in the order in which the story meets them."""
    by_role: dict[str, list[StepTaken]] = {}
    for step in steps:
        if step.role:
            by_role.setdefault(step.role, []).append(step)
    return tuple(RoleTaken(role, len(own), sum(one.differs for one in own)) for role, own in by_role.items())


def load_stories(people: Collection[int], seated: Collection[int]) -> list[Story]:
    """The stories that people of a team gave, by course and module. One query.

    What somebody chose is theirs alone behind the second wall: read as the system, and only counts go on from here.
    """
    if not people:
        return []
    with looking_as(SYSTEM):
        given = plays_of(people)
    return [_story(key, given, seated) for key in sorted({(one.slug, one.module_id, one.scenario_id) for one in given})]


def _story(key: tuple[str, str, str], given: Iterable[Given], seated: Collection[int]) -> Story:
    own = [one for one in given if (one.slug, one.module_id, one.scenario_id) == key]
    done = frozenset(one.user_id for one in own)
    shown = own[: count_shown([one.user_id for one in own], seated)]
    return Story(*key, tuple(sorted(one.steps for one in shown)), len(set(seated)), len(done & set(seated)), done)


def count_shown(given: Sequence[int], seated: Collection[int]) -> int:
    """Of how many people, in the order in which they gave, the choices are counted together.

    Whoever looks twice could subtract: so what is shown grows by FEWEST people at least, or not. Before all who sit in
    a seat have given, it stops where fewer than FEWEST would be left for the last look. Pure.
    """
    waiting = set(seated) - set(given)
    if waiting or not seated:
        most = len(given) + len(waiting) - FEWEST if waiting else len(given)
        return max(0, min(len(given), most)) // FEWEST * FEWEST
    complete = max(FEWEST, 1 + max(given.index(one) for one in set(seated)))
    return 0 if len(given) < complete else complete + (len(given) - complete) // FEWEST * FEWEST


def load_seated(cohort_id: int) -> tuple[set[int], set[int]]:
    """Ids of the people of a team, and of those who sit in a seat. One query."""
    rows = db.session.execute(
        select(Member.user_id, Member.seat_id).where(Member.cohort_id == cohort_id, Member.left_at.is_(None))
    ).all()
    return {user_id for user_id, _ in rows}, {user_id for user_id, seat_id in rows if seat_id is not None}


def is_in_a_team(user_id: int) -> bool:
    """Whether somebody is a member of an open team. One query."""
    own = exists().where(
        Member.user_id == user_id,
        Member.left_at.is_(None),
        Member.cohort_id == Cohort.id,
        Cohort.archived_at.is_(None),
    )
    return bool(db.session.scalar(select(own)))


def count_choices(scenario: Scenario, ways: Sequence[Sequence[str]]) -> tuple[StepTaken, ...]:
    """Of each step with a choice, in the story's order: what was chosen the first time that somebody came there."""
    steps = []
    for step in scenario.steps:
        if len(step.choices) < 2:
            continue
        firsts = Counter(first for way in ways if (first := _first_choice(way, step.id)) is not None)
        if firsts:
            texts: dict[str, str] = {}
            for choice in step.choices:  # two that lead to the same step cannot be told apart
                texts[choice.target] = (
                    f"{texts[choice.target]} / {choice.text}" if choice.target in texts else choice.text
                )
            taken = tuple(Taken(text, firsts[target]) for target, text in texts.items())
            steps.append(StepTaken(step.title, step.role, taken))
    return tuple(steps)


def _first_choice(way: Sequence[str], step_id: str) -> str | None:
    return next((after for here, after in pairwise(way) if here == step_id), None)
