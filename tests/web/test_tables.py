"""Tables on a telephone: what is ticked or pressed in a row is never cut off, and each cell says its column."""

from __future__ import annotations

import re
from pathlib import Path

from lms.web.tables import UNLABELLED, with_labels

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
TABLE = re.compile(r"call ui\.data_table\((.*?)\) %\}")
COLUMNS = [("tick", "Choose"), ("name", "Name"), ("day", "Day & time"), ("act", "Change")]


def test_a_table_with_something_to_tick_or_press_stacks_on_a_telephone() -> None:
    tables = [
        (file.relative_to(TEMPLATES).as_posix(), words)
        for file in sorted(TEMPLATES.rglob("*.html"))
        for words in TABLE.findall(file.read_text(encoding="utf-8"))
    ]
    pressed = [(name, words) for name, words in tables if any(f'("{key}", _(' in words for key in UNLABELLED)]

    cut = [name for name, words in pressed if "stacks=True" not in words]

    assert len(pressed) > 10
    assert not cut, f"add stacks=True to the tables of {cut}"


def test_each_cell_says_its_column_but_the_heading_of_the_row() -> None:
    row = '<tr><td><input></td>\n<th scope="row">Ann</th><td class="num">9</td><td><a href="/x">Change</a></td></tr>'

    rows = with_labels(row + row, COLUMNS)

    assert rows.count('<td data-label="Day &amp; time" class="num">9</td>') == 2
    assert rows.count("data-label") == 2


def test_a_cell_over_several_columns_counts_for_all_of_them() -> None:
    rows = with_labels('<tr><td colspan="2">both</td><td>noon</td></tr>', COLUMNS)

    assert '<td data-label="Day &amp; time">noon</td>' in rows


def test_a_label_of_its_own_stays() -> None:
    rows = with_labels('<tr><td></td><th>Ann</th><td data-label="Since">noon</td></tr>', COLUMNS)

    assert '<td data-label="Since">noon</td>' in rows


def test_a_number_that_heads_its_row_says_what_it_counts() -> None:
    rows = with_labels('<tr><th scope="row" class="num">7</th><td>Ann</td></tr>', [("line", "Line"), ("name", "Name")])

    assert '<th data-label="Line" scope="row" class="num">7</th>' in rows
