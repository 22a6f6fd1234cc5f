"""Licenses: entered, changed, ended by their holder; one at most is printed; others see three characters."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from lms.clock import utc_now
from lms.errors import Conflict, Invalid, NotFound
from lms.people import licenses
from lms.people.models import License, mask
from tests.support.world import World

BOARDS = ("missouri-post", "missouri-nursing")


def add(world: World, user: int, number: str = "12345", **values: object) -> int:
    given = {"board": "missouri-post", "state": "mo", "expires_on": None, "is_printed": False, **values}
    return world.write(
        lambda: licenses.add_license(user, number=number, boards=BOARDS, now=utc_now(), **given).id  # type: ignore[arg-type]
    )


def held(world: World, user: int) -> list[License]:
    return world.read(lambda: list(licenses.list_licenses(user)))


def test_a_license_is_kept_with_its_state_in_capitals(world: World) -> None:
    user = world.user()

    add(world, user, " 12 345 ")

    assert [(one.state, one.number) for one in held(world, user)] == [("MO", "12 345")]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("board", {"board": "nobody"}),
        ("state", {"state": "Missouri"}),
        ("number", {"number": "  "}),
        ("number", {"number": "9" * 65}),
    ],
)
def test_what_cannot_be_a_license_is_refused_at_its_field(world: World, field: str, values: dict[str, str]) -> None:
    user = world.user()

    with pytest.raises(Invalid) as refused:
        add(world, user, **values)  # type: ignore[arg-type]

    assert refused.value.field == field


def test_the_same_license_is_not_entered_twice_but_again_after_it_ended(world: World) -> None:
    user = world.user()
    first = add(world, user)

    with pytest.raises(Invalid):
        add(world, user)
    world.write(lambda: licenses.end_license(user, first, utc_now()))
    add(world, user)

    assert len(held(world, user)) == 1


def test_choosing_one_to_print_takes_the_choice_from_the_other(world: World) -> None:
    user = world.user()
    first = add(world, user, "1111", is_printed=True)

    second = add(world, user, "2222", is_printed=True)

    assert {one.id: one.is_printed for one in held(world, user)} == {first: False, second: True}


def test_the_database_holds_one_printed_license_a_person(world: World) -> None:
    user = world.user()
    add(world, user, "1111", is_printed=True)
    second = add(world, user, "2222")

    def force() -> None:
        licenses.find_license(user, second).is_printed = True

    with pytest.raises(IntegrityError):
        world.write(force)


def test_an_ended_license_is_neither_listed_nor_printed_nor_found(world: World) -> None:
    user = world.user()
    license_id = add(world, user, is_printed=True)

    world.write(lambda: licenses.end_license(user, license_id, utc_now()))

    assert held(world, user) == []
    with pytest.raises(NotFound):
        world.read(lambda: licenses.find_license(user, license_id))


def test_nobody_finds_the_license_of_another(world: World) -> None:
    license_id = add(world, world.user())
    other = world.user()

    with pytest.raises(NotFound):
        world.read(lambda: licenses.find_license(other, license_id))


def test_a_license_holds_through_its_last_day(world: World) -> None:
    user = world.user()
    add(world, user, expires_on=date(2026, 3, 14))

    assert world.read(lambda: len(licenses.licenses_on(user, date(2026, 3, 14)))) == 1
    assert world.read(lambda: len(licenses.licenses_on(user, date(2026, 3, 15)))) == 0


def test_a_person_cannot_fill_the_table(world: World) -> None:
    user = world.user()
    for number in range(licenses.MOST_LICENSES):
        add(world, user, f"n-{number}")

    with pytest.raises(Conflict):
        add(world, user, "one-too-many")


@pytest.mark.parametrize(("number", "seen"), [("2019027345", "•••345"), ("123", "•••"), ("1", "•••")])
def test_others_see_three_characters_and_never_a_whole_number(number: str, seen: str) -> None:
    assert mask(number) == seen
