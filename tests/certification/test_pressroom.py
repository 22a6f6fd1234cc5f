"""Drawing in child processes: the same bytes, nothing lost when a child is killed, a poisoned order fails alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from lms.certification import pressroom, pressroom_child
from lms.certification.designs import Design
from lms.certification.documents import Order, draw, draw_many
from lms.certification.press import Attached
from lms.certification.pressroom import Drawing, Pressroom
from tests.certification.conftest import SAMPLE

POISON = Order(replace(SAMPLE, code="0000-POISON", modality="no such word"))
"""Raises in the middle of the drawing."""


def orders(count: int) -> list[Order]:
    return [Order(replace(SAMPLE, printed_name=f"Person {number} Núñez")) for number in range(count)]


def children_of(room: Pressroom) -> list[int]:
    return [child.process.pid for child in room._places.queue if child is not None]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid)


@pytest.fixture
def room() -> Iterator[Pressroom]:
    with Pressroom(2) as made:
        yield made


def test_a_pressroom_makes_the_bytes_that_this_process_makes_in_the_order_asked(room: Pressroom) -> None:
    asked = [*orders(23), Order(SAMPLE, attachments=(Attached("a.json", "A", b"{}"),))]
    asked[3] = Order(replace(SAMPLE, printed_name="أحمد العلي", language="es"))

    drawn = [one.content for one in room.draw_each(asked)]

    assert drawn == [draw(order.facts, order.design, order.attachments) for order in asked]


def test_it_never_has_more_children_than_it_says_and_keeps_them(room: Pressroom) -> None:
    list(room.draw_each(orders(30)))
    first = sorted(children_of(room))
    list(room.draw_each(orders(30)))

    assert 1 <= len(first) <= 2
    assert set(first) <= set(children_of(room))
    assert len(children_of(room)) <= 2


def test_orders_are_taken_up_only_as_they_are_needed(room: Pressroom) -> None:
    taken = []

    def endless() -> Iterator[Order]:
        for order in orders(10_000):
            taken.append(order)
            yield order

    drawings = room.draw_each(endless())
    next(drawings)
    drawings.close()  # type: ignore[attr-defined]

    assert len(taken) <= 60


def test_children_that_are_killed_in_the_middle_lose_nothing(room: Pressroom) -> None:
    asked = orders(40)
    drawings = room.draw_each(asked)

    found = [next(drawings)]
    killed = children_of_this_process()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    found += drawings

    assert len(killed) == 2
    assert {one.error for one in found} == {""}
    assert [one.content for one in found] == draw_many([order.facts for order in asked])


def children_of_this_process() -> list[int]:
    text = Path(f"/proc/{os.getpid()}/task").iterdir()
    found = [pid for task in text for pid in (task / "children").read_text(encoding="utf-8").split()]
    return [int(pid) for pid in found if b"pressroom_child" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_poisoned_order_fails_alone_and_says_why(room: Pressroom) -> None:
    asked = orders(12)
    asked[4] = POISON

    drawn = list(room.draw_each(asked))

    assert [place for place, one in enumerate(drawn) if one.content is None] == [4]
    assert "KeyError" in drawn[4].error
    assert drawn[5] == Drawing(draw(asked[5].facts))


def test_an_order_that_kills_whoever_draws_it_fails_alone_after_one_more_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child is ours with one line more: it dies at a certain name, as from a crash in a C library."""
    tries = tmp_path / "tries"
    child = (
        "import os, lms.certification.pressroom_child as ours\n"
        "draw = ours.draw_orders\n"
        "def deadly(orders):\n"
        "    if any('deadly' in order.facts.printed_name for order in orders):\n"
        f"        open({str(tries)!r}, 'a').write('x')\n"
        "        os.kill(os.getpid(), 11)\n"
        "    return draw(orders)\n"
        "ours.draw_orders = deadly\n"
        "ours.main()\n"
    )
    monkeypatch.setattr(pressroom, "CHILD", (sys.executable, "-c", child))
    asked = orders(12)
    asked[2] = Order(replace(SAMPLE, printed_name="deadly"))

    with Pressroom(2) as room:
        drawn = list(room.draw_each(asked))

    assert [place for place, one in enumerate(drawn) if one.content is None] == [2]
    assert drawn[2].error == "the drawing process ended with -11"
    assert tries.read_text(encoding="utf-8") == "xx"


def test_a_drawing_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    child = (
        "import lms.certification.pressroom_child as ours\n"
        "def forever(orders):\n"
        "    while True: pass\n"
        "ours.draw_orders, ours.SECONDS_FOR_ONE = forever, 0.2\n"
        "ours.main()\n"
    )
    monkeypatch.setattr(pressroom, "CHILD", (sys.executable, "-c", child))

    with Pressroom(1) as room:
        (drawn,) = room.draw_each(orders(1))

    assert drawn == Drawing(None, f"the drawing process ended with -{signal.SIGALRM.value}")


def test_a_child_that_has_drawn_much_makes_room_for_a_fresh_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressroom, "MOST_DRAWN", 10)

    with Pressroom(1) as room:
        drawn = list(room.draw_each(orders(25)))

        assert all(one.content for one in drawn)
        assert [child.drawn for child in room._places.queue if child] == [5]


def test_closing_ends_the_children() -> None:
    with Pressroom(1) as room:
        list(room.draw_each(orders(1)))
        (pid,) = children_of(room)

    assert wait_until_gone(pid)


WORKER = """
import sys, time
from lms.certification.pressroom import Pressroom
from tests.certification.test_pressroom import children_of, orders
room = Pressroom(1)
list(room.draw_each(orders(1)))
print(*children_of(room), flush=True)
time.sleep(600)
"""


def test_when_the_worker_is_killed_its_children_end_too() -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert worker.stdout is not None
    pid = int(worker.stdout.readline())

    worker.kill()
    worker.wait()
    worker.stdout.close()

    assert wait_until_gone(pid)


def test_what_a_library_prints_does_not_come_between_the_replies() -> None:
    assert pressroom_child.SECONDS_FOR_ONE > 1
    child = subprocess.Popen(
        [sys.executable, "-c", "import os, lms.certification.pressroom_child as ours\n"
         "draw = ours.draw_orders\n"
         "ours.draw_orders = lambda orders: (print('noise', flush=True), os.write(1, b'more'), draw(orders))[2]\n"
         "ours.main()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None

    pressroom.write_frame(child.stdin, (Order(SAMPLE),))
    reply = pressroom.read_frame(child.stdout)
    child.stdin.close()
    child.stdout.close()

    assert reply == [draw(SAMPLE)]
    assert child.wait(30) == 0


def test_an_order_travels_whole() -> None:
    import pickle

    order = Order(replace(SAMPLE, completed_on=date(2026, 1, 2)), Design("a", "b"), (Attached("n", "d", b"c"),))

    assert pickle.loads(pickle.dumps(order)) == order
