"""What of the directory is shown for a need and a county: values in, groups out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lms.courseware.directory.entries import EMERGENCY, ByNeed, Directory, Organization


@dataclass(frozen=True, slots=True)
class Shown:
    """`here` serve the county that was asked for (or, where none was, some counties each); `everywhere` the whole state
    or the country; of `unknown` we do not know which counties they serve."""

    lines: tuple[ByNeed, ...]
    here: tuple[Organization, ...]
    everywhere: tuple[Organization, ...]
    unknown: tuple[Organization, ...]

    @property
    def organizations(self) -> tuple[Organization, ...]:
        return (*self.here, *self.everywhere, *self.unknown)


def choose(directory: Directory, need: str = "", county: str = "") -> Shown:
    """The entries for a need and a county; an empty one asks for all. The emergency line is always there, and first;
    organizations that somebody can turn to stand before those that fund or connect."""
    lines = [one for one in directory.lines if not need or need in one.served.needs or EMERGENCY in one.served.needs]
    found = [one for one in directory.organizations if one.is_public and (not need or need in one.served.needs)]
    found.sort(key=lambda one: not one.is_direct)
    return Shown(
        lines=tuple(sorted(lines, key=lambda one: EMERGENCY not in one.served.needs)),
        here=tuple(one for one in found if _is_here(one, county)),
        everywhere=tuple(one for one in found if one.served.is_everywhere),
        unknown=tuple(one for one in found if one.served.counties is None),
    )


def _is_here(one: Organization, county: str) -> bool:
    if one.served.counties is None or one.served.is_everywhere:
        return False
    return not county or county in one.served.counties


def to_confirm(directory: Directory) -> tuple[Organization, ...]:
    """Those of which the public does not see everything: for who will check them."""
    return tuple(one for one in directory.organizations if not one.is_public or one.weak)


def by_need(shown: Shown, need: str) -> tuple[list[ByNeed], list[Organization]]:
    """Of what is shown, what is for one need."""
    return [one for one in shown.lines if need in one.served.needs], _for(shown.organizations, need)


def _for(found: Iterable[Organization], need: str) -> list[Organization]:
    return [one for one in found if need in one.served.needs]
