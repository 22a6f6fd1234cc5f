"""Where lines, bars and areas lie."""

from __future__ import annotations

import re
from itertools import pairwise

import brotli
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from lms.counties import counties
from lms.web.charts import WIDE, band_of, bar_length, county_map, county_shapes, line_chart, nice_ceiling, segments

KIB = 1024


@pytest.mark.parametrize(
    ("value", "top"), [(0, 4), (0.7, 1), (1, 1), (3, 4), (7, 8), (870, 1000), (1145, 2000), (11482, 20000)]
)
def test_a_scale_has_four_even_steps_up_to_a_round_number(value: float, top: float) -> None:
    assert nice_ceiling(value) == top


@given(st.floats(min_value=0.01, max_value=1e9))
def test_a_scale_always_reaches_the_highest_value_and_never_wastes_most_of_the_paper(value: float) -> None:
    assert value <= nice_ceiling(value) * 1.000001
    assert nice_ceiling(value) <= max(value * 2.6, 4)


def test_the_highest_value_stands_highest_and_everything_stays_on_the_paper() -> None:
    chart = line_chart(["a", "b", "c"], [("One", [0, 50, 100]), ("Two", [10, 10, 10])])

    heights = [y for _, y in chart.lines[0].points]
    assert heights == sorted(heights, reverse=True)
    for line in chart.lines:
        for x, y in line.points:
            assert WIDE.start <= x <= WIDE.width - WIDE.end
            assert WIDE.above <= y <= WIDE.height - WIDE.below


def test_a_missing_value_is_a_gap_not_a_zero() -> None:
    chart = line_chart(["a", "b", "c"], [("One", [1, None, 3])])

    assert chart.lines[0].path.count("M") == 2
    assert len(chart.lines[0].points) == 2


def test_names_at_the_ends_never_lie_on_each_other() -> None:
    chart = line_chart(["a", "b"], [(name, [1, 100]) for name in "wxyz"])

    heights = sorted(line.label_y for line in chart.lines)
    assert all(lower - upper >= 17 for upper, lower in pairwise(heights))


def test_a_fifth_series_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 4"):
        line_chart(["a"], [(name, [1]) for name in "vwxyz"])


def test_an_empty_chart_can_be_drawn() -> None:
    assert line_chart([], []).lines == ()


def test_the_parts_of_a_bar_follow_each_other() -> None:
    parts = segments(["Filled", "Open"], [3, 1], 4)

    assert [(part.start, part.width) for part in parts] == [(0, 75), (75, 25)]


def test_what_is_more_than_nothing_can_be_seen() -> None:
    assert bar_length(1, 1_000_000) == 0.5
    assert bar_length(0, 10) == 0


@pytest.mark.parametrize(("share", "band"), [(None, None), (0, 0), (0.199, 0), (0.2, 1), (0.8, 4), (1, 4)])
def test_a_share_falls_into_one_of_five_bands(share: float | None, band: int | None) -> None:
    assert band_of(share) == band


def test_every_county_of_the_state_is_on_the_map_once_by_a_name_of_its_own() -> None:
    drawn = {area.fips: area.name for _, areas in county_map({}) for area in areas}

    assert drawn == counties()
    assert len(county_shapes()["counties"]) == len(set(drawn.values())) == 115


@pytest.mark.sqlite_only
def test_each_drawing_weighs_at_most_12_kb_and_says_what_it_is(client: FlaskClient) -> None:
    page = client.get("/styleguide").text

    drawings = re.findall(r'<svg class="chart.*?</svg>', page, re.DOTALL)
    assert len(drawings) >= 4
    for drawing in drawings:
        assert 'role="img"' in drawing
        assert 'aria-label="' in drawing
        assert len(brotli.compress(drawing.encode(), quality=5)) <= 12 * KIB
