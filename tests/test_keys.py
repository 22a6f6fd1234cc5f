"""Signing keys: one in use for each purpose, sealed at rest, retired but never lost."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from lms import keys
from lms.database import db, run_transaction, writing
from lms.errors import Conflict
from lms.keys import NewKey

SECRET = "a secret key for tests, long enough to be one"


def maker(kid: str):
    return lambda: NewKey(kid, f"public {kid}", f"private {kid}".encode())


def test_a_key_is_made_once_and_found_again(context: Flask) -> None:
    first = keys.key_in_use("badge", SECRET, maker("one"))
    again = keys.key_in_use("badge", SECRET, maker("two"))

    assert (first.kid, again.kid, again.private) == ("one", "one", b"private one")


def test_the_private_part_lies_sealed(context: Flask) -> None:
    keys.key_in_use("badge", SECRET, maker("one"))

    row = keys.find_in_use("badge")

    assert row is not None
    assert b"private one" not in row.sealed


def test_another_secret_key_opens_nothing_and_says_so(context: Flask) -> None:
    keys.key_in_use("badge", SECRET, maker("one"))

    with pytest.raises(Conflict, match="secret key has changed"):
        keys.key_in_use("badge", SECRET + "!", maker("two"))


def test_a_retired_key_still_answers_by_its_id(context: Flask) -> None:
    keys.key_in_use("badge", SECRET, maker("one"))

    run_transaction(lambda: keys.rotate("badge", SECRET, maker("two")()))
    db.session.rollback()

    assert keys.key_in_use("badge", SECRET, maker("three")).kid == "two"
    retired = keys.find_by_kid("one")
    assert retired is not None
    assert retired.retired_at is not None
    assert [row.kid for row in keys.all_keys("badge")] == ["two", "one"]


def test_a_key_that_was_retired_is_not_taken_again(context: Flask) -> None:
    keys.key_in_use("badge", SECRET, maker("one"))
    run_transaction(lambda: keys.rotate("badge", SECRET, maker("two")()))

    with pytest.raises(Conflict, match="in use before"):
        run_transaction(lambda: keys.rotate("badge", SECRET, maker("one")()))

    run_transaction(lambda: keys.rotate("badge", SECRET, maker("two")()))

    in_use = keys.find_in_use("badge")
    assert in_use is not None
    assert in_use.kid == "two"


@pytest.mark.postgresql_only
def test_of_two_that_rotate_at_once_neither_believes_in_a_key_that_is_not_there(app: Flask, context: Flask) -> None:
    keys.key_in_use("badge", SECRET, maker("one"))
    together, told = threading.Barrier(2), []

    def rotate(kid: str) -> None:
        def step() -> None:
            keys.find_in_use("badge")
            together.wait(10)
            keys.rotate("badge", SECRET, maker(kid)())

        with app.app_context():
            try:
                with writing():
                    step()
                told.append(kid)
            except Conflict:
                pass

    threads = [threading.Thread(target=rotate, args=(kid,)) for kid in ("two", "three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    known = {row.kid for row in keys.all_keys("badge")}
    assert known == {"one", *told}
    assert len(told) >= 1
