"""Granian with the application's modules loaded before its workers part, so that they share the memory these take."""

from __future__ import annotations

import gc

from granian.cli import cli

import lms.app  # noqa: F401 - only loaded here; each worker makes its own application


def main() -> None:
    """Serve what the command line says. Frozen, the shared objects are not written to by the collector's marks."""
    gc.collect()
    gc.freeze()
    cli()


if __name__ == "__main__":
    main()
