"""The process that examines one strange file: roots and file come on its input, what was found goes to its output."""

from __future__ import annotations

import json
import resource
import sys

from lms.certification.examining import LONGEST_SECONDS, unframed
from lms.certification.signatures import examine

MOST_MEMORY = 1 << 30


def main() -> None:
    # The system ends this process at these limits, whatever the file makes a library do.
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_SECONDS, LONGEST_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    *roots, content = unframed(sys.stdin.buffer.read())
    found = json.dumps(examine(content, roots).to_json())
    sys.stdout.write(found)


if __name__ == "__main__":
    main()
