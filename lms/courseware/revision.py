"""A course as it was at another revision of its Git repository, for `lms check --against REV`."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lms.errors import Invalid

_SECONDS = 60


def files_at(folder: Path, revision: str) -> dict[str, bytes]:
    """Every file of a course's folder by its path, as it was; empty where the folder was not there yet.

    Raises `Invalid` where the folder is in no repository or the revision is unknown.
    """
    if revision.startswith("-"):
        raise Invalid("A revision is a branch, a tag or a commit, such as origin/main.")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    listing = _git(folder, "ls-tree", "-r", "-z", commit, "--", ".")
    files: dict[str, bytes] = {}
    for entry in filter(None, listing.split(b"\0")):
        facts, _, name = entry.partition(b"\t")
        mode, kind, blob = facts.decode().split()
        path = name.decode(errors="surrogateescape")
        is_hidden = any(part.startswith(".") for part in path.split("/"))
        if kind == "blob" and mode != "120000" and not is_hidden:
            files[path] = _git(folder, "cat-file", "blob", blob)
    return files


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        run = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Invalid(f"Git did not answer: {error}.") from error
    if run.returncode:
        raise Invalid(f"Git does not know this revision of {folder.name}; give a branch, a tag or a commit.")
    return run.stdout
