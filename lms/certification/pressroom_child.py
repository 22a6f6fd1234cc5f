"""The process in which a worker draws: orders come on its input, PDFs go to its output, it ends with its input."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import IO

from lms.certification.documents import draw_orders
from lms.certification.press import press
from lms.certification.pressroom import read_frame, write_frame

SECONDS_FOR_ONE = 10
"""A certificate takes a twentieth of a second. One that takes so long never ends, and its process is better ended."""


def main() -> None:
    """Draw until nobody asks any more."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever some library prints goes to the log, not between the replies
    press().warm_up()
    gc.collect()
    gc.freeze()
    serve(sys.stdin.buffer, replies)


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    while True:
        try:
            orders = read_frame(requests)
        except EOFError:
            return
        # The alarm is not caught: it ends the process even inside a C library.
        signal.setitimer(signal.ITIMER_REAL, SECONDS_FOR_ONE * (1 + len(orders)))
        try:
            reply: list[bytes] | str = draw_orders(orders)
        except Exception as error:
            reply = f"{type(error).__name__}: {error}"
        signal.setitimer(signal.ITIMER_REAL, 0)
        write_frame(replies, reply)


if __name__ == "__main__":
    main()
