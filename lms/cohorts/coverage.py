"""When a seat was certified, as spans of time, by who sat in it and what each of them held: values in, value out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

NEVER = datetime.max.replace(tzinfo=UTC)
"""Stands for "does not end", so that ends can be compared."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """A person's time in a seat (None: waiting for one). `left_at` None: still there."""

    user_id: int
    seat_id: int | None
    joined_at: datetime
    left_at: datetime | None = None
    is_alternate: bool = False


@dataclass(frozen=True, slots=True)
class Holding:
    """A certificate of a course: from when and until when (None: for good). A revoked one ends when it was revoked."""

    course: str
    valid_from: datetime
    ends_at: datetime | None


Holdings = Mapping[int, Sequence[Holding]]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From a moment until, and without, another."""

    start: datetime
    end: datetime


def seat_spans(seat_id: int, courses: Sequence[str], sittings: Iterable[Sitting], holdings: Holdings) -> list[Span]:
    """When somebody in the seat, its member or its alternate, held every course: in order, touching spans joined."""
    found: list[Span] = []
    for one in sittings:
        if one.seat_id != seat_id:
            continue
        time = [Span(one.joined_at, one.left_at or NEVER)]
        for course in courses:
            held = [
                Span(holding.valid_from, holding.ends_at or NEVER)
                for holding in holdings.get(one.user_id, ())
                if holding.course == course
            ]
            time = _common(time, _joined(held))
        found += time
    return _joined(found)


def gaps(spans: Sequence[Span], since: datetime) -> list[Span]:
    """What the spans leave open from a moment on; the last one may never end."""
    found, at = [], since
    for span in spans:
        if span.start > at:
            found.append(Span(at, span.start))
        at = max(at, span.end)
    if at < NEVER:
        found.append(Span(at, NEVER))
    return found


def _joined(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for span in sorted(one for one in spans if one.start < one.end):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _common(ones: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    shared = (Span(max(one.start, other.start), min(one.end, other.end)) for one in ones for other in others)
    return [span for span in shared if span.start < span.end]
