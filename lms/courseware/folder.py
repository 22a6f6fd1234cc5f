"""A course's folder on a disk, read once: every file by its path, or one sentence on why that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

from lms.errors import Invalid


def load_folder(folder: Path) -> dict[str, bytes]:
    """Every file of a course's folder by its path; leaves out dot files.

    Raises Invalid, with a sentence, for a link out of the folder and for what cannot be read.
    """
    if not folder.is_dir():
        raise Invalid(f"There is no folder {folder}.")
    root = folder.resolve()
    files: dict[str, bytes] = {}
    for path in _paths(folder):
        relative = path.relative_to(folder).as_posix()
        if not _is_inside(path, root):
            raise Invalid(f"{relative} is a link that leads out of the course's folder; copy the file in its place.")
        if path.is_file():
            files[relative] = _content(path, relative)
    return files


def load_file(file: Path) -> bytes:
    """One file beside the courses; raises Invalid as `load_folder` does."""
    if not _is_inside(file, file.parent.resolve()):
        raise Invalid(f"{file.name} is a link that leads out of its folder; copy the file in its place.")
    return _content(file, file.name)


def _paths(folder: Path) -> list[Path]:
    """Files and folders, in order; those whose name begins with a dot are somebody else's (an editor's, Git's)."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in [*folders, *names] if not name.startswith(".")]
    return sorted(found)


def _refuse(error: OSError) -> None:
    raise Invalid(f"{error.filename} cannot be read: {_reason(error)}.")


def _is_inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # RuntimeError: links that lead round in a circle (Python 3.11, 3.12)
        return False


def _content(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"{name} cannot be read: {_reason(error)}.") from None


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
