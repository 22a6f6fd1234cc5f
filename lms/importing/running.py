"""The kinds of long work of an import, for the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lms.batches import Batch, Piece
from lms.importing.applying import apply_piece
from lms.importing.asking import APPLY, CHECK, UNDO
from lms.importing.checking import check_piece
from lms.importing.undoing import undo_piece

Step = Callable[[int, Mapping[str, Any], Any, int | None], Piece]


def _runner(step: Step) -> Callable[[Batch, Any], Piece]:
    return lambda batch, runtime: step(int(batch.params["import_id"]), batch.cursor, runtime, batch.id)


RUNNERS = {CHECK: _runner(check_piece), APPLY: _runner(apply_piece), UNDO: _runner(undo_piece)}


def run_to_end(step: Step, import_id: int, runtime: Any) -> list[tuple[str, str]]:
    """All pieces at once, for the command line; what was not done, with the reasons."""
    cursor: Mapping[str, Any] = {}
    problems: list[tuple[str, str]] = []
    while True:
        piece = step(import_id, cursor, runtime, None)
        cursor = piece.cursor
        problems += piece.problems
        if piece.is_last:
            return problems
