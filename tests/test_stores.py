"""The store in process: bounded, and nothing is made twice at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lms.stores import BoundedStore


def test_what_several_threads_ask_for_at_once_is_made_once() -> None:
    store: BoundedStore[str, str] = BoundedStore(8)
    made: list[str] = []
    all_asked, asked = threading.Event(), threading.Semaphore(0)

    def make() -> str:
        made.append("made")
        assert all_asked.wait(30)
        return "value"

    def ask() -> str:
        asked.release()
        return store.get_or_make("key", make)

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(ask) for _ in range(4)]
        for _ in range(4):
            assert asked.acquire(timeout=30)
        all_asked.set()

    assert [one.result() for one in answers] == ["value"] * 4
    assert made == ["made"]


def test_what_could_not_be_made_is_tried_again_by_who_asks_next() -> None:
    store: BoundedStore[str, str] = BoundedStore(8)

    def fail() -> str:
        raise ValueError("not now")

    with pytest.raises(ValueError, match="not now"):
        store.get_or_make("key", fail)

    assert store.get_or_make("key", lambda: "value") == "value"


def test_making_one_value_does_not_wait_for_another() -> None:
    store: BoundedStore[str, str] = BoundedStore(8)

    outer = store.get_or_make("outer", lambda: store.get_or_make("inner", lambda: "inside") + " and outside")

    assert outer == "inside and outside"
    assert store.get("inner") == "inside"


def test_the_least_used_value_leaves_first() -> None:
    store: BoundedStore[str, str] = BoundedStore(2)
    for key in ("one", "two"):
        store.put(key, key)
    store.get("one")

    store.put("three", "three")

    assert (store.get("one"), store.get("two"), store.get("three")) == ("one", None, "three")
    assert len(store) == 2
