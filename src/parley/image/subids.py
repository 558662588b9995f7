"""Subordinate ids: the files that say which further ids a user may use (subuid(5), subgid(5))."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

FILES = (Path("/etc/subuid"), Path("/etc/subgid"))

NEEDED = 65536  # as many as a file system of Debian's has ids

_FIRST = 100000  # SUB_UID_MIN of login.defs(5)


def user() -> str:
    """The name of this user; the number for one that the user database does not know."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())


def _ranges(path: Path) -> list[tuple[str, int, int]]:
    """Owner, first id and count of each line that makes sense."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    fields = [line.split(":") for line in lines]
    return [
        (owner, int(first), int(count))
        for owner, first, count in (row for row in fields if len(row) == 3)  # noqa: PLR2004 -- subuid(5)
        if first.isdigit() and count.isdigit()
    ]


def enough() -> bool:
    """Whether this user has a range that is large enough in both files."""
    owners = {user(), str(os.geteuid())}
    return all(
        any(owner in owners and count >= NEEDED for owner, _, count in _ranges(path)) for path in FILES
    )


def free_range() -> tuple[int, int]:
    """First and last id of a range that nobody has yet."""
    taken = [first + count for path in FILES for _, first, count in _ranges(path)]
    first = max([_FIRST, *taken])
    return first, first + NEEDED - 1
