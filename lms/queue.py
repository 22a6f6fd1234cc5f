"""The queue of the worker: a SQLite file by default, Redis by setting. The outbox is the truth, not the queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from huey import Huey, RedisHuey, SqliteHuey, crontab

from lms.settings import Settings


def make_queue(settings: Settings) -> Huey:
    """A connection to the queue; what is in it may be lost without harm."""
    if settings.redis_url:
        return RedisHuey("lms", url=settings.redis_url, results=False)
    settings.instance.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("lms", filename=str(settings.instance / "queue.sqlite"), results=False, fsync=False)


@dataclass(frozen=True, slots=True)
class Tasks:
    """The tasks of this program on a queue."""

    deliver_now: Callable[[], Any]
    sweep: Callable[[], Any]
    daily: Callable[[], Any]


def declare_tasks(queue: Huey, deliver: Callable[[], int], tidy: Callable[[], None] = lambda: None) -> Tasks:
    """Name the tasks on a queue. The worker passes what delivers, and what tidies up once a day; the web only wakes the
    worker.

    The periodic task only looks at the outbox, so two schedulers are harmless.
    """

    @queue.task(name="deliver")  # type: ignore[untyped-decorator]
    def deliver_now() -> None:
        while deliver():
            pass

    @queue.periodic_task(crontab(minute="*"), name="sweep")  # type: ignore[untyped-decorator]
    def sweep() -> None:
        while deliver():
            pass

    @queue.periodic_task(crontab(minute="17", hour="8"), name="daily")  # type: ignore[untyped-decorator]
    def daily() -> None:
        tidy()

    return Tasks(deliver_now, sweep, daily)
