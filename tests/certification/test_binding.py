"""Parts of a document bound into one: numbers change, texts and pictures do not."""

from __future__ import annotations

import pytest

from lms.certification.binding import Part, Piece, renumbered


def test_references_get_new_numbers_and_texts_that_look_alike_stay() -> None:
    data = rb"<</P 7 0 R/K [8 0 R 3]/T (see 7 0 R \(8 0 R\))/H <37203020>/W 7>>"

    assert renumbered(data, {7: 70, 8: 800}) == (
        rb"<</P 70 0 R/K [800 0 R 3]/T (see 7 0 R \(8 0 R\))/H <37203020>/W 7>>"
    )


def test_what_stands_in_a_stream_stays() -> None:
    data = b"<</Length 9/R 7 0 R>>\nstream\n7 0 R ET\nendstream"

    assert renumbered(data, {7: 70}) == b"<</Length 9/R 70 0 R>>\nstream\n7 0 R ET\nendstream"


def test_a_reference_to_nothing_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        renumbered(b"<</P 9 0 R>>", {7: 70})


def test_a_part_comes_out_of_the_store_as_it_went_in() -> None:
    part = Part(
        objects=(Piece(4, b"<<\n>>", False), Piece(9, b"<<>>\nstream\n\x00\n\xff\nendstream", True)),
        pages=(9,),
        elements=(4,),
        owners=(b"4 0 R",),
        pages_number=1,
        document_number=5,
    )

    assert Part.from_bytes(part.to_bytes()) == part
