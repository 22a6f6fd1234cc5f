"""What a row would change of somebody's licenses: a row adds or updates one, and never removes another; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from lms.errors import N_
from lms.people.importing.known import Earlier, FileSoFar, Known, Verdict
from lms.people.importing.licensed import Held, Licensed
from lms.people.importing.troubles import Trouble
from lms.people.names import MOST_LICENSES, license_key

ADDS, CHANGES = "adds", "changes"
WORDS = {ADDS: N_("Gets the license."), CHANGES: N_("Gets the license as the file has it.")}
NUMBER_KEPT = N_(
    "The license number in the file differs; the one that is here already is kept, since it is the person's."
)
DAY_KEPT = N_("The license goes on longer than the file says; the later day is kept, since it is the person's.")
SEVERAL = N_(
    "This person has several licenses of this board and state, and none has the number in the file. Correct the number."
)
TOO_MANY = N_("This person has as many licenses as fit. One of them must end first, on their own page.")
OTHERS = N_(
    "Somebody else in your agencies has this license already. Look for the number under People: correct it, or put the "
    "two accounts together."
)
"""Without a name: a list of guesses must not tell whose numbers they are, and looking one up is noted."""
OTHER_LINE = N_("Line %(line)s gives the same license to somebody else. Correct the one that is wrong.")
OTHER_NUMBER = N_(
    "Line %(line)s gives this person another license number of the same board and state. Correct the one that is wrong."
)
OTHER_DAY = N_("Line %(line)s gives another last day of the same license. Correct the one that is wrong.")


@dataclass(frozen=True, slots=True)
class Change:
    """What a row means for somebody's licenses: `kind` None where nothing; then `trouble` may say what is kept.

    With a kind: the license to be changed, or none to add one, and what it will say.
    """

    kind: str | None = None
    license_id: int | None = None
    number: str = ""
    expires_on: date | None = None
    trouble: Trouble | None = None
    is_problem: bool = False


def change_of(given: Licensed, held: Sequence[Held], *, is_theirs: bool) -> Change:
    """What a row would do. `is_theirs`: the person looks after their account, so that what they entered is theirs: the
    file adds what is not there, and moves a last day to a later one."""
    alike = [one for one in held if one.kind == given.kind]
    same = next((one for one in alike if is_one_license(one.number, given.number)), None)
    if same is not None:
        return _same(given, same, is_theirs=is_theirs)
    if not alike and len(held) >= MOST_LICENSES:
        return Change(trouble=Trouble(TOO_MANY), is_problem=True)
    if not alike:
        return Change(ADDS, None, given.number, given.expires_on)
    if is_theirs:
        return Change(trouble=Trouble(NUMBER_KEPT))
    if len(alike) > 1:
        return Change(trouble=Trouble(SEVERAL), is_problem=True)
    return Change(CHANGES, alike[0].id, given.number, given.expires_on or alike[0].expires_on)


def _same(given: Licensed, held: Held, *, is_theirs: bool) -> Change:
    if given.expires_on is None or given.expires_on == held.expires_on:
        return Change()
    if is_theirs and held.expires_on is not None and given.expires_on < held.expires_on:
        return Change(trouble=Trouble(DAY_KEPT))
    return Change(CHANGES, held.id, held.number, given.expires_on)


def is_one_license(one: str, other: str) -> bool:
    """Whether two numbers are the same: punctuation says nothing, and spreadsheets lose the zeros before a number."""
    one, other = license_key(one), license_key(other)
    return one == other or (one.isdecimal() and other.isdecimal() and one.lstrip("0") == other.lstrip("0"))


def with_license(verdict: Verdict, given: Licensed, known: Known, so_far: FileSoFar) -> Verdict:
    """A verdict on a row that comes in, with what its license means."""
    person = known.by_id.get(verdict.match_user_id or 0)
    own = so_far.of_person(verdict.match_user_id, verdict.same_as)
    if any(person is None or one.id != person.id for one in known.holders.get(given.key, ())):
        return _problem(verdict, Trouble(OTHERS))
    other = next((row for row in so_far.by_license.get(given.key, ()) if row not in own), None)
    if other is not None:
        return _problem(verdict, Trouble(OTHER_LINE, {"line": other.line}))
    held = person.licenses if person else ()
    change = change_of(given, held, is_theirs=bool(person and person.has_account))
    earlier = [row for row in own if row.license is not None and row.license.kind == given.kind]
    change = _after(given, earlier, held, change)
    if change.is_problem and change.trouble is not None:
        return _problem(verdict, change.trouble)
    if change.kind is not None and verdict.outcome == "unchanged":
        return replace(verdict, outcome="update", reason=Trouble(WORDS[change.kind]))
    return replace(verdict, reason=verdict.reason or change.trouble)


def _after(given: Licensed, earlier: Iterable[Earlier], held: Iterable[Held], change: Change) -> Change:
    """The same where the person stands on earlier lines with a license of this board and state: two numbers are right
    only where both are held already, else each line would undo what the other does."""
    alike = [one.number for one in held if one.kind == given.kind]
    for row in earlier:
        said = row.license
        if said is None:
            continue
        if not is_one_license(said.number, given.number):
            if not (_is_among(said.number, alike) and _is_among(given.number, alike)):
                return Change(trouble=Trouble(OTHER_NUMBER, {"line": row.line}), is_problem=True)
        elif given.expires_on is None or given.expires_on == said.expires_on:
            change = Change()
        elif said.expires_on is not None:
            return Change(trouble=Trouble(OTHER_DAY, {"line": row.line}), is_problem=True)
    return change


def _is_among(number: str, numbers: Iterable[str]) -> bool:
    return any(is_one_license(number, one) for one in numbers)


def _problem(verdict: Verdict, trouble: Trouble) -> Verdict:
    return replace(verdict, outcome="problem", reason=trouble, same_as=None)
