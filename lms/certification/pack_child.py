"""The process that draws in an agency's own design: what is asked and the zip come in, a PDF or reasons go out."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Sequence

from lms.certification.examining import unframed
from lms.certification.facts import CertificateFacts
from lms.certification.pack_drawing import LONGEST_SECONDS, MOST_REASONS, REFUSED_STATUS
from lms.certification.pack_sheets import DesignRefused, draw_pack
from lms.certification.packs import read_pack
from lms.certification.press import Attached
from lms.errors import Invalid, Sentence

MOST_MEMORY = 2 << 30
MOST_FILE = 32 << 20
"""Fonts are written to the disk before they are read."""


def main() -> None:
    # The system ends this process at these limits, whatever the design makes a library do.
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_SECONDS, LONGEST_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILE, MOST_FILE))
    order, content, *files = unframed(sys.stdin.buffer.read())
    asked = json.loads(order)
    attachments = [
        Attached(name, description, file) for (name, description), file in zip(asked["carried"], files, strict=True)
    ]
    pdf = b""
    try:
        pack = read_pack(content)
        for stored in asked["many"]:
            pdf = draw_pack(CertificateFacts.from_json(stored), pack, attachments, is_lint=asked["is_lint"])
    except DesignRefused as problem:
        refuse(problem.reasons)
    except Invalid as problem:
        refuse([Sentence(problem.message, problem.values)])
    sys.stdout.buffer.write(pdf)


def refuse(reasons: Sequence[Sentence]) -> None:
    """Tell the reasons, as sentences that are translated where they are shown, and end."""
    sys.stdout.buffer.write(json.dumps([one.to_json() for one in reasons[:MOST_REASONS]]).encode())
    sys.exit(REFUSED_STATUS)


if __name__ == "__main__":
    main()
