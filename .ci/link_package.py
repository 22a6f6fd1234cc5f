"""Makes the checkout importable in its virtual environment, with the `lms` command, without building a wheel."""

import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """#!{python}
import sys

from lms.cli import main

if __name__ == "__main__":
    sys.exit(main())
"""


def link() -> None:
    """Write a .pth file for the checkout and the console script."""
    (Path(sysconfig.get_path("purelib")) / "crosstrain.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    script = Path(sysconfig.get_path("scripts")) / "lms"
    script.write_text(SCRIPT.format(python=sys.executable), encoding="utf-8")
    script.chmod(0o755)


link()
