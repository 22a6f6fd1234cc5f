"""Whom an entry is about, and what would become of it: values in, value out; pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lms.errors import N_
from lms.people.importing.entries import Entry, Read
from lms.people.importing.known import Earlier, FileSoFar, Known, Person, Verdict
from lms.people.importing.license_matching import with_license
from lms.people.importing.troubles import Trouble


def judge(read: Read, known: Known, so_far: FileSoFar, employer_id: int | None, decision: str | None = None) -> Verdict:
    """What would become of a row, given what somebody decided about it, if they did."""
    verdict = _judge(read, known, so_far, employer_id, decision)
    if verdict.outcome not in ("create", "update", "unchanged"):
        return verdict
    if read.entry.license is not None:
        return with_license(verdict, read.entry.license, known, so_far)
    return replace(verdict, reason=verdict.reason or read.remark)


def _judge(read: Read, known: Known, so_far: FileSoFar, employer_id: int | None, decision: str | None) -> Verdict:
    entry = read.entry
    person, trouble = _find_person(entry, known, employer_id)
    if read.trouble or trouble:
        return Verdict("problem", read.trouble or trouble, person.id if person else None)
    if person is not None and is_same_name(entry.name_key, person.name_key):
        return _about(entry, person, so_far, employer_id)
    row = None if person else _earlier(entry, so_far)
    if row is not None and is_same_name(entry.name_key, row.name_key):
        return _further(entry, row, so_far)
    if person is None and row is None:
        return _about_namesake(entry, known, so_far, employer_id, decision)
    return _about_shared_id(entry, person, row, so_far, employer_id, decision)


def _find_person(entry: Entry, known: Known, employer_id: int | None) -> tuple[Person | None, Trouble | None]:
    """By our own id, by staff id, by e-mail; the first that is known decides."""
    if entry.person_id is not None:
        person = known.by_id.get(entry.person_id)
        if person is None:
            return None, Trouble(N_("There is no person with this id in your agencies. Leave it empty for new people."))
        return person, None
    if entry.number and employer_id is not None:
        if (employer_id, entry.number) in known.foreign_numbers:
            return None, Trouble(N_("This staff id cannot be taken here. Ask the administrator of the agency above."))
        person = known.by_number.get((employer_id, entry.number))
        if person is not None:
            return person, None
    return (known.by_email.get(entry.email) if entry.email else None), None


def _earlier(entry: Entry, so_far: FileSoFar) -> Earlier | None:
    key = so_far.number_key(entry.agency_id, entry.number)
    rows = (so_far.by_number.get(key, ()) if key else ()) or so_far.by_email.get(entry.email or "", ())
    return rows[0] if rows else None


def is_same_name(one: str, other: str) -> bool:
    """Whether two names share a word of more than one letter: by the same id, that is the same person."""
    words = {word for word in one.split() if len(word) > 1}
    return one == other or not words.isdisjoint(other.split())


def _about(entry: Entry, person: Person, so_far: FileSoFar, employer_id: int | None) -> Verdict:
    """A person who is there: what the row would add."""
    if person.is_disabled:
        return Verdict(
            "problem",
            Trouble(N_("The account of this person is switched off. Switch it on first, or leave the row out.")),
            person.id,
        )
    held = person.numbers.get(employer_id) if employer_id is not None else None
    if entry.number and held and not _is_one_number(entry.number, held) and not _is_further(entry, person, employer_id):
        message = N_(
            "This person has the staff id %(held)s here, the file says %(given)s. Correct the one that is wrong."
        )
        return Verdict("problem", Trouble(message, {"held": held, "given": entry.number}), person.id)
    place = (entry.agency_id, entry.discipline)
    earlier = so_far.by_user.get(person.id, ())
    for row in earlier:
        if (row.agency_id, row.discipline) == place:
            return Verdict("unchanged", Trouble(N_("The same as line %(line)s."), {"line": row.line}), person.id)
    changes = changes_for(entry, person, employer_id)
    if changes:
        return Verdict("update", Trouble(CHANGE_WORDS[changes[0]]), person.id)
    kept = person.has_account and entry.name_key != person.name_key
    reason = Trouble(N_("The name in the file differs; the person's own spelling is kept.")) if kept else None
    return Verdict("unchanged", reason, person.id)


def _is_one_number(one: str, other: str) -> bool:
    """Whether two staff ids of one person are the same: spreadsheets lose the zeros before a number."""
    return one == other or (one.isdecimal() and other.isdecimal() and one.lstrip("0") == other.lstrip("0"))


def _is_further(entry: Entry, person: Person, employer_id: int | None) -> bool:
    return (employer_id, entry.number) in person.further_numbers


CHANGE_WORDS = {
    "place": N_("Gets a place here."),
    "number": N_("Gets the staff id."),
    "name": N_("Gets the name in the file."),
    "email": N_("Gets the e-mail address."),
}


def changes_for(entry: Entry, person: Person, employer_id: int | None) -> list[str]:
    """What a row would change of a person. A name and an address that they look after themselves stay as they are."""
    found = []
    if (entry.agency_id, entry.discipline) not in person.places:
        found.append("place")
    has_number = employer_id is None or person.numbers.get(employer_id) or _is_further(entry, person, employer_id)
    if entry.number and not has_number:
        found.append("number")
    if not person.has_account and entry.name_key != person.name_key:
        found.append("name")
    if not person.has_account and entry.email and entry.email not in (person.email, *person.further_emails):
        found.append("email")
    return found


def _further(entry: Entry, row: Earlier, so_far: FileSoFar) -> Verdict:
    """A person who is new with an earlier row: a further place, or the same once more."""
    if entry.number and row.number and not _is_one_number(entry.number, row.number):
        message = N_("Line %(line)s has the same e-mail address with another staff id. Correct the one that is wrong.")
        return Verdict("problem", Trouble(message, {"line": row.line}))
    key = so_far.number_key(row.agency_id, row.number)
    numbered = so_far.by_number.get(key, ()) if key else ()
    rows = [*so_far.by_email.get(row.email or "", ()), *numbered, row]
    for one in rows:
        if one.root == row.root and (one.agency_id, one.discipline) == (entry.agency_id, entry.discipline):
            reason = Trouble(N_("The same as line %(line)s."), {"line": one.line})
            return Verdict("unchanged", reason, row.match_user_id, same_as=row.root)
    reason = Trouble(N_("A further place of the person of line %(line)s."), {"line": row.line})
    return Verdict("update", reason, row.match_user_id, same_as=row.root)


def _about_namesake(
    entry: Entry, known: Known, so_far: FileSoFar, employer_id: int | None, decision: str | None
) -> Verdict:
    """Nobody has these ids; somebody of the same name may still be the same person."""
    twin = next((one for one in known.by_name.get(entry.name_key, ()) if _may_be(entry, one)), None)
    row = next((one for one in so_far.by_name.get(entry.name_key, ()) if _may_be_row(entry, one)), None)
    if (twin is None and row is None) or decision == "other":
        return Verdict("create", twin_user_id=twin.id if twin else None)
    if twin is not None and twin.is_disabled:
        return Verdict("create")
    if decision == "same":
        return _about(entry, twin, so_far, employer_id) if twin else _further(entry, row, so_far)  # type: ignore[arg-type]
    if twin is not None:
        return Verdict(
            "decide",
            Trouble(N_("There is somebody of this name. Say whether it is the same person.")),
            twin_user_id=twin.id,
        )
    assert row is not None
    message = N_("The same name stands on line %(line)s. Say whether it is the same person.")
    return Verdict("decide", Trouble(message, {"line": row.line}), twin_position=row.position)


def _may_be(entry: Entry, person: Person) -> bool:
    """Of one name: unless both have an address and they are different ones, at different agencies."""
    return not entry.email or not person.email or entry.agency_id in person.agency_ids


def _may_be_row(entry: Entry, row: Earlier) -> bool:
    if entry.number and row.number and entry.email and row.email:
        return False  # both ids differ
    return not entry.email or not row.email or entry.agency_id == row.agency_id


def _about_shared_id(
    entry: Entry, person: Person | None, row: Earlier | None, so_far: FileSoFar, employer_id: int | None,
    decision: str | None,
) -> Verdict:  # fmt: skip
    """The same id under quite another name: a marriage, an address used again, or a shared mailbox."""
    if decision == "same":
        return _about(entry, person, so_far, employer_id) if person else _further(entry, row, so_far)  # type: ignore[arg-type]
    number_taken = _shares_number(entry, person, row, employer_id)
    if decision == "other" and not number_taken:
        reason = Trouble(N_("Comes in without the e-mail address, which belongs to somebody else."))
        return Verdict("create", reason, drops_email=True)
    if decision == "other":
        return Verdict(
            "problem", Trouble(N_("Two people cannot have the same staff id. Correct the one that is wrong."))
        )
    message = N_(
        "The e-mail address or staff id belongs to somebody of another name. Say whether it is the same person."
    )
    return Verdict(
        "decide",
        Trouble(message),
        twin_user_id=person.id if person else None,
        twin_position=row.position if row else None,
    )


def _shares_number(entry: Entry, person: Person | None, row: Earlier | None, employer_id: int | None) -> bool:
    if entry.person_id is not None:
        return True
    if not entry.number:
        return False
    if person is not None:
        return employer_id is not None and person.numbers.get(employer_id) == entry.number
    return row is not None and row.number == entry.number


def reason_values(reason: Trouble | None) -> dict[str, Any]:
    """A reason as it is kept."""
    return {"message": reason.message, "values": dict(reason.values)} if reason else {}
