"""A real worker process for the tests that kill it: `python -m tests.faults.worker DATABASE INSTANCE PIECES`.

It dies, as by a power cut, right after it has done so many pieces of a batch and before it can record the last of them.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from lms import jobs
from lms.app import create_app
from lms.batches import Batch, Piece
from lms.jobs import deliver_due
from lms.reporting import bundle_keeping, bundles
from tests.faults.server import SECRET


def main() -> None:
    database, instance, pieces = sys.argv[1:]
    bundles.VOLUME, bundles.DRAWN = 2, 1
    done = 0

    def dies(batch: Batch, runtime: Any) -> Piece:
        nonlocal done
        piece = bundles.do_piece(batch, runtime)
        done += 1
        if done == int(pieces):
            os.kill(os.getpid(), signal.SIGKILL)
        return piece

    jobs.RUNNERS[bundle_keeping.KIND] = dies
    deliver_due(create_app({"database_url": database, "instance_path": instance, "secret_key": SECRET}))


if __name__ == "__main__":
    main()
