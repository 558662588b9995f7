"""Directory trees: size, freezing, removal."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 512  # st_blocks counts in these, whatever the file system (stat(2))


def _walk(root: Path) -> Iterator[Path]:
    """Every file and directory below `root`, the deepest first, then `root`."""
    for directory, _, names in os.walk(root, topdown=False):
        for name in names:
            yield Path(directory, name)
        yield Path(directory)


def disk_usage(root: Path) -> int:
    """Bytes that `root` takes on disk; less than its files' lengths where they have holes."""
    total = 0
    for path in _walk(root):
        with suppress(FileNotFoundError):
            total += path.lstat().st_blocks * _BLOCK
    return total


def freeze(root: Path) -> None:
    """Make all files below `root` readable by all and writable by none, and put them on disk.

    Directories stay writable by their owner, so that `rm -rf` of a cache works as everybody expects.
    """
    for path in _walk(root):
        if path.is_symlink():
            continue
        executable = path.stat().st_mode & 0o100
        path.chmod(0o755 if path.is_dir() else 0o555 if executable else 0o444)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_tree(root: Path) -> None:
    """Remove a tree, whatever the modes of its directories; one that is gone is fine."""
    for path in _walk(root):
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):
                path.chmod(0o755)
    with suppress(FileNotFoundError):
        try:
            shutil.rmtree(root)
        except RecursionError:
            # A guest can nest directories deeper than Python's stack; rm(1) does not care.
            subprocess.run(["rm", "-rf", "--", root], check=True)
