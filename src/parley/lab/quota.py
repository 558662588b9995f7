"""Guests may not fill the machine's disk through their share, neither with bytes nor with files."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from parley.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

# A long case leaves some thousand files, and some megabytes where nothing crashed.
FILES_LIMIT = 50_000
BYTES_LIMIT = 4 * 1024**3
# A guest makes about ten thousand files in a second, and writes some hundred megabytes.
_INTERVAL = 1.0
_BLOCK = 512


class Quota:
    """Looks at a share every second while it is entered; `stop` is called once if it grew too big.

    On leaving, a LabError says so then, whatever else went wrong because of it.
    """

    def __init__(
        self,
        share: Path,
        stop: Callable[[], None],
        *,
        files: int = FILES_LIMIT,
        size: int = BYTES_LIMIT,
        interval: float = _INTERVAL,
    ) -> None:
        self._share = share
        self._stop = stop
        self._files, self._size, self._interval = files, size, interval
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="quota", daemon=True)
        self._complaint = ""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._complaint and (error is None or isinstance(error, LabError)):
            raise LabError(self._complaint) from error

    def _watch(self) -> None:
        while not self._over.wait(self._interval):
            if excess := find_excess(self._share, files=self._files, size=self._size):
                self._complaint = f"the guests were stopped: {excess} in {self._share}"
                self._stop()
                return


def find_excess(directory: Path, *, files: int = FILES_LIMIT, size: int = BYTES_LIMIT) -> str:
    """What there is too much of below a directory; empty if nothing. Links are not followed."""
    count = used = 0
    waiting = [os.fspath(directory)]
    while waiting:
        # Guests remove directories while they are looked at.
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                count += 1
                with suppress(OSError):
                    used += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                if count > files:
                    return f"more than {files} files"
                if used > size:
                    return f"more than {size // 1024**2} MiB"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
    return ""
