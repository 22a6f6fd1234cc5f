"""The queue of the worker: a SQLite file by default, Redis by setting. The outbox is the truth, not the queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from sqlite3 import Error as SqliteError
from typing import Any

from huey import Huey, RedisHuey, SqliteHuey, crontab
from redis.exceptions import RedisError

from lms.settings import Settings


def make_queue(settings: Settings) -> Huey:
    """A connection to the queue; what is in it may be lost without harm."""
    if settings.redis_url:
        return RedisHuey("lms", url=with_timeouts(settings.redis_url), results=False)
    settings.instance.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("lms", filename=str(settings.instance / "queue.sqlite"), results=False, fsync=False)


def find_trouble(settings: Settings) -> str | None:
    """What is wrong with the queue, as the kind of error; None where it answers."""
    try:
        make_queue(settings).storage.queue_size()
    except (SqliteError, RedisError, OSError) as error:
        return type(error).__name__
    return None


def with_timeouts(url: str) -> str:
    """The address with limits on waiting, unless it names its own: else a Redis that hangs would hold the request that
    only wants to wake the worker."""
    if "socket_timeout" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}socket_timeout=10&socket_connect_timeout=5"


@dataclass(frozen=True, slots=True)
class Tasks:
    """The tasks of this program on a queue."""

    deliver_now: Callable[[], Any]
    sweep: Callable[[], Any]
    plan_day: Callable[[], Any]


def declare_tasks(queue: Huey, deliver: Callable[[], int], plan: Callable[[], int]) -> Tasks:
    """Name the tasks on a queue. The worker passes what delivers and what plans; the web only wakes the worker.

    The periodic tasks only look at the outbox or add to it under keys, so two schedulers are harmless.
    """

    @queue.task(name="deliver")  # type: ignore[untyped-decorator]
    def deliver_now() -> None:
        while deliver():
            pass

    @queue.periodic_task(crontab(minute="*"), name="sweep")  # type: ignore[untyped-decorator]
    def sweep() -> None:
        while deliver():
            pass

    @queue.periodic_task(crontab(minute="*/15"), name="plan_day")  # type: ignore[untyped-decorator]
    def plan_day() -> None:
        plan()

    return Tasks(deliver_now, sweep, plan_day)
