"""What SQLite and PostgreSQL write differently: so many days later, the latest of some, a last day, what lies below."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, Integer, cast, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

EARLIEST = date(1, 1, 1)
"""Stands for "no such day" where the latest of some days is looked for."""


class days_after(FunctionElement[date]):
    """`days_after(day, number)`: the day so many days later."""

    type = Date()
    inherit_cache = True
    name = "days_after"


@compiles(days_after, "postgresql")
def _days_after_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    day, number = element.clauses
    return f"({compiler.process(day, **options)} + {compiler.process(cast(number, Integer), **options)})"


@compiles(days_after, "sqlite")
def _days_after_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    day, number = element.clauses
    return f"date({compiler.process(day, **options)}, {compiler.process(number, **options)} || ' days')"


class latest(FunctionElement[date]):
    """The latest of some days, none of which is null."""

    type = Date()
    inherit_cache = True
    name = "latest"


@compiles(latest, "postgresql")
def _latest_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"greatest({compiler.process(element.clauses, **options)})"


@compiles(latest, "sqlite")
def _latest_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"max({compiler.process(element.clauses, **options)})"


class last_day(FunctionElement[date]):
    """`last_day(moment, zone)`: the last day in a zone on which something still counted that ends at a moment and
    excludes it; as `certification.validity.last_day_of`."""

    type = Date()
    inherit_cache = True
    name = "last_day"


@compiles(last_day, "postgresql")
def _last_day_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    ends_at, zone = (compiler.process(one, **options) for one in element.clauses)
    return f"CAST(({ends_at} - interval '1 microsecond') AT TIME ZONE {zone} AS DATE)"


@compiles(last_day, "sqlite")
def _last_day_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"lms_last_day({compiler.process(element.clauses, **options)})"


class is_below(FunctionElement[bool]):
    """`is_below(path, prefix)`: the agency at a path is the one at another, or below it.

    Of a function PostgreSQL expects a third of the rows, of an equation one in two hundred: with that it would take the
    whole state for one person, and look at everybody again for each of them.
    """

    type = Boolean()
    inherit_cache = True
    name = "is_below"


@compiles(is_below, "postgresql")
def _is_below_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"starts_with({compiler.process(element.clauses, **options)})"


@compiles(is_below, "sqlite")
def _is_below_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    path, prefix = (compiler.process(one, **options) for one in element.clauses)
    return f"(substr({path}, 1, length({prefix})) = {prefix})"


def or_earliest(day: Any) -> Any:
    """The day, or one that is earlier than all where there is none."""
    return func.coalesce(day, EARLIEST, type_=Date())
