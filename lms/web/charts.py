"""Where the lines, bars and areas of a chart lie: numbers in, coordinates out, for macros/charts.html to draw."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from flask import Flask

from lms.counties import counties

SERIES = 4
"""Colors and marker shapes that can be told apart; more series want several charts."""

LABEL_GAP = 17.0
"""Least distance between the labels at the ends of two lines, in units of the drawing."""

BAND_EDGES = (0.2, 0.4, 0.6, 0.8)
"""Shares at which a county's color changes; five bands."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The paper of a line chart, in units: margins hold the scale, the labels at the ends and the months below."""

    width: float
    height: float
    start: float = 48
    end: float = 16
    above: float = 14
    below: float = 28

    @property
    def inner_width(self) -> float:
        return self.width - self.start - self.end

    @property
    def inner_height(self) -> float:
        return self.height - self.above - self.below


@dataclass(frozen=True, slots=True)
class Line:
    """One series: the path through its points, its markers, and where its name stands."""

    name: str
    index: int
    path: str
    points: tuple[tuple[float, float], ...]
    label_y: float


@dataclass(frozen=True, slots=True)
class LineChart:
    frame: Frame
    rules: tuple[tuple[float, float], ...]
    ticks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a stacked bar, in hundredths of its length."""

    index: int
    name: str
    value: float
    start: float
    width: float


WIDE = Frame(640, 300, end=150)
NARROW = Frame(340, 260, start=44, end=12)


def nice_ceiling(value: float) -> float:
    """The smallest of 1, 2, 2.5, 5 × 10ⁿ times four that is not below the value: a scale with four even steps."""
    if value <= 0:
        return 4.0
    quarter = value / 4
    power = 10.0 ** math.floor(math.log10(quarter))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= quarter * 0.999999)
    return float(max(step, 1.0 if value > 1 else 0.25) * 4)


def line_chart(
    labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]], frame: Frame = WIDE
) -> LineChart:
    """Up to four series over the same labels; None is a gap. Raises ValueError on a fifth series."""
    if len(series) > SERIES:
        raise ValueError(f"a chart shows at most {SERIES} series")
    top = nice_ceiling(max((value for _, values in series for value in values if value is not None), default=0))
    step = frame.inner_width / max(len(labels) - 1, 1)

    def at(position: int, value: float) -> tuple[float, float]:
        height = frame.above + frame.inner_height * (1 - value / top)
        return round(frame.start + position * step, 1), round(height, 1)

    drawn = [[(at(n, value) if value is not None else None) for n, value in enumerate(values)] for _, values in series]
    ends = _spread([_last_height(points, frame) for points in drawn])
    lines = tuple(
        Line(name, index, _path(points), tuple(point for point in points if point is not None), round(ends[index], 1))
        for index, ((name, _), points) in enumerate(zip(series, drawn, strict=True))
    )
    rules = tuple((at(0, top * quarter / 4)[1], top * quarter / 4) for quarter in range(5))
    return LineChart(frame, rules, _ticks(labels, frame, step), lines)


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    parts: list[str] = []
    before: tuple[float, float] | None = None
    for point in points:
        if point is not None:
            parts.append(f"{'M' if before is None else 'L'}{point[0]:g} {point[1]:g}")
        before = point
    return "".join(parts)


def _last_height(points: Sequence[tuple[float, float] | None], frame: Frame) -> float:
    return next((point[1] for point in reversed(points) if point is not None), frame.above + frame.inner_height)


def _spread(heights: list[float]) -> list[float]:
    """The same heights, moved down until no two labels touch."""
    spread = list(heights)
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    for upper, lower in itertools.pairwise(order):
        spread[lower] = max(spread[lower], spread[upper] + LABEL_GAP)
    return spread


def _ticks(labels: Sequence[str], frame: Frame, step: float) -> tuple[tuple[float, str], ...]:
    """As many labels as fit below the chart, the last one always among them."""
    room = max((len(label) for label in labels), default=1) * 7.5 + 8
    every = max(1, math.ceil(room / step)) if step else 1
    last = len(labels) - 1
    return tuple(
        (round(frame.start + position * step, 1), label)
        for position, label in enumerate(labels)
        if (last - position) % every == 0
    )


def bar_length(value: float, most: float) -> float:
    """Length in hundredths of the longest; what is more than nothing can be seen."""
    if value <= 0 or most <= 0:
        return 0.0
    return max(round(value * 100 / most, 2), 0.5)


def segments(names: Sequence[str], values: Sequence[float], most: float) -> list[Segment]:
    """The parts of one stacked bar, one after the other, on a scale where `most` is the full length."""
    parts, start = [], 0.0
    for index, (name, value) in enumerate(zip(names, values, strict=True)):
        width = bar_length(value, most)
        parts.append(Segment(index % SERIES, name, value, round(start, 2), width))
        start += width
    return parts


def spark_points(values: Sequence[float], width: float = 112, height: float = 28) -> list[tuple[float, float]]:
    """A line without a scale, between the least and the most of its own values."""
    least, most = min(values), max(values)
    span = (most - least) or 1
    step = (width - 8) / max(len(values) - 1, 1)
    return [
        (round(4 + n * step, 1), round(height - 4 - (height - 8) * (value - least) / span, 1))
        for n, value in enumerate(values)
    ]


def band_of(share: float | None) -> int | None:
    """0 to 4 for a share between 0 and 1; None where there is no figure."""
    return None if share is None else sum(1 for edge in BAND_EDGES if share >= edge)


@dataclass(frozen=True, slots=True)
class Area:
    fips: str
    name: str
    path: str
    share: float | None


@cache
def county_shapes() -> dict[str, Any]:
    """Outlines of Missouri's counties (us-atlas, ISC; US Census Bureau 2017). Another state brings its own file."""
    content: dict[str, Any] = json.loads(files("lms.web").joinpath("county_shapes.json").read_text("utf-8"))
    return content


def county_map(shares: Mapping[str, float | None]) -> list[tuple[int | None, list[Area]]]:
    """The counties by band, those without a figure first, so that each band is one group of the drawing."""
    names = counties()
    bands: dict[int | None, list[Area]] = {}
    for shape in county_shapes()["counties"]:
        share = shares.get(shape["fips"])
        bands.setdefault(band_of(share), []).append(Area(shape["fips"], names[shape["fips"]], shape["path"], share))
    return sorted(bands.items(), key=lambda item: -1 if item[0] is None else item[0])


def install(app: Flask) -> None:
    """Give the chart macros their geometry."""
    app.jinja_env.globals.update(
        chart_line=line_chart,
        chart_wide=WIDE,
        chart_narrow=NARROW,
        chart_bar_length=bar_length,
        chart_segments=segments,
        chart_spark=spark_points,
        chart_counties=county_map,
        chart_county_box=lambda: " ".join(str(number) for number in county_shapes()["viewBox"]),
    )
