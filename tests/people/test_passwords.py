"""Which passwords are refused, and that hashing never takes every thread."""

from __future__ import annotations

import threading

import pytest

from lms.errors import Busy, Invalid
from lms.people import passwords
from lms.people.passwords import HashingRoom, check_password, hash_password, is_common, verify_password


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "teachers walk slowly home", "ñandú y jirafa en la plaza", "839201748362517"],
)
def test_a_long_password_of_ones_own_is_taken(password: str) -> None:
    check_password(password, site_name="Crosstrain", email="ana@example.org")


def test_fourteen_characters_are_too_few() -> None:
    with pytest.raises(Invalid) as refused:
        check_password("quiet otter re", site_name="Crosstrain")

    assert refused.value.field == "password"


def test_more_than_128_characters_are_too_many() -> None:
    with pytest.raises(Invalid):
        check_password("quiet otter " * 12, site_name="Crosstrain")


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "password password",
        "Password12345678!",
        "!!!!iloveyou1999",
        "123456789012345",
        "abcdefghijklmnop",
        "qwertyuiopasdfghjkl",
        "aaaaaaaaaaaaaaaa",
        "training-demo-only",
        "PASSWORDPASSWORD",
    ],
)
def test_a_common_password_is_refused_alone_repeated_or_padded(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password", ["Crosstrain is where I learn", "my name is anaruiz today", "crosstrainers of ohio"]
)
def test_the_site_name_and_the_email_in_a_password_are_refused(password: str) -> None:
    with pytest.raises(Invalid):
        check_password(password, site_name="Crosstrain", email="anaruiz@example.org")


def test_the_list_of_common_passwords_is_long() -> None:
    assert len(passwords.common_passwords()) > 3000


def test_a_hash_is_argon2id_and_verifies() -> None:
    hashed = hash_password("four quiet otters read")

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password(hashed, "four quiet otters read")
    assert not verify_password(hashed, "four quiet otters ran")


def test_the_same_letters_typed_on_another_keyboard_are_the_same_password() -> None:
    composed, apart = "caf\u00e9 con leche y pan", "cafe\u0301 con leche y pan"

    assert verify_password(hash_password(composed), apart)


def test_no_password_matches_an_account_without_one() -> None:
    assert not verify_password(None, "nobody has this password, and it is not stored anywhere")


def test_a_broken_hash_matches_nothing() -> None:
    assert not verify_password("no hash at all", "four quiet otters read")


def test_a_storm_of_sign_ins_leaves_a_thread_for_pages() -> None:
    room, gate = HashingRoom(threads=4), threading.Event()
    inside = [threading.Thread(target=lambda: room.run(gate.wait)) for _ in range(3)]
    for thread in inside:
        thread.start()
    while room._places._value:  # the three have come in
        pass

    with pytest.raises(Busy):
        room.run(lambda: None)

    gate.set()
    for thread in inside:
        thread.join()
    assert room.run(lambda: "free again") == "free again"


def test_only_half_of_the_threads_hash_at_once() -> None:
    room, gate, begun = HashingRoom(threads=4), threading.Event(), []
    inside = [threading.Thread(target=lambda: room.run(lambda: (begun.append(1), gate.wait()))) for _ in range(3)]
    for thread in inside:
        thread.start()
    while len(begun) < 2:
        pass

    assert len(begun) == 2
    gate.set()
    for thread in inside:
        thread.join()
