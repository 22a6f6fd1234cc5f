"""Drawing an agency's own design in a process of its own, so that nothing in it can stop or read anything of ours."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lms.certification.examining import framed, without_secrets
from lms.certification.facts import CertificateFacts
from lms.errors import N_, Invalid, Sentence, Sentences

if TYPE_CHECKING:
    from lms.certification.press import Attached

log = logging.getLogger("lms.certification.pack_drawing")

CHILD = (sys.executable, "-m", "lms.certification.pack_child")

LONGEST_SECONDS = 20
"""Of a processor; on the clock a machine with much to do may take three times as long."""

LONGEST_WAIT_SECONDS = 3 * LONGEST_SECONDS
REFUSED_STATUS = 3
"""How the process ends where it has reasons to tell."""

MOST_REASONS = 20
"""More than anybody mends at once."""

TOO_LONG = N_("The design takes too long or too much memory to draw.")


def draw_in_child(facts: CertificateFacts, pack: bytes, attachments: Sequence[Attached] = ()) -> bytes:
    """The unsigned PDF of a certificate in an agency's own design. Takes a few seconds.

    Raises Invalid with the reasons where it cannot be drawn.
    """
    return _asked([facts], pack, attachments, is_lint=False)


def lint_in_child(samples: Sequence[CertificateFacts], pack: bytes) -> None:
    """Draw samples in a design that somebody wants to use. Takes a few seconds.

    Raises Invalid with the reasons where one cannot be drawn, or lacks what a certificate must say.
    """
    _asked(samples, pack, (), is_lint=True)


def _asked(many: Sequence[CertificateFacts], pack: bytes, attachments: Sequence[Attached], *, is_lint: bool) -> bytes:
    order = {
        "many": [facts.to_json() for facts in many],
        "is_lint": is_lint,
        "carried": [[one.name, one.description] for one in attachments],
    }
    parts = [json.dumps(order).encode(), pack, *(one.content for one in attachments)]
    try:
        with TemporaryDirectory() as folder:  # a process that is ended leaves its fonts there
            run = subprocess.run(
                CHILD,
                input=framed(parts),
                capture_output=True,
                timeout=LONGEST_WAIT_SECONDS,
                check=False,
                env={**without_secrets(), "TMPDIR": folder},
            )
    except subprocess.TimeoutExpired:
        raise Invalid(TOO_LONG, field="pack") from None
    if run.returncode == REFUSED_STATUS:
        reasons = Sentences(Sentence.from_json(one) for one in json.loads(run.stdout))
        raise Invalid(N_("The design is refused: %(reasons)s"), field="pack", reasons=reasons)
    if run.returncode != 0 or not run.stdout.startswith(b"%PDF-"):
        log.warning("a design cannot be drawn: %s", run.stderr.decode(errors="replace")[-500:])
        raise Invalid(TOO_LONG, field="pack")
    return run.stdout
