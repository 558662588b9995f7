"""The files that lie with a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

# Scripts of Libreswan's leave files here for one another, and its own tools their results.
OUTPUT = "OUTPUT"
_RESULTS = {OUTPUT, "NS"}


def files_below(directory: Path) -> list[Path]:
    """All files below a directory, but what earlier runs left there; a link is what it points to."""
    if not directory.is_dir():
        return []
    found = []
    for path in directory.iterdir():
        if path.is_file():
            found.append(path)
        # A link might lead back up.
        elif not path.is_symlink() and path.name not in _RESULTS:
            found += files_below(path)
    return found


def read_file(path: Path) -> bytes:
    """What is in a file. Raises InputError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(path, 0, f"cannot be read: {error.strerror}") from error
