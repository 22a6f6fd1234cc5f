"""The boards that lists of people may name: the credit bodies of the site, with everything they are called."""

from __future__ import annotations

from lms.certification.credit_bodies import Body, load_bodies
from lms.people.importing.boards import Board, BoardBook

NAMED = ("name", "short_name", "license_name")


def load_boards() -> BoardBook:
    """One query."""
    return BoardBook({slug: Board(slug, one.state, _names(one)) for slug, one in load_bodies().items()})


def _names(body: Body) -> tuple[str, ...]:
    """What its license is called may be the same for several; what the body is called should not be."""
    return tuple(str(text) for key in NAMED for text in body.facts[key].values())
