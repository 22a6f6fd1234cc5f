"""Drawing in bulk: a few child processes, kept warm, each with a press. What breaks one breaks only that one.

WeasyPrint computes in one thread and calls into C libraries that a strange document may crash. So the worker draws in
children: as many at once as it says, no drawing lost when one dies, none of them left behind when the worker dies.
"""

from __future__ import annotations

import logging
import pickle
import queue
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any, Self

from lms.certification.documents import TOGETHER, Order

log = logging.getLogger("lms.certification.pressroom")

CHILD = (sys.executable, "-m", "lms.certification.pressroom_child")

MOST_DRAWN = 5_000
"""A child that has drawn so many makes room for a fresh one: nobody has to trust that C libraries leak nothing."""

SECONDS_TO_LEAVE = 5
HEADER = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Drawing:
    """What became of an order: its PDF, or None and why not."""

    content: bytes | None
    error: str = ""


class ChildDied(Exception):
    """A child ended in the middle of an order: killed, crashed, or stopped because it took too long."""


def write_frame(stream: IO[bytes], value: object) -> None:
    """One value with its length before it. Only between our own processes: it is pickled."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(HEADER.pack(len(data)) + data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Any:
    """The next value. Raises EOFError where the other side is gone."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        raise EOFError
    (length,) = HEADER.unpack(header)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)  # noqa: S301 (our own child wrote it)


@dataclass(slots=True)
class Child:
    """One process that draws. It ends by itself when its input does, so it never outlives the worker."""

    process: subprocess.Popen[bytes] = field(
        default_factory=lambda: subprocess.Popen(CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)
    )
    drawn: int = 0

    def ask(self, orders: Sequence[Order]) -> list[bytes] | str:
        """The PDFs, or what the drawing raised. Raises ChildDied."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            write_frame(self.process.stdin, tuple(orders))
            reply: list[bytes] | str = read_frame(self.process.stdout)
        except (OSError, EOFError) as error:
            self.stop()
            raise ChildDied(f"the drawing process ended with {self.process.returncode}") from error
        self.drawn += len(orders)
        return reply

    def stop(self) -> None:
        """Let it end, and see to it that it does."""
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            with suppress(OSError):
                stream.close()
        try:
            self.process.wait(SECONDS_TO_LEAVE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Pressroom:
    """At most `size` children. Made once per worker; `close` it, or use it in a `with`."""

    def __init__(self, size: int = 2) -> None:
        self.size = size
        self._places: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(size):
            self._places.put(None)

    def draw_each(self, orders: Iterable[Order]) -> Iterator[Drawing]:
        """A drawing for each order, in their order, as they get done; the orders are taken up only as needed."""
        with ThreadPoolExecutor(self.size, thread_name_prefix="pressroom") as hands:
            begun: deque[Future[list[Drawing]]] = deque()
            for batch in _batches(orders):
                begun.append(hands.submit(self._draw_batch, batch))
                if len(begun) > 2 * self.size:
                    yield from begun.popleft().result()
            while begun:
                yield from begun.popleft().result()

    def close(self) -> None:
        """End all children. Nothing may be drawing."""
        children = [self._places.get() for _ in range(self.size)]
        for child in children:
            if child is not None:
                child.stop()
            self._places.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _draw_batch(self, batch: Sequence[Order]) -> list[Drawing]:
        """Where a batch fails, each of it is tried once more, alone: what is at fault fails alone, and is reported."""
        try:
            reply = self._ask(batch)
            if not isinstance(reply, str):
                return [Drawing(content) for content in reply]
            if len(batch) == 1:  # it would only raise the same again
                return [Drawing(None, reply)]
        except ChildDied as error:
            log.warning("%s; its %s orders are drawn once more", error, len(batch))
        return [self._draw_alone(order) for order in batch]

    def _draw_alone(self, order: Order) -> Drawing:
        try:
            reply = self._ask([order])
        except ChildDied as error:
            reply = str(error)
        if isinstance(reply, str):
            log.error("certificate %s cannot be drawn: %s", order.facts.code, reply)
            return Drawing(None, reply)
        return Drawing(reply[0])

    def _ask(self, orders: Sequence[Order]) -> list[bytes] | str:
        child = self._places.get()
        try:
            child = child or Child()
            reply = child.ask(orders)
            if child.drawn >= MOST_DRAWN:
                child.stop()
                child = None
        except ChildDied:
            child = None
            raise
        finally:
            self._places.put(child)
        return reply


def _batches(orders: Iterable[Order]) -> Iterator[list[Order]]:
    rest = iter(orders)
    while batch := list(islice(rest, TOGETHER)):
        yield batch
