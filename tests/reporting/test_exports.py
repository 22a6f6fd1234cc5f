"""Files that a spreadsheet opens and never runs (fault 38), in pieces that stay small."""

from __future__ import annotations

import csv
import io

import pytest

from lms.reporting.exports import csv_chunks


def read_back(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_neutral(start: str) -> None:
    rows = read_back(b"".join(csv_chunks(["Name"], [[f"{start}cmd|' /C calc'!A0"]])))

    assert rows[1][0] == f"'{start}cmd|' /C calc'!A0"


def test_numbers_and_names_stay_as_they_are() -> None:
    rows = read_back(b"".join(csv_chunks(["Name", "n"], [['Peña, Ana "Nan"', 5], ["O'Neil", None]])))

    assert rows[1:] == [['Peña, Ana "Nan"', "5"], ["O'Neil", ""]]


def test_the_head_is_sent_before_the_first_row_is_read() -> None:
    read: list[int] = []

    def rows() -> object:
        for number in range(1000):
            read.append(number)
            yield [number]

    chunks = csv_chunks(["n"], rows())  # type: ignore[arg-type]

    assert next(chunks) == "\ufeffn\r\n".encode()
    assert read == []
    next(chunks)
    assert len(read) == 200
