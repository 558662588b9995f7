"""Locks between processes: they end with the process that holds them, however it ends (flock(2))."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Busy(Exception):  # noqa: N818 -- an answer, not an error
    """Somebody else holds the lock."""


@contextmanager
def locked(
    path: Path, *, shared: bool = False, wait: bool = True, on_wait: Callable[[], None] | None = None
) -> Iterator[None]:
    """Hold the lock at `path`, which is made when missing.

    `on_wait` is called once if somebody else holds it. Raises Busy if so and `wait` is False, and
    OSError if there is no such file and none can be made.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    descriptor = _open(path)
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise Busy(path) from None
            if on_wait is not None:
                on_wait()
            fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # a cache of root's may be locked by its users
    except FileNotFoundError:
        return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
